"""What has waited for too long to go out, and giving it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    insert,
    literal,
    literal_column,
    select,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.effects.deciding import BY_A_USER
from engage.sql import tables as t
from engage.sql.codes import CHUNK, MessageStatus, TimerKind
from engage.sql.columns import Instant
from engage.sql.packing import pack


@dataclass(frozen=True, slots=True)
class Stale:
    """How much was queued before a moment."""

    messages: int = 0
    notices: int = 0
    calls: int = 0


def count_stale(connection: Connection, before: datetime) -> Stale:
    """Return how much was queued before a moment and has not gone out."""

    def count(table: Table) -> int:
        return connection.scalar(select(func.count()).select_from(table).where(_waits(table, before))) or 0

    return Stale(count(t.messages), count(t.notifications), count(t.calls))


def drop_stale(connection: Connection, before: datetime, now: datetime) -> Stale:
    """Give up what was queued before a moment; return how much. Journeys go on as for cancelled messages."""
    _tell(connection, before, now)

    def drop(table: Table, **values: object) -> int:
        gone = update(table).where(_waits(table, before))
        return connection.execute(gone.values(status=int(MessageStatus.CANCELLED), **values)).rowcount

    return Stale(
        drop(t.messages, reason=BY_A_USER, try_at=None),
        drop(t.notifications, reason=BY_A_USER, try_at=None),
        drop(t.calls, note=BY_A_USER, done_at=now),
    )


def _waits(table: Table, before: datetime) -> ColumnElement[bool]:
    # Written out, not bound: only so does SQLite see that the partial index serves.
    queued = table.c.status == literal_column(str(int(MessageStatus.QUEUED)))
    return and_(queued, table.c.queued_at < before)


def _tell(connection: Connection, before: datetime, now: datetime) -> None:
    """Write the timers by which a tick hears that messages are settled, in chunks."""
    m = t.messages
    at = type_coerce(literal(micros(now), BigInteger()), Instant)
    packed = pack(connection.dialect.name, m.c.id)
    settled = (
        select(literal(int(TimerKind.SETTLED)), at, func.count(), packed)
        .where(_waits(m, before))
        .group_by(m.c.id // CHUNK)
    )
    connection.execute(insert(t.timers).from_select(["kind", "due_at", "count", "ids"], settled))
