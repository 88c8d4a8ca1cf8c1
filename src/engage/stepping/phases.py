"""The phases of a round: looking at who changed, and stepping what is due, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, delete, insert, literal, or_, select

from engage.intake.grading import regrade, regraded
from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.cohort import COHORT, cohort, keys_of, looked
from engage.sql.packing import unpacked
from engage.sql.rows import chunk_of
from engage.sql.scratch import analyse, clear
from engage.sql.standing import NOW, big, many, run, same_scenario, standing
from engage.stepping.advance import advance, is_data_fault
from engage.stepping.changes import touch
from engage.stepping.faults import blamed, pausing
from engage.stepping.journeys import Course, Tick, hold_courses
from engage.stepping.learn import something_to_learn
from engage.stepping.look import done_timers, go_on, look_at_all, look_at_changed, time_the_new
from engage.stepping.on_event import enter_by_event, next_entry
from engage.stepping.pauses import Pauses
from engage.stepping.sending import something_to_send
from engage.stepping.span import fill_span
from engage.stepping.transact import Hook, silent, transact
from engage.stepping.walk import Walk

STEPPING = (int(TimerKind.STEP), int(TimerKind.WAKE))
LOOKING = (int(TimerKind.CHANGED), int(TimerKind.LOOK), int(TimerKind.ENTER))
#: A chunk gathers at most this many timers.
MOST_TIMERS = 5_000


def is_due(connection: Connection, tick: Tick, phase: str) -> bool:
    """Tell whether a phase has anything to do."""
    if phase == "learn":
        return something_to_learn(connection, tick)
    if phase == "send":
        return something_to_send(connection, tick)
    due = Due(STEPPING if phase == "step" else LOOKING, _running(tick))
    return run(connection, _any_due(due), tick.asked).scalar() is not None


def _running(tick: Tick) -> tuple[int, ...]:
    return tuple(course.id for course in tick.running)


@dataclass(frozen=True, slots=True)
class Due:
    """Due timers of some kinds, of some scenarios or of none; those of scenarios that do not run wait."""

    kinds: tuple[int, ...]
    scenarios: tuple[int, ...]

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Select them."""
        timers = t.timers
        mine = or_(timers.c.scenario_id.is_(None), timers.c.scenario_id.in_(self.scenarios))
        return select(*columns).where(timers.c.kind.in_(self.kinds), timers.c.due_at <= NOW, mine)


@standing
def _any_due(due: Due) -> Select[Any]:
    return due.select(t.timers.c.id).limit(1)


@standing
def _next_look(due: Due) -> Select[Any]:
    timers = t.timers
    chosen = due.select(timers.c.id, timers.c.scenario_id, timers.c.after_id).where(timers.c.id <= big("last"))
    return chosen.order_by(timers.c.id).limit(1)


@standing
def _claimable(database: str, due: Due) -> Select[Any]:
    """Select due timers up to the ``last``, soonest first, locked."""
    timers = t.timers
    chosen = due.select(timers.c.id, timers.c.count).where(timers.c.id <= big("last"))
    chosen = chosen.order_by(timers.c.due_at, timers.c.id).limit(MOST_TIMERS)
    return chosen.with_for_update(skip_locked=True) if database == "postgresql" else chosen


def look_phase(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:
    """Look at everybody who changed, and at all for scenarios that ask it; return the number of chunks."""
    chunks = 0
    look = partial(transact, connection, partial(_look_chunk, connection, tick, last), hook, "look")
    while work := pausing(connection, tick, hook, look):
        chunks += work
    return chunks


def _look_chunk(connection: Connection, tick: Tick, last: int) -> int:
    """Do one chunk of looking; timers written in this phase are left for the next round."""
    running = _running(tick)
    looks = _next_look(Due((int(TimerKind.LOOK),), running))
    row = run(connection, looks, tick.asked, last=last).one_or_none()
    if row is not None:
        course = tick.course(row.scenario_id) if row.scenario_id is not None else None
        if course is None:
            _regrade_span(connection, tick, row.id, row.after_id)
        else:
            look_at_all(connection, tick, row.id, course, row.after_id)
        return 1
    ids = _claim(connection, tick, Due((int(TimerKind.CHANGED),), running), last)
    if not ids:
        return _let_in(connection, tick, last)
    look_at_changed(connection, tick, ids)
    return 1


def _let_in(connection: Connection, tick: Tick, last: int) -> int:
    """Let one scenario's events let prospects in, after all who changed were looked at."""
    scenario_id = run(connection, next_entry(_running(tick)), tick.asked, last=last).scalar()
    course = None if scenario_id is None else tick.course(scenario_id)
    if course is None:
        return 0
    ids = _claim(connection, tick, Due((int(TimerKind.ENTER),), (course.id,)), last)
    with blamed(course):
        enter_by_event(connection, tick, course, ids)
    run(connection, done_timers(), tick.asked, timers=ids)
    return 1


def _regrade_span(connection: Connection, tick: Tick, timer_id: int, after_id: int) -> None:
    clear(connection, looked)
    span = fill_span(connection, after_id, tick.chunk)
    if span is not None:
        regrade(connection, tick.plans, tick.now, keys_of(looked), span.keys)
        time_the_new(connection, tick)
        touch(connection, tick, "grade", keys_of(regraded))
    go_on(connection, timer_id, span, tick.chunk)


def _claim(connection: Connection, tick: Tick, timers: Due, last: int) -> list[int]:
    """Return the keys of due timers that together hold about a chunk, and lock them."""
    due = run(connection, _claimable(connection.dialect.name, timers), tick.asked, last=last)
    return chunk_of(due, tick.chunk)


def step_phase(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:
    """Step all that is due, scenarios by priority, then id; return the number of chunks."""
    chunks = 0
    due = _scenarios_due(Due(STEPPING, _running(tick)))
    some = transact(connection, lambda: set(run(connection, due, tick.asked, last=last).scalars()), silent, "due")
    for course in tick.running:
        step = partial(_step_chunk, connection, tick, course, last, hook)
        while course.id in some and (work := pausing(connection, tick, hook, step)):
            chunks += work
    return chunks


@standing
def _scenarios_due(due: Due) -> Select[Any]:
    """Select the scenarios with timers that are due, up to the ``last``."""
    timers = t.timers
    return due.select(timers.c.scenario_id).where(timers.c.id <= big("last")).distinct()


def _step_chunk(connection: Connection, tick: Tick, course: Course, last: int, hook: Hook) -> int:
    """Claim some timers and step who is in them; a chunk that fails by its data is halved.

    Return the number of chunks; none when nothing is left to claim.
    """
    claimed: list[int] = []

    def work() -> int:
        claimed[:] = _claim(connection, tick, Due(STEPPING, (course.id,)), last)
        if claimed:
            step_timers(connection, tick, course, claimed)
        return 1 if claimed else 0

    with blamed(course):
        try:
            return transact(connection, work, hook, "step")
        except Exception as error:
            if not is_data_fault(error):
                raise
            return 1 + step_apart(connection, tick, course, list(claimed), hook)


def step_timers(
    connection: Connection, tick: Tick, course: Course, timer_ids: Sequence[int], *, guarded: bool = False
) -> None:
    """Step the enrolments of some timers; the timers are done."""
    clear(connection, cohort)
    hold_courses(connection, (course, *tick.reached_by(course)))
    filling = _filled(connection.dialect.name, course.pauses, distinct=len(timer_ids) > 1)
    run(connection, filling, tick.asked, timers=timer_ids, scenario=course.id)
    analyse(connection, cohort)
    run(connection, done_timers(), tick.asked, timers=timer_ids)
    advance(Walk(connection, tick, course, guarded=guarded))


@standing
def _filled(database: str, pauses: Pauses, *, distinct: bool) -> Insert:
    """Fill the cohort with the enrolments of timers that still stand at the timer's step and are not held."""
    e, keys = t.enrolments, unpacked(database, many("timers"))
    values = (
        select(
            e.c.id, e.c.prospect_id, e.c.step_id, e.c.step_id * 4 + e.c.phase, e.c.moves, literal(0), e.c.entered_at,
            e.c.arrived_at, pauses.real_of(e.c.due_at),
        )
        .select_from(keys.join(e, e.c.id == keys.c.key))
        .where(same_scenario(database, e.c.scenario_id), e.c.step_id == keys.c.step_id)
        .where(e.c.state == int(RunState.ACTIVE))
        .order_by(e.c.id)
    )  # fmt: skip
    return insert(cohort).from_select(COHORT, values.distinct() if distinct else values)


def step_apart(connection: Connection, tick: Tick, course: Course, timer_ids: list[int], hook: Hook) -> int:
    """Step timers that failed together one by one, and a timer's enrolments by halves, down to the one at fault."""
    chunks = 0
    if len(timer_ids) > 1:
        middle = len(timer_ids) // 2
        for half in (timer_ids[:middle], timer_ids[middle:]):
            try:
                transact(connection, lambda h=half: step_timers(connection, tick, course, h), hook, "step")  # type: ignore[misc]
                chunks += 1
            except Exception as error:
                if not is_data_fault(error):
                    raise
                chunks += step_apart(connection, tick, course, half, hook)
        return chunks
    halves = transact(connection, lambda: _halve(connection, timer_ids[0]), hook, "halve")
    if len(halves) == 1:
        transact(connection, lambda: step_timers(connection, tick, course, halves, guarded=True), hook, "step")
        return 1
    return step_apart(connection, tick, course, halves, hook)


def _halve(connection: Connection, timer_id: int) -> list[int]:
    """Make two timers of one; a timer of one enrolment stays. Return the keys."""
    timers = t.timers
    row = connection.execute(select(timers).where(timers.c.id == timer_id)).one()
    if len(row.ids) <= 1:
        return [timer_id]
    middle = len(row.ids) // 2
    kept = {"kind": row.kind, "due_at": row.due_at, "scenario_id": row.scenario_id, "step_id": row.step_id}
    connection.execute(delete(timers).where(timers.c.id == timer_id))
    halves = (row.ids[:middle], row.ids[middle:])
    made = [insert(timers).values(**kept, count=len(ids), ids=list(ids)).returning(timers.c.id) for ids in halves]
    return [connection.scalars(statement).one() for statement in made]
