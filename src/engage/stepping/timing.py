"""When a time ends that began: one moment for all who come in this tick, else each row's own."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, literal, select, update
from sqlalchemy.types import BigInteger

from engage.clock import HORIZON, MICROSECOND
from engage.language.moment import Duration
from engage.sql.codes import Phase
from engage.sql.cohort import cohort
from engage.stepping.pauses import end_of
from engage.stepping.walk import Place, Walk


def ends_at(walk: Walk, length: Duration) -> int:
    """Return when a time ends that begins in this tick, in real microseconds."""
    return end_of(length, walk.tick.at, walk.course.pauses, walk.tick.plans.house.hours)


def time_arrival(walk: Walk, place: Place, length: Duration, phase: Phase) -> bool:
    """Let those who come now wait; for those who came before, set the moment and tell that it is to be asked."""
    if walk.comes_now(place):
        walk.rests([place], phase, ends_at(walk, length))
        return False
    time_rows(walk, place, length, cohort.c.arrived_at)
    return True


def time_rows(walk: Walk, place: Place, length: Duration, begun: ColumnElement[int]) -> None:
    """Set each row's moment: a length after it began; what begins at FOREVER ends at FOREVER."""
    pauses, here = walk.course.pauses, cohort.c.place == place.number
    plain = length.length // MICROSECOND
    one_by_one = bool(length.business_days or pauses.spans)
    first = begun if one_by_one else begun + literal(plain, BigInteger())
    walk.connection.execute(update(cohort).values(due_at=first).where(here))
    place.retimed, place.due_from, place.due_to = True, None, None
    if length.business_days:
        _count_business_days(walk, place, length)
    elif one_by_one:
        due = pauses.real_of(pauses.kept_of(cohort.c.due_at) + literal(plain, BigInteger()))
        walk.connection.execute(update(cohort).values(due_at=due).where(here))


def _count_business_days(walk: Walk, place: Place, length: Duration) -> None:
    """Count business days for each moment at which the time began; there are few."""
    here = and_(cohort.c.place == place.number, cohort.c.due_at < HORIZON)
    hours, pauses = walk.tick.plans.house.hours, walk.course.pauses
    for begun in walk.connection.scalars(select(cohort.c.due_at).where(here).distinct()).all():
        chosen = and_(here, cohort.c.due_at == begun)
        end = end_of(length, begun, pauses, hours)
        walk.connection.execute(update(cohort).values(due_at=-end).where(chosen))
    walk.connection.execute(update(cohort).values(due_at=-cohort.c.due_at).where(here, cohort.c.due_at < 0))
