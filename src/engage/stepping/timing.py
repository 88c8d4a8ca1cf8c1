"""When a time ends that began: one moment for all who come in this tick, else each row's own."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Update, and_, select, update

from engage.clock import HORIZON, MICROSECOND
from engage.language.moment import Duration
from engage.sql.codes import Phase
from engage.sql.cohort import cohort
from engage.sql.standing import big, standing, whole
from engage.stepping.pauses import Pauses, end_of
from engage.stepping.walk import Moment, Place, Walk

_HERE = cohort.c.place == whole("here")


def ends_at(walk: Walk, length: Duration) -> int:
    """Return when a time ends that begins in this tick, in real microseconds."""
    return end_of(length, walk.tick.at, walk.course.pauses, walk.tick.plans.house.hours)


def time_arrival(walk: Walk, place: Place, length: Duration, phase: Phase) -> bool:
    """Let those who come now wait; for those who came before, set the moment and tell that it is to be asked."""
    if walk.comes_now(place):
        walk.rests([place], phase, ends_at(walk, length))
        return False
    time_rows(walk, place, length, Moment(arrival))
    return True


def arrival() -> ColumnElement[int]:
    """Return when a row arrived at its step."""
    return cohort.c.arrived_at


def time_rows(walk: Walk, place: Place, length: Duration, begun: Moment) -> None:
    """Set each row's moment: a length after it began; what begins at FOREVER ends at FOREVER."""
    pauses = walk.course.pauses
    plain = length.length // MICROSECOND
    one_by_one = bool(length.business_days or pauses.spans)
    walk.run(_begun(begun), here=place.number, length=0 if one_by_one else plain)
    place.retimed, place.due_from, place.due_to = True, None, None
    if length.business_days:
        _count_business_days(walk, place, length)
    elif one_by_one:
        walk.run(_paused(pauses), here=place.number, length=plain)


@standing
def _begun(begun: Moment) -> Update:
    return update(cohort).values(due_at=begun() + big("length")).where(_HERE)


@standing
def _paused(pauses: Pauses) -> Update:
    """Move the rows' moments by a length of scenario time."""
    due = pauses.real_of(pauses.kept_of(cohort.c.due_at) + big("length"))
    return update(cohort).values(due_at=due).where(_HERE)


def _count_business_days(walk: Walk, place: Place, length: Duration) -> None:
    """Count business days for each moment at which the time began; there are few."""
    here = and_(cohort.c.place == place.number, cohort.c.due_at < HORIZON)
    hours, pauses = walk.tick.plans.house.hours, walk.course.pauses
    for begun in walk.connection.scalars(select(cohort.c.due_at).where(here).distinct()).all():
        chosen = and_(here, cohort.c.due_at == begun)
        end = end_of(length, begun, pauses, hours)
        walk.connection.execute(update(cohort).values(due_at=-end).where(chosen))
    walk.connection.execute(update(cohort).values(due_at=-cohort.c.due_at).where(here, cohort.c.due_at < 0))
