"""The way out for mail as all deliveries share it: whether it is stopped, and when the next mail may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, and_, case, literal, select, type_coerce, update

from engage.clock import micros
from engage.effects.blotting import blotted
from engage.effects.waiting import next_probe
from engage.sql import tables as t
from engage.sql.columns import Instant
from engage.sql.interning import upsert

_NAME = "mail"
#: A turn that lies further ahead than this, in microseconds, beside those of many deliveries, was given by a clock
#: that was set back since.
_FAR, _MANY = 60_000_000, 10


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when nothing goes out, why, and when it is tried again."""

    stopped_at: datetime
    try_at: datetime
    reason: str


def make_lane(connection: Connection) -> None:
    """Make the one row, if it is not there."""
    connection.execute(upsert(connection.dialect.name, t.lanes).values(name=_NAME).on_conflict_do_nothing())  # type: ignore[attr-defined]


def read_stop(connection: Connection) -> Stop | None:
    """Return since when and why nothing goes out, if so."""
    w = t.lanes.c
    row = connection.execute(select(w.stopped_at, w.try_at, w.reason).where(w.name == _NAME)).one_or_none()
    return None if row is None or row.stopped_at is None else Stop(row.stopped_at, row.try_at, row.reason or "")


def stop(connection: Connection, reason: str, now: datetime) -> None:
    """Note that nothing goes out; it is tried again after pauses that grow. The reason names nobody."""
    before = read_stop(connection)
    since = before.stopped_at if before is not None and before.stopped_at <= now else now
    values = {"stopped_at": since, "try_at": next_probe(since, now), "reason": blotted(reason)}
    connection.execute(update(t.lanes).where(t.lanes.c.name == _NAME).values(values))


def go_on(connection: Connection) -> None:
    """Note that mail goes out again."""
    w = t.lanes
    stopped = (w.c.name == _NAME, w.c.stopped_at.is_not(None))
    connection.execute(update(w).where(*stopped).values(stopped_at=None, try_at=None, reason=None))


def take_turns(connection: Connection, count: int, per_second: float, at: datetime) -> float:
    """Take the next turns to hand mails over; return in how many seconds they begin.

    ``at`` is the machine's own time: a rate is kept in real seconds, whatever moment is being delivered.
    """
    w, here, span = t.lanes, micros(at), int(count / per_second * 1_000_000)
    free_at, begins_here = type_coerce(w.c.free_at, BigInteger), literal(here, BigInteger)
    sane = and_(free_at > begins_here, free_at < here + _FAR + _MANY * span)
    begins = case((sane, free_at), else_=begins_here)
    taken = update(w).where(w.c.name == _NAME).values(free_at=type_coerce(begins + span, Instant)).returning(free_at)
    ends: int = connection.execute(taken).scalar_one()
    return max((ends - span - here) / 1_000_000, 0.0)
