"""Triggers: an event in a window fixed on arrival; for an e-mail's events, at its hand-over if that is later."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    null,
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
from engage.sql.standing import NOW, near
from engage.stepping.timing import ends_at, time_rows
from engage.stepping.walk import Moment, Place, Test, Walk

Truth = ColumnElement[bool]
Moments = ColumnElement[int]


def arrive_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, place: Place) -> None:
    """Fix the deadline of those who arrive; who saw the event already goes on, unless all wait the full time."""
    if not walk.comes_now(place):
        _fix_deadlines(walk, act, place, "arrived_at")
        stand_at_trigger(walk, step, act, [place])
        return
    rest = [place]
    if not act.patient:
        low = "entered_at" if act.since_entry else "now"
        rest = walk.leave(step, rest, in_window(walk, act, low, "now"), Outcome.YES, "yes")
    if act.mails:
        for each in rest:
            _fix_deadlines(walk, act, each, "now")
        walk.rests(rest, Phase.WAITS, None)
    else:
        walk.rests(rest, Phase.WAITS, ends_at(walk, act.length))


def stand_at_trigger(walk: Walk, step: moves.Step, act: moves.Trigger, places: list[Place]) -> None:
    """Settle those who wait: an event at or before the deadline is a yes, however late it is learnt of."""
    places = begin_deadlines(walk, act, places)
    yes = in_window(walk, act, "entered_at" if act.since_entry else "arrived_at", "due_at")
    rest = walk.leave(step, places, yes, Outcome.YES, "yes")
    walk.waits_on(walk.leave_due(step, rest, Outcome.NO, "no"), Phase.WAITS)


def begin_deadlines(walk: Walk, act: moves.Trigger, places: list[Place]) -> list[Place]:
    """Fix the deadlines of those whose message has been handed over since; return all places, theirs too."""
    return [*places, *(begun for place in places if (begun := _begin(walk, act, place)) is not None)]


def _begin(walk: Walk, act: moves.Trigger, place: Place) -> Place | None:
    """Fix the deadlines of those whose message has been handed over since; return their place, if there are any."""
    if not act.mails or place.retimed or (place.due_to is not None and place.due_to < HORIZON):
        return None
    begun = walk.divide(place, Test(all_sent, (walk.mails(act.mails),)))
    if not begun.count:
        return None
    _fix_deadlines(walk, act, begun, "arrived_at")
    return begun


def _moment(name: str) -> ColumnElement[int]:
    """Return a row's own moment by its name, or the present one."""
    return NOW if name == "now" else cohort.c[name]


def in_window(walk: Walk, act: moves.Trigger, low: str, high: str) -> Test:
    """Return the test that one of a trigger's events happened in a window; its ends are moments of the row, or now."""
    mails, entered = _asked(walk, act)
    return Test(happened, (act, mails, low, high, entered))


def ended_first(walk: Walk, ending: moves.Trigger, act: moves.Trigger) -> Test:
    """Return the test that an event which ends a loop came by a trigger's deadline, and before the trigger's own."""
    return Test(comes_first, (ending, *_asked(walk, ending), act, *_asked(walk, act)))


def _asked(walk: Walk, act: moves.Trigger) -> tuple[tuple[tuple[str, int], ...], bool]:
    """Return the numbers of a trigger's e-mail steps, and whether an event that lets one enter may be its own."""
    mails = tuple((mail, walk.course.numbers[mail]) for mail in act.mails)
    return mails, any(set(one.types) & set(event.types) for one in walk.course.plan.on for event in act.events)


def happened(
    act: moves.Trigger, mails: tuple[tuple[str, int], ...], low: str, high: str, by_event: bool = False
) -> Truth:
    """Return whether any of the events happened in a window, both ends included; only learnt ones are seen.

    The window's ends are columns of the cohort, or ``now``; ``mails`` numbers the steps of the trigger's messages.
    Who waits the full time sees nothing before it is over. ``by_event``: the event that let the run begin is none.
    """
    numbers = dict(mails)
    window = (_moment(low), _moment(high))
    yes = or_(false(), *(_one_happened(event, numbers, *window, by_event) for event in act.events))
    return and_(cohort.c.due_at <= NOW, yes) if act.patient else yes


def comes_first(
    ending: moves.Trigger,
    endings_mails: tuple[tuple[str, int], ...],
    ending_by_event: bool,
    act: moves.Trigger,
    mails: tuple[tuple[str, int], ...],
    by_event: bool,
) -> Truth:
    """Return whether an event that ends a loop happened by a row's deadline, with none of its trigger's own before it.

    One event that is both ends the loop. Who waits the full time has no event of its own before the deadline.
    """
    window = (cohort.c.entered_at, cohort.c.due_at)
    each = (and_(*heard(event, dict(endings_mails), *window, ending_by_event)) for event in ending.events)
    first = select(func.min(type_coerce(t.activities.c.occurred_at, BigInteger()))).where(or_(false(), *each))
    end = first.correlate(cohort).scalar_subquery()
    if act.patient:
        return end.is_not(null())
    low = cohort.c.entered_at if act.since_entry else cohort.c.arrived_at
    own = (_one_happened(event, dict(mails), low, end - 1, by_event) for event in act.events)
    return and_(end.is_not(null()), not_(or_(false(), *own)))


def _one_happened(event: moves.Event, mails: dict[str, int], low: Moments, high: Moments, by_event: bool) -> Truth:
    return exists(select(1).select_from(t.activities).where(*heard(event, mails, low, high, by_event)))


def heard(event: moves.Event, mails: Mapping[str, int], low: Moments, high: Moments, by_event: bool) -> list[Truth]:
    """Return what tells the activities of a row's prospect that are an event, in a window, both ends included."""
    a, w = t.activities, t.words
    types = select(w.c.id).where(w.c.kind == "event", w.c.text.in_(event.types))
    wheres: list[Truth] = [
        a.c.prospect_id == cohort.c.prospect_id, near(a.c.prospect_id), a.c.type_id.in_(types), a.c.occurred_at >= low,
        a.c.occurred_at <= high, a.c.learnt_at.is_not(None), not_(a.c.bot),
    ]  # fmt: skip
    if event.targets:
        wheres.append(named(a.c.target_id, event.targets))
    if event.links:
        wheres.append(named(a.c.link_id, event.links))
    if event.mails:
        m = t.messages
        steps = m.c.step_id.in_([mails[key] for key in event.mails])
        ours = select(1).where(m.c.id == a.c.message_id, m.c.enrolment_id == cohort.c.id, steps)
        wheres.append(exists(ours.correlate(a, cohort)))
    if by_event:
        e = t.enrolments
        entry = select(1).where(e.c.id == cohort.c.id, e.c.entered_by == a.c.id)
        wheres.append(not_(exists(entry.correlate(a, cohort))))
    return wheres


def _mine(mails: tuple[int, ...]) -> Truth:
    m = t.messages
    mine = (m.c.prospect_id == cohort.c.prospect_id, near(m.c.prospect_id), m.c.enrolment_id == cohort.c.id)
    return and_(*mine, m.c.step_id.in_(mails))


def all_sent(mails: tuple[int, ...]) -> Truth:
    """Return whether a row's time has not begun, though none of its e-mails is queued or held any more."""
    unsent = t.messages.c.status.in_((MessageStatus.QUEUED, MessageStatus.HELD))
    return and_(cohort.c.due_at >= HORIZON, not_(exists(select(1).where(_mine(mails), unsent))))


def _fix_deadlines(walk: Walk, act: moves.Trigger, place: Place, arrival: str) -> None:
    """Set each row's deadline: from the arrival, or the last hand-over if that is later; FOREVER while unsent."""
    mails = walk.mails(act.mails)
    time_rows(walk, place, act.length, Moment(begins, (walk.database, mails, arrival)))


def begins(database: str, mails: tuple[int, ...], arrival: str) -> Moments:
    """Return when the time of a trigger begins, for the messages of these steps."""
    begun = _moment(arrival)
    if not mails:
        return begun
    m = t.messages
    moment_of = case(
        (m.c.status.in_((MessageStatus.QUEUED, MessageStatus.HELD)), FOREVER),
        (m.c.status.in_((MessageStatus.SENT, MessageStatus.IN_DOUBT)), type_coerce(m.c.sent_at, BigInteger())),
        else_=0,
    )
    handed = func.coalesce(select(func.max(moment_of)).where(_mine(mails)).scalar_subquery(), 0)
    return greatest(database, begun, handed)
