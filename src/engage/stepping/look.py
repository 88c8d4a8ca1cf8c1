"""Looking at prospects that changed: goal, else exit, else held or released; and who enters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Select,
    Update,
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
from engage.sql.asked import Now
from engage.sql.codes import Outcome, RunState
from engage.sql.cohort import COHORT, cohort, keys_of, looked
from engage.sql.packing import unpacked
from engage.sql.scratch import analyse, clear, counted
from engage.sql.standing import many, run, standing, whole
from engage.stepping.enrol import enrol
from engage.stepping.figures import Figures
from engage.stepping.holding import ACTIVE, GOAL, HELD, LEFT, TO_HOLD, TO_RELEASE, leave_runs, set_state, wake_released
from engage.stepping.journeys import Course, Tick, hold_courses
from engage.stepping.pauses import Pauses
from engage.stepping.walk import Test, inside


def look_at_changed(connection: Connection, tick: Tick, timer_ids: Sequence[int]) -> None:
    """Look at the prospects of some timers, for every running scenario that reads what changed; the timers are done."""
    clear(connection, looked)
    run(connection, _fill_changed(connection.dialect.name), tick.asked, timers=timer_ids)
    analyse(connection, looked)
    bring_up_to_date(connection, tick)
    changed = set(run(connection, _changed(), tick.asked, timers=timer_ids).scalars())
    reading = [c for c in tick.running if None in changed or c.facets & {"grade", *changed}]
    hold_courses(connection, reading)
    for course in reading:
        if _asks_inside(course.plan):
            look(connection, tick, course)
    for course in reading:
        enrol(connection, tick, course)
    run(connection, done_timers(), tick.asked, timers=timer_ids)


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


def bring_up_to_date(connection: Connection, tick: Tick) -> None:
    """Grade the prospects in ``looked`` anew, and time the inactivity of those who are new."""
    if tick.plans.grading.profiles:
        regrade(connection, tick.plans, tick.now, keys_of(looked))
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
    if not fill_open(connection, tick, course):
        return
    if plan.goal is not None:
        _mark(connection, tick, GOAL, Test(inside, (plan.goal, tick.asked.always)))
    if plan.exit is not None:
        _mark(connection, tick, LEFT, Test(inside, (plan.exit, tick.asked.always)))
    _mark_holds(connection, tick, course)
    _carry_out(connection, tick, course)


def fill_open(connection: Connection, tick: Tick, course: Course) -> int:
    """Fill the cohort with the open runs of the prospects in ``looked``; return how many."""
    clear(connection, cohort)
    filled = run(connection, _open_runs(course.pauses), tick.asked, scenario=course.id).rowcount
    analyse(connection, cohort)
    return filled


@standing
def _open_runs(pauses: Pauses) -> Insert:
    e = t.enrolments
    values = (
        select(
            e.c.id, e.c.prospect_id, e.c.step_id, case((e.c.state == int(RunState.HELD), HELD), else_=ACTIVE),
            e.c.moves, literal(0), e.c.entered_at, e.c.arrived_at, pauses.real_of(e.c.due_at),
        )
        .select_from(looked.join(e, e.c.prospect_id == looked.c.prospect_id))
        .where(e.c.scenario_id == whole("scenario"), e.c.state < int(RunState.COMPLETED))
    )  # fmt: skip
    return counted(insert(cohort).from_select(COHORT, values))


def suppressed(suppress: Condition | None, rules: Now) -> ColumnElement[bool]:
    """Return whether the prospect of a row is suppressed."""
    return false() if suppress is None else inside(suppress, rules)


def leaves(audience: Condition, suppress: Condition | None, rules: Now) -> ColumnElement[bool]:
    """Return whether the prospect of a row matches no longer and leaves by it; suppression comes first."""
    return and_(not_(inside(audience, rules)), not_(suppressed(suppress, rules)))


def away(audience: Condition | None, suppress: Condition | None, rules: Now) -> ColumnElement[bool]:
    """Return whether a row is to be held: its prospect is suppressed, or matches an audience no longer."""
    return suppressed(suppress, rules) | (false() if audience is None else not_(inside(audience, rules)))


def back(audience: Condition | None, suppress: Condition | None, rules: Now) -> ColumnElement[bool]:
    """Return whether a row is to be held no longer."""
    return not_(away(audience, suppress, rules))


@standing
def _marked(test: Test) -> Update:
    places = cohort.c.place.in_(many("places"))
    return update(cohort).values(place=whole("there")).where(places, test())


def _mark(connection: Connection, tick: Tick, place: int, test: Test, *, of: Sequence[int] = (ACTIVE, HELD)) -> None:
    run(connection, _marked(test), tick.asked, places=of, there=place)


def _mark_holds(connection: Connection, tick: Tick, course: Course) -> None:
    """Mark who is to be held, to leave or to be released: suppression before ``unmatched``."""
    plan, rules = course.plan, tick.asked.always
    if plan.unmatched == "exit":
        _mark(connection, tick, LEFT, Test(leaves, (plan.audience, plan.suppress, rules)))
    asked = (plan.audience if plan.unmatched == "hold" else None, plan.suppress, rules)
    _mark(connection, tick, TO_HOLD, Test(away, asked), of=(ACTIVE,))
    _mark(connection, tick, TO_RELEASE, Test(back, asked), of=(HELD,))


@standing
def _places() -> Select[Any]:
    return select(cohort.c.place).where(cohort.c.place.not_in((ACTIVE, HELD))).distinct()


def _carry_out(connection: Connection, tick: Tick, course: Course) -> None:
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
    figures.write(connection)
