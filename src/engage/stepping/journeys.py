"""A plan beside the database's own numbers: what one tick needs of one scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from engage.clock import micros
from engage.language.conditions import Condition, changes_by_time, facets
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import AGAIN
from engage.sql.packing import is_postgres
from engage.sql.predicates import Now
from engage.sql.standing import many, run, standing
from engage.stepping.naming import Named, named_outcomes
from engage.stepping.pauses import Pauses, read_pauses


@dataclass(frozen=True, slots=True)
class Course:
    """A running or paused scenario: its plan, its numbers in the database, the time it was paused."""

    id: int
    plan: moves.Plan
    state: str
    #: microseconds paused so far
    paused_total: int
    pauses: Pauses
    #: each step's number, by its key
    numbers: Mapping[str, int]
    #: each step, by its number
    steps: Mapping[int, moves.Step]
    #: what of a prospect its audience, suppression, goal and exit read
    facets: frozenset[str]
    #: when it was started, in microseconds
    started: int = 0
    #: what stands in visits for each outcome of a switch or a split, by the step's number and the outcome's name
    named: Named = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: its moment, the plans, and the scenarios by priority, then id."""

    now: datetime
    plans: moves.Plans
    courses: tuple[Course, ...]
    #: what of a prospect some running scenario's audience, goal … or the grading reads
    watched: frozenset[str]
    chunk: int
    #: custom fields' types, by name
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> int:
        """The moment in microseconds."""
        return micros(self.now)

    @property
    def asked(self) -> Now:
        """The moment as conditions are asked."""
        return Now.of(self.plans.house, self.now)

    @property
    def running(self) -> tuple[Course, ...]:
        """The courses that run."""
        return tuple(course for course in self.courses if course.state == "running")

    def reached_by(self, course: Course) -> tuple[Course, ...]:
        """Return the courses into which a course's steps reach."""
        others = course.plan.others
        return tuple(other for other in self.courses if other.plan.key in others) if others else ()

    def course(self, scenario_id: int) -> Course | None:
        """Return a course by its number."""
        return next((course for course in self.courses if course.id == scenario_id), None)


class PlanChanged(Exception):
    """A scenario was applied, paused or stopped by somebody else: the plans at hand are old."""


def standing_conditions(plan: moves.Plan) -> tuple[Condition, ...]:
    """Return the conditions of a plan that are asked of everybody, not only at a step."""
    return tuple(c for c in (plan.audience, plan.suppress, plan.goal, plan.exit) if c is not None)


def moves_by_time(plan: moves.Plan) -> bool:
    """Tell whether a local midnight alone can change who enters, leaves or is held."""
    return any(changes_by_time(condition) for condition in standing_conditions(plan))


def grading_conditions(grading: moves.Grading) -> tuple[Condition, ...]:
    """Return every condition of the grading."""
    criteria = [c.condition for profile in grading.profiles.values() for c in profile]
    return (*criteria, *(condition for _, condition in grading.choices))


def open_tick(connection: Connection, plans: moves.Plans, now: datetime, chunk: int, custom: Mapping[str, str]) -> Tick:
    """Return the tick's view of the scenarios that run or are paused.

    A running scenario whose plan is broken is paused. Raises PlanChanged when the database holds another version
    than the plans.
    """
    rows = connection.execute(_open()).all()
    courses = []
    numbers = _numbers(connection, [row.id for row in rows])
    for row in rows:
        plan = plans.scenarios.get(row.key)
        if plan is None and row.key in plans.broken:
            pause_broken(connection, row.id, plans.broken[row.key], now)
            continue
        if plan is None or plan.version != row.version:
            raise PlanChanged(row.key)
        courses.append(_course(connection, row, plan, numbers[row.id]))
    courses.sort(key=lambda course: (-course.plan.priority, course.plan.key))
    asked = [c for course in courses for c in standing_conditions(course.plan)]
    watched = frozenset().union(*(facets(c) for c in (*asked, *grading_conditions(plans.grading))))
    watched = watched.union(*(follows(course.plan) for course in courses))
    return Tick(now, plans, tuple(courses), watched, chunk, custom)


@standing
def _open() -> Select[Any]:
    """Select the scenarios that run or are paused."""
    return select(t.scenarios).where(t.scenarios.c.state.in_(("running", "paused")))


def pause_broken(connection: Connection, scenario_id: int, reason: str, now: datetime) -> None:
    """Pause a running scenario that cannot be run and keep why, for ``engage status``."""
    s = t.scenarios
    values = {"state": "paused", "paused_at": micros(now), "fault": reason}
    connection.execute(update(s).values(values).where(s.c.id == scenario_id, s.c.state == "running"))


def _numbers(connection: Connection, scenario_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return each step's number by its key, for each scenario."""
    found: dict[int, dict[str, int]] = {}
    for scenario_id, key, number in run(connection, _steps(), None, ids=list(scenario_ids)):
        found.setdefault(scenario_id, {})[key] = number
    return found


@standing
def _steps() -> Select[Any]:
    s = t.steps
    return select(s.c.scenario_id, s.c.key, s.c.id).where(s.c.scenario_id.in_(many("ids")))


def _course(connection: Connection, row: Any, plan: moves.Plan, numbers: Mapping[str, int]) -> Course:
    return Course(
        id=row.id,
        plan=plan,
        state=row.state,
        paused_total=row.paused_total,
        pauses=_pauses(connection, row),
        numbers={step.key: numbers[step.key] for step in plan.steps},
        steps={numbers[step.key]: step for step in plan.steps},
        facets=_facets(plan),
        started=0 if row.started_at is None else micros(row.started_at),
        named=named_outcomes(connection, (numbers[step.key] for step in plan.steps if step.named)),
    )


def _facets(plan: moves.Plan) -> frozenset[str]:
    """Return what of a prospect decides about a scenario: who enters, who leaves, who is held."""
    again = frozenset((AGAIN,)) if plan.reentry is not None and plan.reentry.after is not None else frozenset()
    return again.union(follows(plan), *(facets(condition) for condition in standing_conditions(plan)))


def follows(plan: moves.Plan) -> frozenset[str]:
    """Return what of a prospect moves those who wait inside: fields, where a wait is for a field's day."""
    return frozenset(("field",)) if any(isinstance(step.act, moves.WaitDay) for step in plan.steps) else frozenset()


def _pauses(connection: Connection, row: Any) -> Pauses:
    """Return a scenario's pauses; most have none."""
    since = None if row.paused_at is None else micros(row.paused_at)
    return read_pauses(connection, row.id, since) if row.paused_total else Pauses((), since)


def course_of(connection: Connection, key: str, plans: moves.Plans) -> Course:
    """Return one scenario's plan beside its numbers."""
    row = connection.execute(select(t.scenarios).where(t.scenarios.c.key == key)).one()
    return _course(connection, row, plans.scenarios[key], _numbers(connection, (row.id,))[row.id])


def hold_courses(connection: Connection, courses: Sequence[Course]) -> None:
    """Share-lock the scenarios' rows for this transaction and check that they are as the tick saw them.

    Raises PlanChanged otherwise.
    """
    ids = [course.id for course in courses]
    rows = run(connection, _standing(is_postgres(connection)), None, ids=ids)
    found = {row.id: (row.state, row.version, row.paused_total) for row in rows}
    for course in courses:
        if found.get(course.id) != (course.state, course.plan.version, course.paused_total):
            raise PlanChanged(course.plan.key)


@standing
def _standing(locked: bool) -> Select[Any]:
    """Select what a tick must find as it saw it, of some scenarios."""
    s = t.scenarios
    asked = select(s.c.id, s.c.state, s.c.version, s.c.paused_total).where(s.c.id.in_(many("ids"))).order_by(s.c.id)
    return asked.with_for_update(read=True) if locked else asked
