"""The audit log: who did what, when. The database refuses to change it; a chain of digests shows what was changed."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, text

from engage.accounts.deeds import DEEDS
from engage.clock import micros
from engage.sql import tables as t
from engage.sql.packing import is_postgres

#: How a digest is made; another way gets another number.
CHAIN = 1
#: PostgreSQL: who appends waits for who appended before.
_LOCK = 7_103_301
#: Lines read at a time, so that memory stays flat.
_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log."""

    id: int
    at: datetime
    #: ``user:ID``, or ``command:NAME`` with the name of the operating system's user
    who: str
    action: str
    subject: str
    detail: Mapping[str, str]


def note(
    connection: Connection,
    who: str,
    action: str,
    subject: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append a line in the transaction of what it tells; ``detail`` holds nothing secret and nothing about prospects.

    Raises KeyError for a deed that ``engage.accounts.deeds`` does not list.
    """
    if action not in DEEDS:
        raise KeyError(f"{action} is no deed that engage.accounts.deeds lists")
    a = t.audit
    if is_postgres(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = connection.scalar(select(a.c.digest).order_by(a.c.id.desc()).limit(1)) or b""
    told = {name: str(value) for name, value in (detail or {}).items()}
    words = json.dumps(told, ensure_ascii=False, sort_keys=True)
    digest = _digest(bytes(before), now, who, action, subject, words)
    row = {"at": now, "who": who, "action": action, "subject": subject, "detail": words}
    connection.execute(insert(a).values(**row, chain=CHAIN, digest=digest))


def command_line() -> str:
    """Return who acts by a command: the user of the operating system."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"command:{os.getuid()}"


def entries(
    connection: Connection, *, before: int | None = None, limit: int | None = None, subject: str = ""
) -> tuple[Entry, ...]:
    """Return lines, latest first, from before a number on; ``subject`` limits to what concerns one thing."""
    a = t.audit
    chosen = select(a).order_by(a.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(a.c.id < before)
    if subject:
        chosen = chosen.where(a.c.subject == subject)
    return tuple(_entry(row) for row in connection.execute(chosen))


def broken(connection: Connection) -> Iterator[int]:
    """Yield the numbers of lines whose digest is not that of what they say after the line before.

    SQLite gives numbers without gaps, and knows the last that it gave: there a number that is left out counts too, and
    the first that is missing at the end. PostgreSQL skips numbers where a transaction is taken back.
    """
    a, last, number, gapless = t.audit, b"", 0, not is_postgres(connection)
    for row in connection.execute(select(a).order_by(a.c.id).execution_options(yield_per=_LINES)):
        whole = _digest(last, row.at, row.who, row.action, row.subject, row.detail) == bytes(row.digest)
        if not whole or (gapless and row.id != number + 1):
            yield row.id
        last, number = bytes(row.digest), row.id
    if gapless and number < _given(connection):
        yield number + 1


def _given(connection: Connection) -> int:
    """Return the highest number that SQLite ever gave to a line, also to one that is gone."""
    given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return connection.scalar(given, {"name": t.audit.name}) or 0


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(row.id, row.at, row.who, row.action, row.subject, json.loads(row.detail))


def _digest(before: bytes, at: datetime, who: str, action: str, subject: str, detail: str) -> bytes:
    said = json.dumps([micros(at), who, action, subject, detail], ensure_ascii=False)
    return hashlib.sha256(before + said.encode("utf-8", "surrogatepass")).digest()
