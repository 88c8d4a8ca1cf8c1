"""The way of a chunk through a plan: cohorts of enrolments, told apart by what they have passed in this tick.

The cohort's rows never carry their path: a ``Place`` here in Python stands for all rows that passed the same steps.
A step with one way out costs no statement on the cohort; a rule or trigger costs one update for those who leave
the common way. Visits are written at the end, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Select, Update, func, select, update

from engage.language.conditions import Condition
from engage.plan.moves import Step, Trigger
from engage.sql.asked import Now
from engage.sql.codes import CUT_SHORT, Outcome, Phase
from engage.sql.cohort import cohort
from engage.sql.predicates import holds
from engage.sql.standing import NOW, Rows, near, run, standing, whole
from engage.stepping.journeys import Course, Tick

#: Numbers of places made on the way begin here; below are the places where a chunk starts.
FIRST_NUMBER = 2**30
#: More places than this at one step are brought together, so that their number stays small.
MOST_PLACES = 4

T = TypeVar("T")
Fate = Literal["moving", "resting", "unchanged", "ended"]


@dataclass(frozen=True)
class Asks(Generic[T]):
    """Something that is asked of the cohort's rows, told by what makes it: equal ones share one statement."""

    make: Callable[..., ColumnElement[T]]
    of: tuple[Hashable, ...] = ()

    def __call__(self) -> ColumnElement[T]:
        """Return it as SQL; the moment is ``standing.NOW``."""
        return self.make(*self.of)


Test = Asks[bool]
Moment = Asks[int]


def inside(condition: Condition, rules: Now) -> ColumnElement[bool]:
    """Return whether a condition holds for the prospect of a row."""
    return holds(condition, cohort.c.prospect_id, rules, near=near)


def is_due() -> ColumnElement[bool]:
    """Return whether the moment of a row has come."""
    return cohort.c.due_at <= NOW


def is_early() -> ColumnElement[bool]:
    """Return whether the moment of a row is still to come."""
    return cohort.c.due_at > NOW


DUE, EARLY = Test(is_due), Test(is_early)


@standing
def _bounds(*, grouped: bool) -> Select[Any]:
    """Select the smallest and largest place, arrival, due moment and keys of the cohort, and how many rows it has."""
    columns = (cohort.c.place, cohort.c.arrived_at, cohort.c.due_at, cohort.c.id, cohort.c.prospect_id)
    asked = select(*(bound(column) for column in columns for bound in (func.min, func.max)), func.count())
    return asked.group_by(cohort.c.place) if grouped else asked.select_from(cohort)


@standing
def _divided(test: Test) -> Update:
    return update(cohort).values(place=whole("there")).where(cohort.c.place == whole("here"), test())


@dataclass(frozen=True, slots=True)
class Passage:
    """One step passed in this tick."""

    step_id: int
    #: an Outcome, or the number of a named one
    outcome: int
    reason: str | None = None


@dataclass(slots=True)
class Place:
    """All rows of the cohort that stand at one step and passed the same steps in this tick."""

    number: int
    step: str
    phase: Phase
    count: int
    passed: tuple[Passage, ...] = ()
    #: some passages were written already; the rest began at this tick's moment
    written: int = 0
    fate: Fate = "moving"
    #: the due moment of those who rest here, in real microseconds; None: each row's own
    due: int | None = None
    #: the rows' own due moments have changed
    retimed: bool = False
    #: when all rows arrived here, if that was one moment for all
    arrived: int | None = None
    #: events of which it is known in this tick that they did not happen
    cleared: frozenset[Trigger] = frozenset()
    #: the earliest and the latest moment at which rows here are due, where that is known
    due_from: int | None = None
    due_to: int | None = None

    @property
    def moved(self) -> bool:
        """Whether any step was passed."""
        return bool(self.passed) or self.written > 0


@dataclass(slots=True)
class Walk:
    """A chunk on its way."""

    connection: Connection
    tick: Tick
    course: Course
    places: dict[int, Place] = field(default_factory=dict)
    number: int = FIRST_NUMBER
    #: the lowest and the highest key of the chunk's enrolments and prospects
    keys: dict[str, int] = field(default_factory=dict)
    #: one enrolment only: a step that fails by its data is failed, not the chunk
    guarded: bool = False

    @property
    def database(self) -> str:
        """The kind of the database: sqlite or postgresql."""
        return self.connection.dialect.name

    def start(self) -> None:
        """Find the places where the cohort's rows stand; their numbers were set when they were claimed."""
        rows = self.run(_bounds(grouped=False)).all()
        self.keys = dict(zip(("low_id", "high_id", "low_who", "high_who"), rows[0][6:10], strict=True))
        if rows[0][0] != rows[0][1]:
            rows = self.run(_bounds(grouped=True)).all()
        for row in rows:
            if row[-1]:
                self._start_at(row)

    def run(self, statement: Executable, **values: object) -> Rows:
        """Run a standing statement at this tick's moment."""
        return run(self.connection, statement, self.tick.asked, **self.keys, **values)

    def _start_at(self, row: Sequence[int]) -> None:
        number, _, first, last, due_from, due_to, *_, count = row
        step = self.course.steps[number // 4]
        arrived = first if first == last else None
        place = Place(number, step.key, Phase(number % 4), count, arrived=arrived, due_from=due_from, due_to=due_to)
        self.places[number] = place

    def at(self, step: Step) -> list[Place]:
        """Return the places that stand at a step and are not empty."""
        return [p for p in self.places.values() if p.step == step.key and p.fate == "moving" and p.count > 0]

    def divide(self, place: Place, test: Test) -> Place:
        """Part the rows that pass a test from a place; return their new place, which may be empty."""
        self.number += 1
        moved = self.run(_divided(test), here=place.number, there=self.number)
        new = replace(place, number=self.number, count=moved.rowcount)
        place.count -= moved.rowcount
        if new.count:
            self.places[new.number] = new
        return new

    def passes(
        self, step: Step, places: Iterable[Place], outcome: int, way: str = "", reason: str | None = None
    ) -> None:
        """Let all rows of some places leave a step by one of its ways."""
        target = None if outcome == Outcome.LEFT else step.way(way)
        passage = Passage(self.course.numbers[step.key], outcome, reason)
        for place in places:
            place.passed = (*place.passed, passage)
            place.phase = Phase.ARRIVES
            if target is None:
                place.fate = "ended"
            else:
                place.step = target

    def breaks_off(self, step: Step, place: Place, target: str | None) -> None:
        """Let all rows of a place leave a step unfinished, because a loop around it has ended."""
        if place.count:
            self.passes(step, [place], Outcome.SKIPPED, step.ways[0][0], CUT_SHORT)
            place.fate, place.step = ("ended" if target is None else "moving"), target or step.key

    def leave(
        self,
        step: Step,
        places: Iterable[Place],
        test: Test,
        outcome: int,
        way: str = "",
        reason: str | None = None,
    ) -> list[Place]:
        """Let the rows that pass a test leave a step; return the places of the rest."""
        rest = []
        for place in places:
            if place.count == 0:
                continue
            gone = self.divide(place, test)
            if gone.count:
                self.passes(step, [gone], outcome, way, reason)
            if place.count:
                rest.append(place)
        return rest

    def leave_due(self, step: Step, places: Iterable[Place], outcome: int, way: str = "") -> list[Place]:
        """Let the rows leave whose moment has come; return the places of the rest.

        Where all or none are due no statement is needed.
        """
        rest, now = [], self.tick.at
        for place in places:
            if place.due_to is not None and place.due_to <= now:
                self.passes(step, [place], outcome, way)
            elif place.due_from is not None and place.due_from > now:
                rest.append(place)
            else:
                rest += self.leave(step, [place], DUE, outcome, way)
        return [place for place in rest if place.count]

    @staticmethod
    def rests(places: Iterable[Place], phase: Phase, due: int | None) -> None:
        """Let all rows of some places wait where they are, until a moment or each its own."""
        for place in places:
            place.fate, place.phase, place.due = "resting", phase, due

    def waits_on(self, places: Iterable[Place], phase: Phase) -> None:
        """Let all rows of some places wait on where they are, each until its own moment."""
        for place in places:
            if place.retimed:
                self.rests([place], phase, None)
            else:
                place.fate = "unchanged"

    def comes_now(self, place: Place) -> bool:
        """Tell whether all rows of a place arrive at its step in this tick; who was moved by an edit came before."""
        return place.moved or place.arrived == self.tick.at

    def outcome(self, step: Step, name: str) -> int:
        """Return what stands in visits for a named outcome of a switch or a split."""
        return self.course.named[self.course.numbers[step.key]][name]

    def mails(self, keys: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of e-mail steps, for statements."""
        return tuple(self.course.numbers[key] for key in keys)

    def numbers_of(self, places: Iterable[Place]) -> tuple[int, ...]:
        """Return the numbers of places, for statements."""
        return tuple(place.number for place in places)
