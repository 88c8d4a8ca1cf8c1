"""The phases of a round: looking at who changed, and stepping what is due, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, literal, or_, select

from engage.intake.grading import regrade, regraded
from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.cohort import cohort, looked
from engage.sql.packing import is_postgres, unpacked
from engage.sql.scratch import analyse, clear
from engage.stepping.advance import advance, is_data_fault
from engage.stepping.changes import touch
from engage.stepping.journeys import Course, Tick, hold_courses
from engage.stepping.learn import something_to_learn
from engage.stepping.look import fill_span, go_on, look_at_all, look_at_changed, time_the_new
from engage.stepping.transact import Hook, transact
from engage.stepping.walk import Walk

STEPPING = (int(TimerKind.STEP), int(TimerKind.WAKE))
#: A chunk gathers at most this many timers.
MOST_TIMERS = 5_000


def is_due(connection: Connection, tick: Tick, phase: str) -> bool:
    """Tell whether a phase has anything to do."""
    if phase == "learn":
        return something_to_learn(connection, tick)
    kinds = STEPPING if phase == "step" else (int(TimerKind.CHANGED), int(TimerKind.LOOK))
    return connection.scalar(_due(tick, kinds).limit(1)) is not None


def _due(tick: Tick, kinds: Sequence[int]):  # type: ignore[no-untyped-def]
    """Return a SELECT of due timers' keys; timers of scenarios that do not run wait."""
    timers = t.timers
    running = [course.id for course in tick.running]
    mine = or_(timers.c.scenario_id.is_(None), timers.c.scenario_id.in_(running))
    return select(timers.c.id).where(timers.c.kind.in_(kinds), timers.c.due_at <= tick.at, mine)


def look_phase(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:
    """Look at everybody who changed, and at all for scenarios that ask it; return the number of chunks."""
    chunks = 0
    while work := transact(connection, lambda: _look_chunk(connection, tick, last), hook, "look"):
        chunks += work
    return chunks


def _look_chunk(connection: Connection, tick: Tick, last: int) -> int:
    """Do one chunk of looking; timers written in this phase are left for the next round."""
    timers = t.timers
    row = connection.execute(
        _due(tick, (int(TimerKind.LOOK),)).with_only_columns(timers.c.id, timers.c.scenario_id, timers.c.after_id)
        .where(timers.c.id <= last).order_by(timers.c.id).limit(1)
    ).one_or_none()  # fmt: skip
    if row is not None:
        course = tick.course(row.scenario_id) if row.scenario_id is not None else None
        if course is None:
            _regrade_span(connection, tick, row.id, row.after_id)
        else:
            look_at_all(connection, tick, row.id, course, row.after_id)
        return 1
    ids = _claim(connection, _due(tick, (int(TimerKind.CHANGED),)).where(timers.c.id <= last), tick.chunk)
    if not ids:
        return 0
    look_at_changed(connection, tick, ids)
    return 1


def _regrade_span(connection: Connection, tick: Tick, timer_id: int, after_id: int) -> None:
    clear(connection, looked)
    span = fill_span(connection, after_id, tick.chunk)
    if span is not None:
        regrade(connection, tick.plans, tick.now, select(looked.c.prospect_id))
        time_the_new(connection, tick)
        touch(connection, tick, "grade", select(regraded.c.prospect_id))
    go_on(connection, timer_id, span, tick.chunk)


def _claim(connection: Connection, due, most: int) -> list[int]:  # type: ignore[no-untyped-def]
    """Return the keys of due timers that together hold about a chunk, and lock them."""
    chosen = due.with_only_columns(t.timers.c.id, t.timers.c.count).order_by(t.timers.c.due_at, t.timers.c.id)
    chosen = chosen.limit(MOST_TIMERS)
    if is_postgres(connection):
        chosen = chosen.with_for_update(skip_locked=True)
    claimed: list[int] = []
    held = 0
    for timer_id, count in connection.execute(chosen):
        if claimed and held + count > most:
            break
        claimed.append(timer_id)
        held += count
    return claimed


def step_phase(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:
    """Step all that is due, scenarios by priority, then id; return the number of chunks."""
    chunks = 0
    for course in tick.running:
        while work := _step_chunk(connection, tick, course, last, hook):
            chunks += work
    return chunks


def _step_chunk(connection: Connection, tick: Tick, course: Course, last: int, hook: Hook) -> int:
    """Claim some timers and step who is in them; a chunk that fails by its data is halved."""
    due = _due(tick, STEPPING).where(t.timers.c.scenario_id == course.id, t.timers.c.id <= last)
    claimed: list[int] = []

    def work() -> int:
        claimed[:] = _claim(connection, due, tick.chunk)
        if claimed:
            step_timers(connection, tick, course, claimed)
        return len(claimed)

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
    hold_courses(connection, (course,))
    fill_cohort(connection, course, timer_ids)
    analyse(connection, cohort)
    connection.execute(delete(t.timers).where(t.timers.c.id.in_(timer_ids)))
    advance(Walk(connection, tick, course, guarded=guarded))


def fill_cohort(connection: Connection, course: Course, timer_ids: Sequence[int]) -> None:
    """Fill the cohort with the enrolments of timers that still stand at the timer's step and are not held."""
    e, keys = t.enrolments, unpacked(connection, timer_ids)
    values = (
        select(
            e.c.id, e.c.prospect_id, e.c.step_id, e.c.step_id * 4 + e.c.phase, e.c.moves, literal(0), e.c.entered_at,
            e.c.arrived_at, course.pauses.real_of(e.c.due_at),
        )
        .select_from(keys.join(e, e.c.id == keys.c.key))
        .where(e.c.scenario_id == course.id, e.c.step_id == keys.c.step_id, e.c.state == int(RunState.ACTIVE))
        .order_by(e.c.id)
    )  # fmt: skip
    names = ["id", "prospect_id", "step_id", "place", "moves", "written", "entered_at", "arrived_at", "due_at"]
    if len(timer_ids) > 1:
        values = values.distinct()
    connection.execute(insert(cohort).from_select(names, values))


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
