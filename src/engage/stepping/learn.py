"""The first phase of a round: what happened is learnt, and wakes who waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Connection, Integer, Select, delete, func, insert, literal, select

from engage.intake.batch import batch
from engage.intake.inactivity import count_inactive
from engage.intake.learning import learn_chunk
from engage.intake.ledger import earned
from engage.intake.scoring import expire_due
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.packing import pack, unpacked
from engage.sql.scratch import analyse, clear, scratch
from engage.stepping.changes import touch
from engage.stepping.journeys import Course, Tick
from engage.stepping.transact import Hook, transact

#: Which trigger steps wait for which events, or for the hand-over of which e-mail steps.
listening = scratch(
    "listening",
    Column("step_id", Integer, primary_key=True, autoincrement=False),
    Column("heard_id", Integer, primary_key=True, autoincrement=False),
)
TIMERS = (int(TimerKind.INACTIVE), int(TimerKind.SETTLED))


def something_to_learn(connection: Connection, tick: Tick) -> bool:
    """Tell whether there is anything to learn at this moment."""
    for asked in (
        select(t.unlearnt.c.activity_id).where(t.unlearnt.c.occurred_at <= tick.now),
        select(t.expiries.c.entry_id).where(t.expiries.c.at <= tick.now),
        _timers(tick),
    ):
        if connection.execute(asked.limit(1)).first() is not None:
            return True
    return False


def _timers(tick: Tick) -> Select[tuple[int]]:
    return select(t.timers.c.id).where(t.timers.c.kind.in_(TIMERS), t.timers.c.due_at <= tick.at)


def learn(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:  # noqa: ARG001
    """Learn activities in the order they happened, then expiries, inactivity and settled messages."""
    chunks = 0
    for work in (_learn_activities, _expire, _count_inactivity, _hear_settled):
        while transact(connection, lambda w=work: w(connection, tick), hook, "learn"):  # type: ignore[misc]
            chunks += 1
    return chunks


def _learn_activities(connection: Connection, tick: Tick) -> bool:
    learnt = learn_chunk(connection, tick.plans, tick.now, tick.chunk)
    if learnt.counted:
        _wake(connection, tick)
        touch(connection, tick, "activity", select(batch.c.prospect_id))
        if learnt.scored:
            touch(connection, tick, "score", select(earned.c.prospect_id))
        if learnt.mailable:
            touch(connection, tick, "mailable", select(batch.c.prospect_id))
    return learnt.taken > 0


def _expire(connection: Connection, tick: Tick) -> bool:
    settled = expire_due(connection, tick.now, tick.chunk)
    if settled:
        touch(connection, tick, "score", select(earned.c.prospect_id))
    return settled > 0


def _count_inactivity(connection: Connection, tick: Tick) -> bool:
    ids = _claim(connection, tick, TimerKind.INACTIVE)
    if ids:
        count_inactive(connection, tick.plans, tick.now, ids)
        touch(connection, tick, "score", select(earned.c.prospect_id))
    return bool(ids)


def _claim(connection: Connection, tick: Tick, kind: TimerKind) -> list[int]:
    due = _timers(tick).with_only_columns(t.timers.c.id, t.timers.c.count).where(t.timers.c.kind == int(kind))
    claimed: list[int] = []
    held = 0
    for timer_id, count in connection.execute(due.order_by(t.timers.c.due_at, t.timers.c.id).limit(1_000)):
        if claimed and held + count > tick.chunk:
            break
        claimed.append(timer_id)
        held += count
    return claimed


def _hear_settled(connection: Connection, tick: Tick) -> bool:
    """Wake who waits at a trigger for messages that were handed over, cancelled or failed."""
    ids = _claim(connection, tick, TimerKind.SETTLED)
    if not ids:
        return False
    pairs = {
        (course.numbers[step.key], course.numbers[mail])
        for course, step, act in _triggers(tick)
        for mail in act.mails
        if mail in course.numbers
    }
    if _listen(connection, pairs):
        keys, m, e = unpacked(connection, ids), t.messages, t.enrolments
        joined = (
            keys.join(m, m.c.id == keys.c.key)
            .join(e, e.c.id == m.c.enrolment_id)
            .join(listening, (listening.c.step_id == e.c.step_id) & (listening.c.heard_id == m.c.step_id))
        )
        _write_wakes(connection, tick, select(e.c.id, e.c.scenario_id, e.c.step_id).select_from(joined))
    if "emailed" in tick.watched:
        keys, m = unpacked(connection, ids), t.messages
        touch(connection, tick, "emailed", select(m.c.prospect_id).select_from(keys.join(m, m.c.id == keys.c.key)))
    connection.execute(delete(t.timers).where(t.timers.c.id.in_(ids)))
    return True


def _triggers(tick: Tick) -> Iterable[tuple[Course, moves.Step, moves.Trigger]]:
    for course in tick.courses:
        for step in course.plan.steps:
            if isinstance(step.act, moves.Trigger):
                yield course, step, step.act


def _listen(connection: Connection, pairs: set[tuple[int, int]]) -> bool:
    """Fill ``listening``; tell whether anybody listens."""
    clear(connection, listening)
    if pairs:
        connection.execute(insert(listening), [{"step_id": step, "heard_id": heard} for step, heard in sorted(pairs)])
        analyse(connection, listening)
    return bool(pairs)


def _wake(connection: Connection, tick: Tick) -> None:
    """Wake who waits at a trigger for an event of the batch; their own predicate decides (hole 4)."""
    names = {event for _, _, act in _triggers(tick) if not act.patient for one in act.events for event in one.types}
    w = t.words
    known = select(w.c.text, w.c.id).where(w.c.kind == "event", w.c.text.in_(names))
    numbers = dict(connection.execute(known).all())
    pairs = {
        (course.numbers[step.key], numbers[event])
        for course, step, act in _triggers(tick)
        if not act.patient
        for one in act.events
        for event in one.types
        if event in numbers
    }
    if not _listen(connection, pairs):
        return
    e = t.enrolments
    joined = batch.join(e, e.c.prospect_id == batch.c.prospect_id).join(
        listening, (listening.c.step_id == e.c.step_id) & (listening.c.heard_id == batch.c.type_id)
    )
    _write_wakes(connection, tick, select(e.c.id, e.c.scenario_id, e.c.step_id).select_from(joined))


def _write_wakes(connection: Connection, tick: Tick, found: Select[tuple[int, int, int]]) -> None:
    """Write timers due now for active enrolments."""
    who = found.where(t.enrolments.c.state == int(RunState.ACTIVE)).distinct().subquery()
    values = select(
        literal(int(TimerKind.WAKE)), literal(tick.at, BigInteger()), who.c.scenario_id, who.c.step_id, func.count(),
        pack(connection, who.c.id),
    ).group_by(who.c.scenario_id, who.c.step_id)  # fmt: skip
    names: Sequence[str] = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
    connection.execute(insert(t.timers).from_select(names, values))
