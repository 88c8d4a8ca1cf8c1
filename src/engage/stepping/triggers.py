"""Triggers: an event in a window fixed on arrival; for an e-mail's events, at its hand-over if that is later."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from engage.clock import FOREVER, HORIZON
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Outcome, Phase
from engage.sql.cohort import cohort
from engage.sql.having import named
from engage.sql.packing import greatest
from engage.stepping.timing import ends_at, time_rows
from engage.stepping.walk import Place, Walk

Truth = ColumnElement[bool]
Moment = ColumnElement[int]


def arrive_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, place: Place) -> None:
    """Fix the deadline of those who arrive; who saw the event already goes on, unless all wait the full time."""
    if not walk.comes_now(place):
        _fix_deadlines(walk, act, place, cohort.c.arrived_at)
        stand_at_trigger(walk, step, act, [place])
        return
    now = literal(walk.tick.at, BigInteger())
    rest = [place]
    if not act.patient:
        low = cohort.c.entered_at if act.since_entry else now
        rest = walk.leave(step, rest, happened(walk, act, low, now), Outcome.YES, "yes")
    if act.mails:
        for each in rest:
            _fix_deadlines(walk, act, each, now)
        walk.rests(rest, Phase.WAITS, None)
    else:
        walk.rests(rest, Phase.WAITS, ends_at(walk, act.length))


def stand_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, places: list[Place]) -> None:
    """Settle those who wait: an event at or before the deadline is a yes, however late it is learnt of."""
    now = walk.tick.at
    places = [*places, *(begun for place in places if (begun := _begin(walk, act, place)) is not None)]
    low = cohort.c.entered_at if act.since_entry else cohort.c.arrived_at
    yes = happened(walk, act, low, cohort.c.due_at)
    if act.patient:
        yes = and_(cohort.c.due_at <= now, yes)
    rest = walk.leave(step, places, yes, Outcome.YES, "yes")
    walk.waits_on(walk.leave_due(step, rest, Outcome.NO, "no"), Phase.WAITS)


def _begin(walk: Walk, act: moves.Trigger, place: Place) -> Place | None:
    """Fix the deadlines of those whose message has been handed over since; return their place, if there are any."""
    if not act.mails or place.retimed or (place.due_to is not None and place.due_to < HORIZON):
        return None
    begun = walk.divide(place, and_(cohort.c.due_at >= HORIZON, not_(_unsent(walk, act))))
    if not begun.count:
        return None
    _fix_deadlines(walk, act, begun, cohort.c.arrived_at)
    return begun


def happened(walk: Walk, act: moves.Trigger, low: Moment, high: Moment) -> Truth:
    """Return whether any of the events happened in a window, both ends included; only learnt ones are seen."""
    return or_(false(), *(_one_happened(walk, event, low, high) for event in act.events))


def _one_happened(walk: Walk, event: moves.Event, low: Moment, high: Moment) -> Truth:
    a, w = t.activities, t.words
    types = select(w.c.id).where(w.c.kind == "event", w.c.text.in_(event.types))
    wheres: list[Truth] = [
        a.c.prospect_id == cohort.c.prospect_id, a.c.type_id.in_(types), a.c.occurred_at >= low,
        a.c.occurred_at <= high, a.c.learnt_at.is_not(None), not_(a.c.bot),
    ]  # fmt: skip
    if event.targets:
        wheres.append(named(a.c.target_id, event.targets))
    if event.links:
        wheres.append(named(a.c.link_id, event.links))
    if event.mails:
        m = t.messages
        ours = select(1).where(m.c.id == a.c.message_id, m.c.enrolment_id == cohort.c.id, _of(walk, event.mails))
        wheres.append(exists(ours.correlate(a, cohort)))
    return exists(select(1).select_from(a).where(*wheres))


def _of(walk: Walk, mails: tuple[str, ...]) -> Truth:
    return t.messages.c.step_id.in_([walk.course.numbers[key] for key in mails])


def _mine(walk: Walk, act: moves.Trigger, *statuses: MessageStatus) -> list[Truth]:
    m = t.messages
    return [
        m.c.prospect_id == cohort.c.prospect_id, m.c.enrolment_id == cohort.c.id, _of(walk, act.mails),
        m.c.status.in_(statuses),
    ]  # fmt: skip


def _unsent(walk: Walk, act: moves.Trigger) -> Truth:
    """Return whether one of the e-mails is still queued or held: then the time has not begun."""
    return exists(select(1).where(*_mine(walk, act, MessageStatus.QUEUED, MessageStatus.HELD)))


def _fix_deadlines(walk: Walk, act: moves.Trigger, place: Place, arrival: Moment) -> None:
    """Set each row's deadline: from the arrival, or the last hand-over if that is later; FOREVER while unsent."""
    if not act.mails:
        time_rows(walk, place, act.length, arrival)
        return
    m = t.messages
    moment_of = case(
        (m.c.status.in_((MessageStatus.QUEUED, MessageStatus.HELD)), FOREVER),
        (m.c.status.in_((MessageStatus.SENT, MessageStatus.IN_DOUBT)), type_coerce(m.c.sent_at, BigInteger())),
        else_=0,
    )
    mine = (m.c.prospect_id == cohort.c.prospect_id, m.c.enrolment_id == cohort.c.id, _of(walk, act.mails))
    handed = func.coalesce(select(func.max(moment_of)).where(*mine).scalar_subquery(), 0)
    time_rows(walk, place, act.length, greatest(walk.connection, arrival, handed))
