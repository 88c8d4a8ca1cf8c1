"""A copy of the database while it is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from engage.errors import Outside, Refused
from engage.wording import sentence

#: Pages copied at a time; writers get in between.
_PAGES = 2_000
#: Where a backup says it lies: wherever it is opened, it is not at home, so that nothing goes out of it unasked.
AWAY = "backup"


def backup(engine: Engine, target: Path) -> int:
    """Copy a SQLite database into a new file, whole or not at all; return its size in bytes.

    Raises Refused for PostgreSQL, which has its own tool, and where the file is there already.
    """
    if engine.dialect.name != "sqlite":
        raise Refused(sentence("PostgreSQL is backed up by its own tool: pg_dump --format=custom"))
    if target.exists():
        raise Refused(sentence("{file} is there already; name another file", file=target))
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(str(engine.url.database))) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy, pages=_PAGES, sleep=0.001)
            _send_away(copy)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise Outside(sentence("{file} cannot be written: {why}", file=target, why=error)) from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _send_away(copy: sqlite3.Connection) -> None:
    """Let a copy know that it is one; a schema too old to know needs no telling, for it is upgraded first."""
    if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'homes'").fetchone() is not None:
        copy.execute("UPDATE homes SET place = ?", (AWAY,))
        copy.commit()
