"""Timers of other kinds that are lost: of re-entry, inactivity, messages that went out, schedules that open.

Of a wake-up, a change and an event that lets one enter nothing tells that it was lost: their timers are done in the
tick after the one that wrote them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    select,
    text,
    type_coerce,
)

from engage.clock import HORIZON, MICROSECOND, micros
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import AGAIN, MessageStatus, RunState, TimerKind


@dataclass(frozen=True, slots=True)
class Lost:
    """Timers of one kind that are lost: a statement of those they were for."""

    kind: TimerKind
    #: columns ``key`` (a prospect, or a run at a step) and ``due`` in microseconds
    chosen: Select[Any]
    scenario: str = ""
    scenario_id: int | None = None
    step: str = ""
    step_id: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says of the scenarios that run or are paused, and of the last tick."""

    database: str
    #: each scenario's number
    scenarios: Mapping[str, int]
    #: each step's number, by the scenario's number and its key
    steps: Mapping[tuple[int, str], int]
    #: the moment of the last tick, in microseconds
    since: int

    @classmethod
    def of(cls, database: str, rows: Iterable[Row[Any]], at: datetime | None) -> Known:
        """Return it from the rows of ``known_steps`` and the moment of the last tick."""
        each = [tuple(row) for row in rows]
        scenarios = {key: number for key, number, _, _ in each}
        return cls(database, scenarios, {(n, step): s for _, n, step, s in each}, 0 if at is None else micros(at))


def known_steps() -> Select[Any]:
    """Select the steps of the scenarios that run or are paused: the scenario's key and number, the step's."""
    s, k = t.steps, t.scenarios
    chosen = select(k.c.key, k.c.id, s.c.key, s.c.id).join(s, s.c.scenario_id == k.c.id)
    return chosen.where(k.c.state.in_(("running", "paused"))).order_by(k.c.key)


def lost_others(plans: moves.Plans, known: Known) -> Iterator[Lost]:
    """Yield a statement for each kind of timer, scenario and step of which some may be lost."""
    for key, number in known.scenarios.items():
        plan = plans.scenarios.get(key)
        if plan is None:
            continue
        reentry = plan.reentry
        if reentry is not None and reentry.after is not None and not plan.on:
            length = reentry.after.length // MICROSECOND
            yield Lost(TimerKind.CHANGED, _again(known, number, length, reentry.most), key, number)
        if plan.window.start is not None and micros(plan.window.start) > known.since:
            yield Lost(TimerKind.LOOK, _opening(number, micros(plan.window.start)), key, number)
        for step in plan.steps:
            if isinstance(step.act, moves.Trigger) and step.act.mails:
                mails = [known.steps[number, mail] for mail in step.act.mails]
                at = known.steps[number, step.key]
                yield Lost(TimerKind.SETTLED, _settled(known, at, mails), key, number, step.key, at)
    if plans.scoring.inactivity is not None:
        yield Lost(TimerKind.INACTIVE, _inactive(known))


def _packed(database: str, *wheres: ColumnElement[bool]) -> Subquery:
    """Return the keys of some timers, each with the first moment at which one is due."""
    w = t.timers
    due = type_coerce(w.c.due_at, BigInteger).label("due")
    if database == "postgresql":
        each = select(func.unnest(w.c.ids).label("key"), due).where(*wheres).subquery()
    else:
        keys = func.json_each(w.c.ids).table_valued(column("value", BigInteger()))
        joined = w.join(keys, text("true"))
        each = select(cast(keys.c.value, BigInteger).label("key"), due).select_from(joined).where(*wheres).subquery()
    return select(each.c.key, func.min(each.c.due).label("due")).group_by(each.c.key).subquery()


def _kind(kind: TimerKind) -> ColumnElement[bool]:
    return t.timers.c.kind == int(kind)


def _again(known: Known, scenario_id: int, length: int, most: int | None) -> Select[Any]:
    """Select who may run again after the last tick, by time alone, and is in no timer by then."""
    e, w = t.enrolments, t.timers
    ended = func.max(type_coerce(e.c.ended_at, BigInteger)) + literal(length, BigInteger)
    rules = [func.min(e.c.state) >= int(RunState.COMPLETED), ended > literal(known.since, BigInteger)]
    if most is not None:
        rules.append(func.max(e.c.run) < most)
    each = select(e.c.prospect_id, ended.label("due")).where(e.c.scenario_id == scenario_id)
    waits = each.group_by(e.c.prospect_id).having(and_(*rules)).subquery()
    timed = _packed(known.database, _kind(TimerKind.CHANGED), w.c.facet == AGAIN, w.c.scenario_id == scenario_id)
    joined = waits.outerjoin(timed, and_(timed.c.key == waits.c.prospect_id, timed.c.due <= waits.c.due))
    return select(waits.c.prospect_id.label("key"), waits.c.due).select_from(joined).where(timed.c.key.is_(None))


def _opening(scenario_id: int, start: int) -> Select[Any]:
    """Select the moment at which a schedule opens, where nobody is looked at then."""
    w = t.timers
    mine = (_kind(TimerKind.LOOK), w.c.scenario_id == scenario_id, type_coerce(w.c.due_at, BigInteger) == start)
    key: ColumnElement[Any] = literal(0, BigInteger)
    due: ColumnElement[Any] = literal(start, BigInteger)
    return select(key.label("key"), due.label("due")).where(not_(exists(select(1).where(*mine))))


def _settled(known: Known, step_id: int, mails: list[int]) -> Select[Any]:
    """Select the runs whose time has not begun at a trigger, though their e-mails are settled and nothing says so."""
    e, m = t.enrolments, t.messages
    mine = (m.c.prospect_id == e.c.prospect_id, m.c.enrolment_id == e.c.id, m.c.step_id.in_(mails))
    unsent = select(1).where(*mine, m.c.status.in_((int(MessageStatus.QUEUED), int(MessageStatus.HELD))))
    told = _packed(known.database, _kind(TimerKind.SETTLED))
    coming = select(1).where(*mine, m.c.id == told.c.key)
    woken = _packed(known.database, _kind(TimerKind.WAKE), t.timers.c.step_id == step_id)
    joined = e.outerjoin(woken, woken.c.key == e.c.id)
    chosen = select(e.c.id.label("key"), literal(0, BigInteger).label("due")).select_from(joined)
    return chosen.where(
        e.c.step_id == step_id, e.c.state == int(RunState.ACTIVE), type_coerce(e.c.due_at, BigInteger) >= HORIZON,
        woken.c.key.is_(None), not_(exists(unsent.correlate(e))), not_(exists(coming.correlate(e))),
    )  # fmt: skip


def _inactive(known: Known) -> Select[Any]:
    """Select the prospects whose inactivity was being counted and is in no timer any more."""
    s, timed = t.standings, _packed(known.database, _kind(TimerKind.INACTIVE))
    joined = s.outerjoin(timed, timed.c.key == s.c.prospect_id)
    chosen = select(s.c.prospect_id.label("key"), literal(0, BigInteger).label("due")).select_from(joined)
    return chosen.where(s.c.inactivity_timed, timed.c.key.is_(None))
