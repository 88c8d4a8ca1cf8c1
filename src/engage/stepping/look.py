"""Looking at prospects that changed: goal, else exit, else held or released; and who enters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Select,
    Update,
    delete,
    insert,
    not_,
    select,
    update,
)

from engage.intake.grading import regrade
from engage.intake.inactivity import start_inactivity
from engage.plan.moves import Plan
from engage.sql import tables as t
from engage.sql.codes import Outcome, RunState
from engage.sql.cohort import cohort, keys_of, looked
from engage.sql.packing import unpacked
from engage.sql.scratch import clear
from engage.sql.standing import big, many, run, standing
from engage.stepping.enrol import enrol
from engage.stepping.fates import fates_of, fill_open, joined
from engage.stepping.faults import blamed
from engage.stepping.figures import Figures
from engage.stepping.following import follow_days
from engage.stepping.holding import (
    GOAL,
    LEFT,
    TO_HOLD,
    TO_JOIN,
    TO_RELEASE,
    leave_runs,
    set_state,
    wake_released,
)
from engage.stepping.journeys import Course, Tick, hold_courses
from engage.stepping.span import Span, fill_span, span_of


def look_at_changed(connection: Connection, tick: Tick, timer_ids: Sequence[int]) -> None:
    """Look at the prospects of some timers, for every running scenario that reads what changed; the timers are done."""
    clear(connection, looked)
    run(connection, _fill_changed(connection.dialect.name), tick.asked, timers=timer_ids)
    span = span_of(connection, looked)
    if span is not None:
        _look_for_readers(connection, tick, timer_ids, span)
    run(connection, done_timers(), tick.asked, timers=timer_ids)


def _look_for_readers(connection: Connection, tick: Tick, timer_ids: Sequence[int], span: Span) -> None:
    """Look for every running scenario that reads what changed of those in ``looked``."""
    bring_up_to_date(connection, tick, span)
    changed = set(run(connection, _changed(), tick.asked, timers=timer_ids).scalars())
    reading = [c for c in tick.running if None in changed or c.facets & {"grade", *changed}]
    hold_courses(connection, reading)
    for course in reading:
        if _asks_inside(course.plan):
            with blamed(course):
                look(connection, tick, course, span)
    for course in reading:
        follow_days(connection, tick, course)
        with blamed(course):
            enrol(connection, tick, course, span)


@standing
def _fill_changed(database: str) -> Insert:
    keys = unpacked(database, many("timers"))
    chosen = select(keys.c.key).join(t.standings, t.standings.c.prospect_id == keys.c.key).distinct()
    return insert(looked).from_select(["prospect_id"], chosen)


@standing
def _changed() -> Select[Any]:
    """Select what changed of the prospects of some timers."""
    return select(t.timers.c.facet).where(t.timers.c.id.in_(many("timers"))).distinct()


@standing
def done_timers() -> Delete:
    """Delete some timers: what they were for is done."""
    return delete(t.timers).where(t.timers.c.id.in_(many("timers")))


def bring_up_to_date(connection: Connection, tick: Tick, span: Span) -> None:
    """Grade the prospects in ``looked`` anew, and time the inactivity of those who are new."""
    if tick.plans.grading.profiles:
        regrade(connection, tick.plans, tick.now, keys_of(looked), span.keys)
    time_the_new(connection, tick)


def time_the_new(connection: Connection, tick: Tick) -> None:
    """Time the inactivity of those in ``looked`` who are new."""
    if tick.plans.scoring.inactivity is not None:
        start_inactivity(connection, tick.plans, tick.now, _untimed())
        run(connection, _timed(), tick.asked)


@standing
def _untimed() -> Select[Any]:
    s = t.standings
    return select(s.c.prospect_id).where(s.c.prospect_id.in_(keys_of(looked)), not_(s.c.inactivity_timed))


@standing
def _timed() -> Update:
    s = t.standings
    new = update(s).values(inactivity_timed=True)
    return new.where(s.c.prospect_id.in_(keys_of(looked)), not_(s.c.inactivity_timed))


def look_at_all(connection: Connection, tick: Tick, timer_id: int, course: Course, after_id: int) -> None:
    """Look at the next span of all prospects, for one scenario; the timer remembers how far it came."""
    clear(connection, looked)
    span = fill_span(connection, after_id, tick.chunk)
    if span is not None:
        hold_courses(connection, (course,))
        with blamed(course):
            look(connection, tick, course, span)
            follow_days(connection, tick, course)
            enrol(connection, tick, course, span)
    go_on(connection, timer_id, span, tick.chunk)


def go_on(connection: Connection, timer_id: int, span: Span | None, chunk: int) -> None:
    """Let a look at all remember how far it came; after the last span it is done."""
    if span is None or span.count < chunk:
        run(connection, _done(), None, timer=timer_id)
    else:
        run(connection, _so_far(), None, timer=timer_id, last=span.last)


@standing
def _done() -> Delete:
    return delete(t.timers).where(t.timers.c.id == big("timer"))


@standing
def _so_far() -> Update:
    return update(t.timers).values(after_id=big("last")).where(t.timers.c.id == big("timer"))


def _asks_inside(plan: Plan) -> bool:
    """Tell whether a change can move somebody inside; whom an older version held, a look at all releases."""
    return not (plan.goal is None and plan.exit is None and plan.suppress is None and plan.unmatched == "continue")


def look(connection: Connection, tick: Tick, course: Course, span: Span) -> None:
    """Ask goal, exit and holds of the open runs of the prospects in ``looked``; those who do not move stay out."""
    plan, fates = course.plan, fates_of(tick, course)
    fill_open(connection, tick, course, span, fates)
    marked = set(run(connection, _places(), tick.asked).scalars())
    if not marked:
        return
    figures = Figures(course.id, tick.plans.house.hours.zone)
    for place, state, outcome in ((GOAL, RunState.GOAL, Outcome.GOAL), (LEFT, RunState.LEFT, Outcome.LEFT)):
        if place in marked:
            leave_runs(connection, tick, figures, place, state, outcome)
    if TO_HOLD in marked:
        set_state(connection, tick, figures, TO_HOLD, RunState.HELD, 1)
    if TO_RELEASE in marked:
        set_state(connection, tick, figures, TO_RELEASE, RunState.ACTIVE, -1)
        wake_released(connection, tick, course)
    if plan.unmatched != "continue" and marked & {TO_RELEASE, TO_JOIN}:
        run(connection, joined(fates), tick.asked)
    figures.write(connection)


@standing
def _places() -> Select[Any]:
    return select(cohort.c.place).distinct()
