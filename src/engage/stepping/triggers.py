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
    update,
)

from engage.clock import FOREVER, HORIZON, MICROSECOND, moment
from engage.language.calendar import after
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Outcome, Phase
from engage.sql.cohort import cohort
from engage.sql.fields import text_test
from engage.sql.packing import greatest
from engage.stepping.walk import Place, Walk

Truth = ColumnElement[bool]
Moment = ColumnElement[int]


def arrive_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, place: Place) -> None:
    """Fix the deadline of those who arrive; who saw the event already goes on, unless all wait the full time."""
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
        walk.rests(rest, Phase.WAITS, _end(walk, act, walk.tick.at))


def stand_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, place: Place) -> None:
    """Settle those who wait: an event at or before the deadline is a yes, however late it is learnt of."""
    now = walk.tick.at
    places = [place]
    if act.mails and (place.due_to is None or place.due_to >= HORIZON):
        begun = walk.divide(place, and_(cohort.c.due_at >= HORIZON, not_(_unsent(walk, act))))
        if begun.count:
            _fix_deadlines(walk, act, begun, cohort.c.arrived_at)
            begun.retimed, begun.due_from, begun.due_to = True, None, None
            places.append(begun)
    low = cohort.c.entered_at if act.since_entry else cohort.c.arrived_at
    yes = happened(walk, act, low, cohort.c.due_at)
    if act.patient:
        yes = and_(cohort.c.due_at <= now, yes)
    rest = walk.leave(step, places, yes, Outcome.YES, "yes")
    rest = walk.leave_due(step, rest, Outcome.NO, "no")
    for each in rest:
        if each.retimed:
            walk.rests([each], Phase.WAITS, None)
        else:
            each.fate = "unchanged"


def happened(walk: Walk, act: moves.Trigger, low: Moment, high: Moment) -> Truth:
    """Return whether any of the events happened in a window, both ends included; only learnt ones are seen."""
    return or_(false(), *(_one_happened(walk, event, low, high) for event in act.events))


def _one_happened(walk: Walk, event: moves.Event, low: Moment, high: Moment) -> Truth:
    a, w = t.activities, t.words
    types = select(w.c.id).where(w.c.kind == "event", w.c.text.in_(event.types))
    wheres: list[Truth] = [
        a.c.prospect_id == cohort.c.prospect_id, a.c.type_id.in_(types), a.c.occurred_at >= low,
        a.c.occurred_at <= high,        a.c.learnt_at.is_not(None), not_(a.c.bot),
    ]  # fmt: skip
    if event.targets:
        targets = or_(*(text_test(w.c.folded, glob) for glob in event.targets))
        wheres.append(a.c.target_id.in_(select(w.c.id).where(w.c.kind == "target", targets)))
    if event.links:
        links = or_(*(text_test(w.c.folded, glob) for glob in event.links))
        wheres.append(a.c.link_id.in_(select(w.c.id).where(w.c.kind == "link", links)))
    if event.mails:
        m = t.messages
        wheres.append(
            exists(select(1).where(m.c.id == a.c.message_id, m.c.enrolment_id == cohort.c.id, _of(walk, event.mails)))
        )
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
    m, length = t.messages, act.length.length // MICROSECOND
    moment_of = case(
        (m.c.status.in_((MessageStatus.QUEUED, MessageStatus.HELD)), FOREVER),
        (m.c.status.in_((MessageStatus.SENT, MessageStatus.IN_DOUBT)), type_coerce(m.c.sent_at, BigInteger()) + length),
        else_=0,
    )
    mine = (m.c.prospect_id == cohort.c.prospect_id, m.c.enrolment_id == cohort.c.id, _of(walk, act.mails))
    handed = func.coalesce(select(func.max(moment_of)).where(*mine).scalar_subquery(), 0)
    here = cohort.c.place == place.number
    due = greatest(walk.connection, arrival + length, handed)
    walk.connection.execute(update(cohort).values(due_at=due).where(here))
    if act.length.business_days:
        _fix_business_days(walk, act, place)


def _fix_business_days(walk: Walk, act: moves.Trigger, place: Place) -> None:
    """Count business days for each moment at which the time began; there are few."""
    here = and_(cohort.c.place == place.number, cohort.c.due_at < HORIZON)
    for begun in walk.connection.scalars(select(cohort.c.due_at).where(here).distinct()).all():
        chosen = and_(here, cohort.c.due_at == begun)
        walk.connection.execute(update(cohort).values(due_at=-_end(walk, act, begun)).where(chosen))
    walk.connection.execute(update(cohort).values(due_at=-cohort.c.due_at).where(here, cohort.c.due_at < 0))


def _end(walk: Walk, act: moves.Trigger, begun: int) -> int:
    """Return the deadline of a time that began at a moment, in real microseconds."""
    if not act.length.business_days:
        return begun + act.length.length // MICROSECOND
    start = moment(begun)
    return begun + (after(act.length, start, walk.tick.plans.house.hours) - start) // MICROSECOND
