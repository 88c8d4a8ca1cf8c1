"""Entry by event: what is learnt lets prospects in, in the round that learns it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Select,
    and_,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from engage.clock import micros
from engage.intake.batch import batch, types_present
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.cohort import arrivals
from engage.sql.having import named
from engage.sql.packing import pack, unpacked
from engage.sql.scratch import clear
from engage.sql.standing import NOW, big, many, run, standing, whole
from engage.stepping.enrol import begin_runs
from engage.stepping.journeys import Course, Tick, hold_courses
from engage.stepping.reentry import length_of
from engage.stepping.span import span_of

_Kinds = tuple[tuple[str, int], ...]


def hear_entries(connection: Connection, tick: Tick) -> None:
    """Note the events of the batch that let one enter a running scenario: the look of this round decides."""
    courses = [course for course in tick.running if course.plan.on]
    present = types_present(connection) if courses else {}
    for course in courses:
        events = tuple(event for event in course.plan.on if any(name in present for name in event.types))
        if events:
            heard = _Heard(events, tuple((name, present[name]) for name in _names(events) if name in present))
            low, high = _span(course)
            noted = _noted(connection.dialect.name, heard)
            run(connection, noted, tick.asked, scenario=course.id, low=low, high=high)


def _names(events: Sequence[moves.Event]) -> Iterator[str]:
    yield from dict.fromkeys(name for event in events for name in event.types)


def _span(course: Course) -> tuple[int, int]:
    """Return from when on, and before when, an event lets one in: after the start, within the schedule."""
    window = course.plan.window
    low = course.started if window.start is None else max(course.started, micros(window.start))
    return low, 2**62 if window.end is None else micros(window.end)


@dataclass(frozen=True, slots=True)
class _Heard:
    """The events a scenario listens for, and the numbers of their types."""

    events: tuple[moves.Event, ...]
    numbers: _Kinds

    @property
    def happened(self) -> ColumnElement[bool]:
        """Whether an activity of the batch is one of them."""
        return or_(false(), *(self._is(event) for event in self.events))

    def _is(self, event: moves.Event) -> ColumnElement[bool]:
        numbers, a = dict(self.numbers), t.activities
        tests: list[ColumnElement[bool]] = [
            batch.c.type_id.in_([numbers[name] for name in event.types if name in numbers])
        ]
        if event.targets:
            tests.append(named(batch.c.target_id, event.targets))
        if event.links:
            here = select(1).where(a.c.id == batch.c.activity_id, named(a.c.link_id, event.links))
            tests.append(exists(here))
        return and_(*tests)


@standing
def _noted(database: str, heard: _Heard) -> Insert:
    """Write a timer that has the events looked at which lie in the span."""
    at = type_coerce(batch.c.occurred_at, BigInteger)
    values = select(
        literal(int(TimerKind.ENTER)), NOW, whole("scenario"), func.count(), pack(database, batch.c.activity_id)
    ).where(at >= big("low"), at < big("high"), heard.happened)  # fmt: skip
    names = ["kind", "due_at", "scenario_id", "count", "ids"]
    return insert(t.timers).from_select(names, values.having(func.count() > 0))


def enter_by_event(connection: Connection, tick: Tick, course: Course, timer_ids: Sequence[int]) -> None:
    """Begin a run for those whom the events of some timers let in; several events make one run, the first counts."""
    if not course.plan.on:
        return
    clear(connection, arrivals)
    hold_courses(connection, (course,))
    reentry = course.plan.reentry
    length = None if reentry is None or reentry.after is None else length_of(reentry)
    run(connection, _arrived(connection.dialect.name, length), tick.asked, timers=timer_ids, scenario=course.id)
    span = span_of(connection, arrivals)
    if span is not None:
        begin_runs(connection, tick, course, span)


@standing
def _arrived(database: str, length: int | None) -> Insert:
    """Fill ``arrivals``; an event that comes before ``length`` has passed since the end of a run is lost."""
    a, e = t.activities, t.enrolments
    keys, at = unpacked(database, many("timers")), type_coerce(a.c.occurred_at, BigInteger)
    order = func.row_number().over(partition_by=a.c.prospect_id, order_by=(at, a.c.id))
    known = keys.join(a, a.c.id == keys.c.key).join(t.standings, t.standings.c.prospect_id == a.c.prospect_id)
    each = select(a.c.prospect_id, a.c.id, at.label("at"), order.label("place")).select_from(known)
    if length is not None:
        mine = (e.c.prospect_id == a.c.prospect_id, e.c.scenario_id == whole("scenario"))
        ended = type_coerce(e.c.ended_at, BigInteger) + literal(length, BigInteger)
        each = each.where(not_(exists(select(1).where(*mine, ended > at))))
    first = each.subquery("each_event")
    chosen = select(first.c.prospect_id, first.c.id, first.c.at).where(first.c.place == 1)
    return insert(arrivals).from_select([column.name for column in arrivals.c], chosen)


@standing
def next_entry(running: tuple[int, ...]) -> Select[Any]:
    """Select the scenario of the first events that may let one enter, of timers up to the ``last``."""
    timers = t.timers
    due = (timers.c.kind == int(TimerKind.ENTER), timers.c.due_at <= NOW, timers.c.id <= big("last"))
    mine = timers.c.scenario_id.in_(running)
    return select(timers.c.scenario_id).where(*due, mine).order_by(timers.c.id).limit(1)
