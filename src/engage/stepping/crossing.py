"""Steps that reach into another scenario: they begin a run of it, or end one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    Update,
    and_,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    type_coerce,
    update,
)

from engage.language.conditions import Condition
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import Figure, Outcome, RunState
from engage.sql.cohort import cohort
from engage.sql.outbox import HERE, rows
from engage.sql.predicates import holds
from engage.sql.rows import into_visits
from engage.sql.scratch import counted
from engage.sql.standing import NOW, near, standing
from engage.stepping.changes import touch
from engage.stepping.enrol import NEW_RUN, new_run, settle_entry
from engage.stepping.figures import Figures
from engage.stepping.journeys import Course
from engage.stepping.reentry import begun_now, length_of, time_again
from engage.stepping.walk import Place, Test, Walk, inside

Truth = ColumnElement[bool]


def enrol_elsewhere(walk: Walk, step: moves.Step, act: moves.Enrol, places: list[Place]) -> None:
    """Begin a run of another scenario for all who may; the others are skipped with the reason."""
    course = _named(walk, act.scenario)
    if course is None or course.state != "running":
        walk.passes(step, places, Outcome.SKIPPED, reason=f"{act.scenario} does not run")
        return
    if not course.plan.window.holds(walk.tick.now):
        walk.passes(step, places, Outcome.SKIPPED, reason=f"{act.scenario} takes nobody in today")
        return
    for reason, test in _refusals(walk, course):
        places = walk.leave(step, places, test, Outcome.SKIPPED, reason=reason)
    if places:
        _begin(walk, course, places)
        walk.passes(step, places, Outcome.COMPLETED)


def leave_elsewhere(walk: Walk, step: moves.Step, act: moves.Leave, places: list[Place]) -> None:
    """End the open run of another scenario; who has none goes on all the same."""
    course = _named(walk, act.scenario)
    if course is not None and course.state == "paused":
        walk.passes(step, places, Outcome.SKIPPED, reason=f"{act.scenario} is paused")
        return
    if course is not None:
        _end(walk, course, places)
    walk.passes(step, places, Outcome.COMPLETED)


def _named(walk: Walk, key: str) -> Course | None:
    """Return a scenario that runs or is paused."""
    return next((course for course in walk.tick.courses if course.plan.key == key), None)


def _refusals(walk: Walk, course: Course) -> Iterator[tuple[str, Test]]:
    """Yield why one may not be enrolled, and the test of it, in the order of asking."""
    plan, key, rules = course.plan, course.plan.key, walk.tick.asked.always
    yield f"is in {key} already", Test(has_open_run, (course.id,))
    barred: tuple[tuple[str, Condition | None], ...] = (
        (f"is suppressed in {key}", plan.suppress),
        (f"has reached the goal of {key}", plan.goal),
        (f"has met the exit of {key}", plan.exit),
    )
    for reason, condition in barred:
        if condition is not None:
            yield reason, Test(inside, (condition, rules))
    if plan.reentry is None:
        yield f"was in {key} before", Test(has_run, (course.id, 1))
        return
    if plan.reentry.most is not None:
        yield f"was in {key} {plan.reentry.most} times", Test(has_run, (course.id, plan.reentry.most))
    if plan.reentry.after is not None:
        yield f"was in {key} too short a time ago", Test(has_just_run, (course.id, length_of(plan.reentry)))
    yield f"was in {key} in this tick", Test(has_begun, (course.id,))


def _runs(scenario_id: int) -> tuple[Truth, ...]:
    e = t.enrolments
    return near(e.c.prospect_id), e.c.prospect_id == cohort.c.prospect_id, e.c.scenario_id == scenario_id


def has_open_run(scenario_id: int) -> Truth:
    """Return whether a row's prospect has an open run of a scenario."""
    return exists(select(1).where(*_runs(scenario_id), t.enrolments.c.state < int(RunState.COMPLETED)))


def has_run(scenario_id: int, times: int) -> Truth:
    """Return whether a row's prospect has run through a scenario so many times."""
    return exists(select(1).where(*_runs(scenario_id), t.enrolments.c.run >= times))


def has_just_run(scenario_id: int, length: int) -> Truth:
    """Return whether less than a length has passed since a run of a scenario ended."""
    ended = type_coerce(t.enrolments.c.ended_at, BigInteger)
    return exists(select(1).where(*_runs(scenario_id), ended + literal(length, BigInteger) > NOW))


def has_begun(scenario_id: int) -> Truth:
    """Return whether a row's prospect began a run of a scenario in this tick that has ended."""
    return begun_now(scenario_id, cohort.c.prospect_id)


def _begin(walk: Walk, course: Course, places: list[Place]) -> None:
    values = {
        "first": course.numbers[course.plan.first.key],
        "kept": walk.tick.at - course.paused_total,
        "places": walk.numbers_of(places),
    }
    begun = walk.run(_begun(_Other(course.id, course.plan.audience, walk.tick.asked.always)), **values)
    settle_entry(walk.connection, walk.tick, course, begun.rowcount)


@dataclass(frozen=True, slots=True)
class _Other:
    """The scenario that is entered."""

    id: int
    audience: Condition
    rules: Any


@standing
def _begun(other: _Other) -> Insert:
    """Begin a run for each; those who do not match the audience are there apart from it."""
    last = select(func.max(t.enrolments.c.run)).where(*_runs(other.id)).correlate(cohort).scalar_subquery()
    who = cohort.c.prospect_id
    apart = not_(holds(other.audience, who, other.rules, near=near))
    values = (*new_run(other.id, who, func.coalesce(last, 0) + 1), NOW, literal(None, BigInteger), apart)
    return counted(insert(t.enrolments).from_select([*NEW_RUN, "apart"], rows(*values)))


def _end(walk: Walk, course: Course, places: list[Place]) -> None:
    """End the open runs, with a visit where each stands."""
    here = {"places": walk.numbers_of(places)}
    figures = Figures(course.id, walk.tick.plans.house.hours.zone)
    for held, step_id, arrived_at, count in walk.run(_stood(course.id), **here):
        figures.left(step_id, arrived_at, walk.tick.at, count, int(Figure.LEFT), held=bool(held))
    if not figures.counts:
        return
    figures.write(walk.connection)
    leaving, asked = _leaving(course.id), walk.tick.asked
    touch(walk.connection, walk.tick, "scenario", leaving, **here, **walk.keys)
    time_again(walk.connection, course, asked, leaving, **here, **walk.keys)
    walk.run(_left(course.id), **here)
    walk.run(_ended(course.id), **here)


def _open(scenario_id: int) -> Truth:
    """Return whether a run of a scenario is open and its prospect stands at the step."""
    return and_(*_runs(scenario_id), t.enrolments.c.state < int(RunState.COMPLETED), HERE)


@standing
def _leaving(scenario_id: int) -> Select[Any]:
    return select(t.enrolments.c.prospect_id).where(_open(scenario_id))


@standing
def _stood(scenario_id: int) -> Select[Any]:
    """Select where and since when the runs stand, whether they are held, and how many."""
    e = t.enrolments
    groups = (e.c.state == int(RunState.HELD), e.c.step_id, type_coerce(e.c.arrived_at, BigInteger))
    return select(*groups, func.count()).where(_open(scenario_id)).group_by(*groups)


@standing
def _left(scenario_id: int) -> Insert:
    e = t.enrolments
    values = select(e.c.id, e.c.arrived_at, NOW, e.c.step_id, e.c.moves, literal(int(Outcome.LEFT)))
    return into_visits(values.where(_open(scenario_id)).order_by(e.c.id))


@standing
def _ended(scenario_id: int) -> Update:
    e = t.enrolments
    ended = {"state": int(RunState.LEFT), "ended_at": NOW, "moves": e.c.moves + 1}
    return update(e).values(ended).where(_open(scenario_id))
