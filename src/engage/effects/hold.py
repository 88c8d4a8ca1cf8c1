"""The hold: nothing goes out of a database that was restored or copied until somebody has looked and lets it go.

The original may have sent what the copy still has queued, and it may still run.
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, literal_column, select, update
from sqlalchemy.exc import DBAPIError

from engage.accounts import audit
from engage.clock import monotonic
from engage.effects.home import LEAP, Home, mark_file, move_on, place, read_home, read_mark, remember, settle
from engage.effects.numbers import leap_ahead
from engage.effects.post import Delivered
from engage.effects.queued import queued_ids
from engage.effects.stale import Stale, drop_stale
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.backup import AWAY
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading

#: While a delivery lasts the mark moves on after so many seconds.
_SECONDS = 1.0


def notice(engine: Engine, workspace: Path, now: datetime) -> None:
    """Begin a hold where the database is not where it was, or not as far as it had come.

    What is queued from then on bears numbers that nothing bore which the original, or a lost time, has sent.
    """
    with reading(engine).begin() as connection:
        why = None if _is_held(connection) else _strange(engine, connection, workspace)
    if why is None:
        return
    with engine.begin() as connection:
        if not _is_held(connection):
            connection.execute(insert(t.holds).values(held_at=now, held_by=_whoever(), why=why))
            leap_ahead(connection)


def _strange(engine: Engine, connection: Connection, workspace: Path) -> str | None:
    """Return why the database is taken for a copy or an older state, if it is."""
    home, here = read_home(connection), place(connection)
    if home is None or here is None:
        return None
    if home.place == AWAY:
        return "backup"
    if home.place != here:
        return "copied"
    return _behind(engine, home, workspace)


def _behind(engine: Engine, home: Home, workspace: Path) -> str | None:
    file = mark_file(engine, workspace, home)
    known = None if file is None else read_mark(file, home)
    if known is not None:
        return "older" if known > home.mark else None
    return "unmarked" if file is not None and home.mark and engine.dialect.name == "sqlite" else None


def _is_held(connection: Connection) -> bool:
    return connection.scalar(select(t.holds.c.id).where(t.holds.c.released_at.is_(None)).limit(1)) is not None


def release(engine: Engine, workspace: Path, now: datetime, stale_before: datetime | None = None) -> Stale:
    """End the hold: the database lives where it lies. Give up what was queued before a moment; return how much.

    Raises Outside where the file beside a SQLite database cannot be written.
    """
    h = t.holds
    with engine.begin() as connection:
        dropped = Stale() if stale_before is None else drop_stale(connection, stale_before, now)
        settle(connection, LEAP)
        leap_ahead(connection)
        values = {"released_at": now, "released_by": _whoever(), "dropped": sum(astuple(dropped))}
        connection.execute(update(h).where(h.c.released_at.is_(None)).values(values))
        audit.note(connection, audit.command_line(), "mail_released", "hold", now, asdict(dropped))
        home = read_home(connection)
    if home is not None:
        remember(engine, workspace, home)
    return dropped


@contextmanager
def marked(engine: Engine, workspace: Path, now: datetime) -> Iterator[Callable[[Delivered], None]]:
    """Move the mark on before anything leaves, while it does, and when all has left.

    Give a function that is to be told of progress.
    """
    moved_at: float | None = None

    def moves() -> None:
        nonlocal moved_at
        move_on(engine, workspace)
        moved_at = monotonic()

    def told(done: Delivered) -> None:  # noqa: ARG001
        if moved_at is None or monotonic() - moved_at >= _SECONDS:
            moves()

    if _something_waits(engine, now):
        moves()
    try:
        yield told
    finally:
        if moved_at is not None:
            # What has left, has left: a database that went away in the meantime is told of elsewhere.
            with suppress(DBAPIError, Outside):
                moves()


def _something_waits(engine: Engine, now: datetime) -> bool:
    c, k = t.calls, t.call_contents
    with reading(engine).begin() as connection:
        if any(queued_ids(connection, table, 0, 1, now, claim=False) for table in (t.messages, t.notifications)):
            return True
        queued = c.c.status == literal_column(str(int(MessageStatus.QUEUED)))
        action = select(c.c.id).join(k, k.c.id == c.c.content_id).where(queued, k.c.kind == "action")
        return connection.scalar(action.limit(1)) is not None


def _whoever() -> str:
    """Return who does this, as the machine knows them."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "?"
    return f"{user}@{socket.gethostname()}"
