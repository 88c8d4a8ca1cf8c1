"""The first phase of a round: what happened is learnt, and wakes who waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Insert,
    Integer,
    Select,
    delete,
    insert,
    select,
    type_coerce,
)

from engage.intake.batch import batch
from engage.intake.inactivity import count_inactive
from engage.intake.learning import learn_chunk
from engage.intake.ledger import earned
from engage.intake.scoring import expire_due
from engage.intake.settling import is_due, settle_chunk
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.cohort import keys_of
from engage.sql.packing import unpacked
from engage.sql.rows import chunk_of, into_timers, timer
from engage.sql.scratch import analyse, clear, scratch, spanned
from engage.sql.standing import NOW, many, run, small, standing
from engage.stepping.changes import touch
from engage.stepping.journeys import Course, Tick
from engage.stepping.on_event import hear_entries
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
    return any(run(connection, _first(n), tick.asked).first() is not None for n in range(4))


@standing
def _first(number: int) -> Select[Any]:
    """Select one activity, one expiry, one timer or one event on a public page that is to be learnt of."""
    u, x, timers = t.unlearnt, t.expiries, t.timers
    asked = (
        select(u.c.activity_id).where(type_coerce(u.c.occurred_at, BigInteger) <= NOW),
        select(x.c.entry_id).where(type_coerce(x.c.at, BigInteger) <= NOW),
        select(timers.c.id).where(timers.c.kind.in_(TIMERS), timers.c.due_at <= NOW),
        select(t.heard.c.id).where(is_due()),
    )
    return asked[number].limit(1)


def learn(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:  # noqa: ARG001
    """Learn activities in the order they happened, then expiries, inactivity and settled messages."""
    chunks = 0
    for work in (_settle, _learn_activities, _expire, _count_inactivity, _hear_settled):
        more = True
        while more:
            more = transact(connection, lambda w=work: w(connection, tick), hook, "learn")  # type: ignore[misc]
            chunks += 1
    return chunks


def _settle(connection: Connection, tick: Tick) -> bool:
    """Make activities of a chunk of what the public pages heard; tell whether there is more."""
    return settle_chunk(connection, tick.plans, tick.now, tick.chunk) >= tick.chunk


def _learn_activities(connection: Connection, tick: Tick) -> bool:
    """Learn a chunk of activities; tell whether there are more."""
    learnt = learn_chunk(connection, tick.plans, tick.now, tick.chunk)
    if learnt.counted:
        _wake(connection, tick)
        hear_entries(connection, tick)
        touch(connection, tick, "activity", keys_of(batch))
        if learnt.scored:
            touch(connection, tick, "score", keys_of(earned))
        if learnt.mailable:
            touch(connection, tick, "mailable", keys_of(batch))
    return learnt.taken >= tick.chunk


def _expire(connection: Connection, tick: Tick) -> bool:
    settled = expire_due(connection, tick.now, tick.chunk)
    if settled:
        touch(connection, tick, "score", keys_of(earned))
    return settled >= tick.chunk


def _count_inactivity(connection: Connection, tick: Tick) -> bool:
    ids = _claim(connection, tick, TimerKind.INACTIVE)
    if ids:
        count_inactive(connection, tick.plans, tick.now, ids)
        touch(connection, tick, "score", keys_of(earned))
    return bool(ids)


def _claim(connection: Connection, tick: Tick, kind: TimerKind) -> list[int]:
    return chunk_of(run(connection, _claimable(), tick.asked, kind=int(kind)), tick.chunk)


@standing
def _claimable() -> Select[Any]:
    timers = t.timers
    due = select(timers.c.id, timers.c.count).where(timers.c.kind == small("kind"), timers.c.due_at <= NOW)
    return due.order_by(timers.c.due_at, timers.c.id).limit(1_000)


def _hear_settled(connection: Connection, tick: Tick) -> bool:
    """Wake who waits at a trigger for messages that were handed over, cancelled or failed."""
    ids, database = _claim(connection, tick, TimerKind.SETTLED), connection.dialect.name
    if not ids:
        return False
    pairs = {
        (course.numbers[step.key], course.numbers[mail])
        for course, step, act in _triggers(tick)
        for mail in act.mails
        if mail in course.numbers
    }
    if _listen(connection, pairs):
        run(connection, _woken(database, _waiting_for_mail(database)), tick.asked, timers=ids)
    touch(connection, tick, "emailed", _mailed(database), timers=ids)
    connection.execute(delete(t.timers).where(t.timers.c.id.in_(ids)))
    return True


@standing
def _waiting_for_mail(database: str) -> Select[Any]:
    """Select the enrolments at a trigger that listens for one of the messages packed in some timers."""
    keys, m, e = unpacked(database, many("timers")), t.messages, t.enrolments
    joined = (
        keys.join(m, m.c.id == keys.c.key)
        .join(e, e.c.id == m.c.enrolment_id)
        .join(listening, (listening.c.step_id == e.c.step_id) & (listening.c.heard_id == m.c.step_id))
    )
    return select(e.c.id, e.c.scenario_id, e.c.step_id).select_from(joined)


@standing
def _mailed(database: str) -> Select[Any]:
    """Select the prospects of the messages packed in some timers."""
    keys, m = unpacked(database, many("timers")), t.messages
    return select(m.c.prospect_id).select_from(keys.join(m, m.c.id == keys.c.key))


def _triggers(tick: Tick) -> Iterable[tuple[Course, moves.Step, moves.Trigger]]:
    for course in tick.courses:
        for step in course.plan.steps:
            if isinstance(step.act, moves.Trigger):
                yield course, step, step.act


def _heard(tick: Tick) -> Iterable[tuple[Course, moves.Step, moves.Trigger]]:
    """Yield what an event wakes: who waits at a trigger, inside a loop that it ends, or for a round of one."""
    yield from ((course, step, act) for course, step, act in _triggers(tick) if not act.patient)
    for course in tick.courses:
        for step in course.plan.steps:
            yield from ((course, step, each.trigger) for each in step.breaks)
            if isinstance(step.act, moves.Repeat) and isinstance(step.act.until, moves.Trigger):
                yield course, step, step.act.until


def _listen(connection: Connection, pairs: set[tuple[int, int]]) -> bool:
    """Fill ``listening``; tell whether anybody listens."""
    clear(connection, listening)
    if pairs:
        connection.execute(insert(listening), [{"step_id": step, "heard_id": heard} for step, heard in sorted(pairs)])
        analyse(connection, listening)
    return bool(pairs)


def _wake(connection: Connection, tick: Tick) -> None:
    """Wake who waits at a trigger for an event of the batch; their own predicate decides (hole 4)."""
    names = {event for _, _, act in _heard(tick) for one in act.events for event in one.types}
    numbers = {row.text: row.id for row in connection.execute(_known(frozenset(names)))}
    pairs = {
        (course.numbers[step.key], numbers[event])
        for course, step, act in _heard(tick)
        for one in act.events
        for event in one.types
        if event in numbers
    }
    if not _listen(connection, pairs):
        return
    database = connection.dialect.name
    run(connection, _woken(database, _waiting(database)), tick.asked)


@standing
def _known(events: frozenset[str]) -> Select[Any]:
    w = t.words
    return select(w.c.text, w.c.id).where(w.c.kind == "event", w.c.text.in_(sorted(events)))


@standing
def _waiting(database: str) -> Select[Any]:
    """Select the enrolments at a trigger that listens for an event of the batch."""
    e = t.enrolments
    heard = (listening.c.step_id == e.c.step_id) & (listening.c.heard_id == batch.c.type_id)
    joined = batch.join(e, e.c.prospect_id == batch.c.prospect_id).join(listening, heard)
    found = select(e.c.id, e.c.scenario_id, e.c.step_id).select_from(joined)
    return found.where(spanned(e.c.prospect_id, batch.c.prospect_id)) if database == "postgresql" else found


@standing
def _woken(database: str, found: Select[Any]) -> Insert:
    """Write timers due now for active enrolments."""
    who = found.where(t.enrolments.c.state == int(RunState.ACTIVE)).distinct().subquery()
    keys = (who.c.scenario_id, who.c.step_id)
    return into_timers(timer(database, TimerKind.WAKE, NOW, *keys, who.c.id).group_by(*keys))
