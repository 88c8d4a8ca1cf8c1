"""Where the database lives and how far it has come: by that, a copy or an older state of it is known.

The database keeps the place where it lies and a mark that grows with each delivery. A file outside it remembers the
mark: beside the file of a SQLite database, in the workspace for PostgreSQL, where it may be missing.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import NotSupportedError, ProgrammingError

from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.connect import reading
from engage.sql.interning import upsert
from engage.wording import sentence

_NAME = "home"
#: A release leaps so far ahead: past every mark that any machine remembers.
LEAP = 1 << 40
_LINE = re.compile(r"([0-9a-f]{16}) ([0-9]{1,19})\n")
_MACHINE = Path("/etc/machine-id")
#: The server's own number, its history (another one after a restore to a point in time), the database and a table:
#: what is dumped and restored has another table, whatever its name.
_SERVER = """
    SELECT (SELECT system_identifier FROM pg_control_system()),
           CASE WHEN pg_is_in_recovery() THEN NULL ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
           (SELECT oid FROM pg_database WHERE datname = current_database()),
           'homes'::regclass::oid
"""
#: The same on servers that do not tell all of it.
_SERVER_ROUGHLY = "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()), 'homes'::regclass::oid"


@dataclass(frozen=True, slots=True)
class Home:
    """What a database knows of itself."""

    id: str
    place: str
    mark: int

    @property
    def sign(self) -> str:
        """A few letters and digits that tell the mails of this database from those of others."""
        return self.id[:8]


def make_home(engine: Engine) -> None:
    """Let a database know where it lives, if it does not yet, or was copied before anybody was in it.

    The latter come with a machine's image, made when that was built; each of them begins anew.
    """
    with reading(engine).begin() as connection:
        home, here = read_home(connection), place(connection)
        if here is None or (home is not None and (home.place == here or _knows_somebody(connection))):
            return
    with engine.begin() as connection:
        row = {"name": _NAME, "id": token_hex(8), "place": here, "mark": 0}
        if home is not None:
            connection.execute(update(t.homes).where(t.homes.c.name == _NAME).values(row))
            return
        connection.execute(upsert(connection.dialect.name, t.homes).values(row).on_conflict_do_nothing())  # type: ignore[attr-defined]


def _knows_somebody(connection: Connection) -> bool:
    return connection.scalar(select(t.standings.c.prospect_id).limit(1)) is not None


def read_home(connection: Connection) -> Home | None:
    """Return what the database knows of itself; None where it was never opened by a command."""
    h = t.homes.c
    row = connection.execute(select(h.id, h.place, h.mark).where(h.name == _NAME)).one_or_none()
    return None if row is None else Home(*row)


def settle(connection: Connection, leap: int) -> None:
    """Let the database live where it lies now, its mark moved ahead."""
    h = t.homes
    values = {"place": place(connection), "mark": h.c.mark + leap}
    connection.execute(update(h).where(h.c.name == _NAME).values(values))


def move_on(engine: Engine, workspace: Path) -> None:
    """Move the mark, in the database and outside: a copy made before is older from now on.

    Raises Outside where the file beside a SQLite database cannot be written.
    """
    h = t.homes
    with engine.begin() as connection:
        moved = update(h).where(h.c.name == _NAME).values(mark=h.c.mark + 1).returning(h.c.id, h.c.place, h.c.mark)
        row = connection.execute(moved).one_or_none()
    if row is not None:
        remember(engine, workspace, Home(*row))


def remember(engine: Engine, workspace: Path, home: Home) -> None:
    """Write the mark into the file outside the database; it never goes back."""
    file = mark_file(engine, workspace, home)
    known = None if file is None else read_mark(file, home)
    if file is None or (known is not None and known >= home.mark):
        return
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        part.write_text(f"{home.id} {home.mark}\n", "ascii")
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        # A workspace may be read-only where the database is elsewhere; beside SQLite's own file nothing is.
        if engine.dialect.name == "sqlite":
            raise Outside(sentence("{file} cannot be written: {why}", file=file, why=error)) from error


def mark_file(engine: Engine, workspace: Path, home: Home) -> Path | None:
    """Return the file that remembers the mark; None for a database in memory."""
    if engine.dialect.name != "sqlite":
        return workspace / f".engage-{home.id}.mark"
    return None if _in_memory(engine) else Path(f"{engine.url.database}.mark")


def read_mark(file: Path, home: Home) -> int | None:
    """Return the mark that a file remembers; None where it knows nothing of this database."""
    try:
        found = _LINE.fullmatch(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return int(found[2]) if found is not None and found[1] == home.id else None


def place(connection: Connection) -> str | None:
    """Return where the database lies, so that no copy of it has the same place.

    None for a standby, which only reads: it lies nowhere until it takes over.
    """
    if connection.dialect.name == "sqlite":
        return _file_place(connection.engine)
    try:
        with connection.begin_nested():
            row = connection.execute(text(_SERVER)).one()
    except (NotSupportedError, ProgrammingError):
        row = connection.execute(text(_SERVER_ROUGHLY)).one()
    return None if None in row else " ".join(map(str, row))


def _file_place(engine: Engine) -> str:
    """Return the machine and the file's number on its disk: a moved folder keeps it, a copy has another."""
    if _in_memory(engine):
        return "memory"
    machine = ""
    with suppress(OSError):
        machine = _MACHINE.read_text("ascii", "replace").strip()
    try:
        return f"{machine} {Path(str(engine.url.database)).stat().st_ino}"
    except OSError as error:
        raise Outside(sentence("{file} cannot be used: {why}", file=engine.url.database, why=error)) from error


def _in_memory(engine: Engine) -> bool:
    return engine.url.database in (None, "", ":memory:")
