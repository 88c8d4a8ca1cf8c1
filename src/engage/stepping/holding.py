"""Open runs that were looked at: they end where they stand, are held there, or go on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, Select, Update, func, select, update

from engage.sql import tables as t
from engage.sql.codes import ChangeKind, Figure, Outcome, RunState, TimerKind
from engage.sql.cohort import cohort
from engage.sql.history import kept
from engage.sql.rows import into_timers, into_visits, timer
from engage.sql.standing import NOW, run, small, standing, whole
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.finish import MINUTE, prospects_at
from engage.stepping.journeys import Course, Tick
from engage.stepping.reentry import time_again

#: Places of the cohort while goals and holds are asked.
ACTIVE, HELD, GOAL, LEFT, TO_HOLD, TO_RELEASE, TO_JOIN = range(7)
_HERE = cohort.c.place == whole("here")


def leave_runs(
    connection: Connection,
    tick: Tick,
    figures: Figures,
    place: int,
    state: RunState,
    outcome: Outcome,
) -> None:
    """End the runs at a place of the cohort where they stand, with a visit that says how."""
    at = tick.asked
    for was_held, step_id, arrived_at, count in run(connection, _stood(), at, here=place):
        figures.left(step_id, arrived_at, tick.at, count, int(Figure(int(outcome))), held=bool(was_held))
    run(connection, _left(), at, here=place, outcome=int(outcome))
    run(connection, _ended(), at, here=place, state_to=int(state))
    touch(connection, tick, "scenario", prospects_at(), here=place)
    time_again(connection, tick.course(figures.scenario_id), at, prospects_at(), here=place)


@standing
def _stood() -> Select[Any]:
    """Select where and since when the rows of a place stood, whether they were held, and how many."""
    e, c = t.enrolments, cohort
    groups = (e.c.state == int(RunState.HELD), c.c.step_id, c.c.arrived_at)
    return select(*groups, func.count()).join(e, e.c.id == c.c.id).where(_HERE).group_by(*groups)


@standing
def _left() -> Insert:
    c = cohort.c
    values = select(c.id, c.arrived_at, NOW, c.step_id, c.moves, small("outcome")).where(_HERE)
    return into_visits(values.order_by(c.id))


@standing
def _ended() -> Update:
    e = t.enrolments
    ended = {"state": small("state_to"), "ended_at": NOW, "moves": cohort.c.moves + 1}
    return update(e).values(ended).where(e.c.id == cohort.c.id, _HERE)


def set_state(connection: Connection, tick: Tick, figures: Figures, place: int, state: RunState, sign: int) -> None:
    """Hold the runs at a place of the cohort, or let them go on; ``sign`` is 1 for those held."""
    for step_id, arrived_at, count in run(connection, _counts(), tick.asked, here=place):
        figures.held(step_id, arrived_at, sign * count)
    run(connection, _remembered(), tick.asked, here=place, was=int(state == RunState.ACTIVE))
    run(connection, _set(), tick.asked, here=place, state_to=int(state))
    touch(connection, tick, "scenario", prospects_at(), here=place)


@standing
def _counts() -> Select[Any]:
    c = cohort.c
    return select(c.step_id, c.arrived_at, func.count()).where(_HERE).group_by(c.step_id, c.arrived_at)


@standing
def _remembered() -> Insert:
    c = cohort.c
    return kept(cohort, c.prospect_id, NOW, ChangeKind.HELD, c.id, _HERE, enrolment_id=c.id, whole=small("was"))


@standing
def _set() -> Update:
    e = t.enrolments
    return update(e).values(state=small("state_to")).where(e.c.id == cohort.c.id, _HERE)


def wake_released(connection: Connection, tick: Tick, course: Course) -> None:
    """Look at those released now, and time them again at their original moment: holding freezes nothing."""
    for kind in (TimerKind.WAKE, TimerKind.STEP):
        run(connection, _timed(connection.dialect.name, kind), tick.asked, here=TO_RELEASE, scenario=course.id)


@standing
def _timed(database: str, kind: TimerKind) -> Insert:
    c = cohort.c
    moment = NOW if kind == TimerKind.WAKE else func.min(c.due_at)
    values = timer(database, kind, moment, whole("scenario"), c.step_id, c.id).where(_HERE)
    if kind == TimerKind.WAKE:
        values = values.group_by(c.step_id)
    else:
        values = values.where(c.due_at > NOW).group_by(c.step_id, c.due_at.op("/")(MINUTE))
    return into_timers(values)
