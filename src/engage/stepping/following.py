"""Waits that follow the calendar: a changed field wakes who waits for its day, and a pause moves no moment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Select,
    and_,
    func,
    type_coerce,
    update,
)

from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import Phase, RunState, TimerKind
from engage.sql.cohort import looked
from engage.sql.rows import into_timers, timer
from engage.sql.standing import NOW, many, run, standing, whole
from engage.stepping.appointments import waits_for_moment
from engage.stepping.finish import MINUTE
from engage.stepping.journeys import Course, Tick
from engage.stepping.pauses import Pauses

E = t.enrolments


def follow_days(connection: Connection, tick: Tick, course: Course) -> None:
    """Wake those in ``looked`` who wait for a field's day: what their field says now decides."""
    steps = [course.numbers[step.key] for step in course.plan.steps if isinstance(step.act, moves.WaitDay)]
    if steps:
        run(connection, _woken(connection.dialect.name), tick.asked, scenario=course.id, steps=steps)


@standing
def _woken(database: str) -> Insert:
    values = (
        timer(database, TimerKind.WAKE, NOW, E.c.scenario_id, E.c.step_id, E.c.id)
        .select_from(looked.join(E, E.c.prospect_id == looked.c.prospect_id))
        .where(E.c.scenario_id == whole("scenario"), E.c.step_id.in_(many("steps")))
        .where(E.c.state == int(RunState.ACTIVE), E.c.phase == int(Phase.WAITS))
        .group_by(E.c.scenario_id, E.c.step_id)
    )
    return into_timers(values)


def keep_moments(connection: Connection, course: Course) -> None:
    """Put moments of the calendar back where they were before the last pause, which moved all that is kept.

    Unlike durations, they are written anew for each who waits for one.
    """
    before = Pauses(course.pauses.spans[:-1])
    steps = [number for number, step in course.steps.items() if waits_for_moment(step)]
    if not steps:
        return
    here = and_(
        E.c.scenario_id == course.id, E.c.step_id.in_(steps), E.c.state < int(RunState.COMPLETED),
        E.c.phase == int(Phase.WAITS),
    )  # fmt: skip
    due = course.pauses.kept_of(before.real_of(type_coerce(E.c.due_at, BigInteger())))
    connection.execute(update(E).values(due_at=due).where(here))
    connection.execute(into_timers(_timed(connection, course, here)))


def _timed(connection: Connection, course: Course, here: ColumnElement[bool]) -> Select[Any]:
    """Select a timer for each minute in which some are due; the moment of the first decides when to look."""
    due = course.pauses.real_of(type_coerce(E.c.due_at, BigInteger()))
    places = (E.c.scenario_id, E.c.step_id)
    values = timer(connection.dialect.name, TimerKind.STEP, func.min(due), *places, E.c.id)
    return values.where(here, E.c.state == int(RunState.ACTIVE)).group_by(*places, due.op("/")(MINUTE))
