"""Looking at prospects that changed: goal, else exit, else held or released; and who enters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    not_,
    select,
    update,
)

from engage.intake.grading import regrade
from engage.intake.inactivity import start_inactivity
from engage.language.conditions import Condition
from engage.plan.moves import Plan
from engage.sql import tables as t
from engage.sql.codes import Outcome, RunState
from engage.sql.cohort import cohort, looked
from engage.sql.packing import unpacked
from engage.sql.predicates import holds
from engage.sql.scratch import analyse, clear, inserted
from engage.stepping.enrol import enrol
from engage.stepping.figures import Figures
from engage.stepping.holding import ACTIVE, GOAL, HELD, LEFT, TO_HOLD, TO_RELEASE, leave_runs, set_state, wake_released
from engage.stepping.journeys import Course, Tick, hold_courses


def look_at_changed(connection: Connection, tick: Tick, timer_ids: Sequence[int]) -> None:
    """Look at the prospects of some timers, for every running scenario that reads what changed; the timers are done."""
    clear(connection, looked)
    keys = unpacked(connection, timer_ids)
    chosen = select(keys.c.key).join(t.standings, t.standings.c.prospect_id == keys.c.key).distinct()
    connection.execute(insert(looked).from_select(["prospect_id"], chosen))
    analyse(connection, looked)
    bring_up_to_date(connection, tick)
    changed = set(connection.scalars(select(t.timers.c.facet).where(t.timers.c.id.in_(timer_ids)).distinct()))
    reading = [c for c in tick.running if None in changed or c.facets & {"grade", *changed}]
    hold_courses(connection, reading)
    for course in reading:
        if _asks_inside(course.plan):
            look(connection, tick, course)
    for course in reading:
        enrol(connection, tick, course)
    connection.execute(delete(t.timers).where(t.timers.c.id.in_(timer_ids)))


def bring_up_to_date(connection: Connection, tick: Tick) -> None:
    """Grade the prospects in ``looked`` anew, and time the inactivity of those who are new."""
    if tick.plans.grading.profiles:
        regrade(connection, tick.plans, tick.now, select(looked.c.prospect_id))
    time_the_new(connection, tick)


def time_the_new(connection: Connection, tick: Tick) -> None:
    """Time the inactivity of those in ``looked`` who are new."""
    who = select(looked.c.prospect_id)
    if tick.plans.scoring.inactivity is not None:
        s = t.standings
        new = select(s.c.prospect_id).where(s.c.prospect_id.in_(who), not_(s.c.inactivity_timed))
        start_inactivity(connection, tick.plans, tick.now, new)
        connection.execute(
            update(s).values(inactivity_timed=True).where(s.c.prospect_id.in_(who), not_(s.c.inactivity_timed))
        )


def look_at_all(connection: Connection, tick: Tick, timer_id: int, course: Course, after_id: int) -> None:
    """Look at the next span of all prospects, for one scenario; the timer remembers how far it came."""
    clear(connection, looked)
    span = fill_span(connection, after_id, tick.chunk)
    if span is not None:
        hold_courses(connection, (course,))
        look(connection, tick, course)
        enrol(connection, tick, course)
    go_on(connection, timer_id, span, tick.chunk)


def go_on(connection: Connection, timer_id: int, span: Span | None, chunk: int) -> None:
    """Let a look at all remember how far it came; after the last span it is done."""
    one = t.timers.c.id == timer_id
    if span is None or span.count < chunk:
        connection.execute(delete(t.timers).where(one))
    else:
        connection.execute(update(t.timers).values(after_id=span.last).where(one))


@dataclass(frozen=True, slots=True)
class Span:
    """Some prospects that follow each other by key: the last one's key, and how many."""

    last: int
    count: int


def fill_span(connection: Connection, after_id: int, chunk: int) -> Span | None:
    """Fill ``looked`` with the next prospects by key; return their span, or None where there are none."""
    s = t.standings
    following = select(s.c.prospect_id).where(s.c.prospect_id > after_id).order_by(s.c.prospect_id).limit(chunk)
    connection.execute(insert(looked).from_select(["prospect_id"], following))
    analyse(connection, looked)
    last, count = connection.execute(select(func.max(looked.c.prospect_id), func.count()).select_from(looked)).one()
    return None if last is None else Span(last, count)


def _asks_inside(plan: Plan) -> bool:
    """Tell whether a change can move somebody inside; whom an older version held, a look at all releases."""
    return not (plan.goal is None and plan.exit is None and plan.suppress is None and plan.unmatched == "continue")


def look(connection: Connection, tick: Tick, course: Course) -> None:
    """Ask goal, exit and holds of the open runs of the prospects in ``looked``."""
    plan = course.plan
    if not fill_open(connection, course):
        return
    if plan.goal is not None:
        _mark(connection, GOAL, _asked(tick, plan.goal))
    if plan.exit is not None:
        _mark(connection, LEFT, _asked(tick, plan.exit))
    _mark_holds(connection, tick, course)
    _carry_out(connection, tick, course)


def _asked(tick: Tick, condition: Condition) -> ColumnElement[bool]:
    return holds(condition, cohort.c.prospect_id, tick.asked)


def fill_open(connection: Connection, course: Course) -> int:
    """Fill the cohort with the open runs of the prospects in ``looked``; return how many."""
    e = t.enrolments
    clear(connection, cohort)
    values = (
        select(
            e.c.id, e.c.prospect_id, e.c.step_id, case((e.c.state == int(RunState.HELD), HELD), else_=ACTIVE),
            e.c.moves, literal(0), e.c.entered_at, e.c.arrived_at, course.pauses.real_of(e.c.due_at),
        )
        .select_from(looked.join(e, e.c.prospect_id == looked.c.prospect_id))
        .where(e.c.scenario_id == course.id, e.c.state < int(RunState.COMPLETED))
    )  # fmt: skip
    names = [
        "id",
        "prospect_id",
        "step_id",
        "place",
        "moves",
        "written",
        "entered_at",
        "arrived_at",
        "due_at",
    ]
    filled = inserted(connection, insert(cohort).from_select(names, values))
    analyse(connection, cohort)
    return filled


def _mark(connection: Connection, place: int, test: ColumnElement[bool], *, of: Sequence[int] = (ACTIVE, HELD)) -> None:
    connection.execute(update(cohort).values(place=place).where(cohort.c.place.in_(of), test))


def _mark_holds(connection: Connection, tick: Tick, course: Course) -> None:
    """Mark who is to be held, to leave or to be released: suppression before ``unmatched``."""
    plan = course.plan
    suppressed = _asked(tick, plan.suppress) if plan.suppress is not None else false()
    unmatched = not_(_asked(tick, plan.audience)) if plan.unmatched != "continue" else false()
    if plan.unmatched == "exit":
        _mark(connection, LEFT, and_(unmatched, not_(suppressed)))
        unmatched = false()
    away = suppressed | unmatched
    _mark(connection, TO_HOLD, away, of=(ACTIVE,))
    _mark(connection, TO_RELEASE, not_(away), of=(HELD,))


def _carry_out(connection: Connection, tick: Tick, course: Course) -> None:
    c = cohort
    marked = set(connection.scalars(select(c.c.place).where(c.c.place.not_in((ACTIVE, HELD))).distinct()))
    if not marked:
        return
    figures = Figures(course.id, tick.plans.house.hours.zone)
    leave_runs(connection, tick, figures, GOAL, RunState.GOAL, Outcome.GOAL)
    leave_runs(connection, tick, figures, LEFT, RunState.LEFT, Outcome.LEFT)
    set_state(connection, tick, figures, TO_HOLD, RunState.HELD, 1)
    set_state(connection, tick, figures, TO_RELEASE, RunState.ACTIVE, -1)
    if TO_RELEASE in marked:
        wake_released(connection, tick, course)
    figures.write(connection)
