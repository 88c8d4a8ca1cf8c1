"""What can happen to a prospect: the tables that tell of it, each with its statement and how a row is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, select

from engage.language.fields import GRADES
from engage.reports.person_history import machine_of
from engage.reports.reasons import noted
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, ChangeKind, MessageStatus, Outcome

Kind = Literal[
    "activity", "mail", "step", "entry", "todo", "done", "field", "list", "tag", "campaign", "opportunity", "held"
]
#: A place in the list: a moment in microseconds, a source, a row of it.
Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. What its words mean depends on its kind."""

    at: datetime
    kind: Kind
    #: the activity's type, the mail's subject or template, the step, the ToDo's subject, the field, list, tag …
    what: str
    #: the activity's target or link, the mail's state, the step's outcome, a ToDo's assignee or outcome, what was
    detail: str | None = None
    scenario: str | None = None
    step: str | None = None
    #: why a machine did it, why a step failed or was skipped, why a mail did not go out
    reason: str | None = None
    #: an activity that counts nowhere; a list, tag or campaign that was there before
    marked: bool = False
    #: the key of a ToDo or a run's number
    number: int | None = None
    place: Place = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    """A table of happenings: its statement, its moment and row, and how a row is told."""

    chosen: Callable[[int], Select[Any]]
    at: ColumnElement[Any]
    row: ColumnElement[Any]
    event: Callable[[Any, Place], Event]


def _activities(prospect_id: int) -> Select[Any]:
    a = t.activities
    kind, target, link = (t.words.alias(name) for name in ("kinds", "targets", "links"))
    return (
        select(
            kind.c.text.label("type"), target.c.text.label("target"), link.c.text.label("link"), a.c.bot, a.c.properties
        )
        .join_from(a, kind, kind.c.id == a.c.type_id)
        .outerjoin(target, target.c.id == a.c.target_id)
        .outerjoin(link, link.c.id == a.c.link_id)
        .where(a.c.prospect_id == prospect_id)
    )


def _activity(row: Any, place: Place) -> Event:
    reason = machine_of(row.properties) if row.bot else None
    return Event(row.event_at, "activity", row.type, row.link or row.target, reason=reason, marked=row.bot, place=place)


def _mails(prospect_id: int) -> Select[Any]:
    m, w, s, k = t.messages, t.words, t.steps, t.scenarios
    return (
        select(
            m.c.subject,
            m.c.status,
            m.c.reason,
            w.c.text.label("template"),
            k.c.key.label("scenario"),
            s.c.key.label("step"),
        )
        .join_from(m, w, w.c.id == m.c.template_id)
        .outerjoin(s, s.c.id == m.c.step_id)
        .outerjoin(k, k.c.id == s.c.scenario_id)
        .where(m.c.prospect_id == prospect_id)
    )


def _mail(row: Any, place: Place) -> Event:
    state = MessageStatus(row.status).name.lower()
    what = row.subject or row.template
    return Event(row.event_at, "mail", what, state, row.scenario, row.step, noted(row.status, row.reason), place=place)


def _visits(prospect_id: int) -> Select[Any]:
    v, e, s, k, n, r = t.visits, t.enrolments, t.steps, t.scenarios, t.outcome_names, t.reasons
    return (
        select(
            s.c.key.label("step"),
            s.c.name,
            k.c.key.label("scenario"),
            v.c.outcome,
            n.c.name.label("named"),
            r.c.reason,
            e.c.run,
        )
        .join_from(e, v, v.c.enrolment_id == e.c.id)
        .join(s, s.c.id == v.c.step_id)
        .join(k, k.c.id == e.c.scenario_id)
        .outerjoin(n, and_(n.c.step_id == v.c.step_id, n.c.number == v.c.outcome - FIRST_NAMED))
        .outerjoin(r, and_(r.c.enrolment_id == v.c.enrolment_id, r.c.move == v.c.move))
        .where(e.c.prospect_id == prospect_id)
    )


def _visit(row: Any, place: Place) -> Event:
    outcome = row.named or (Outcome(row.outcome).name.lower() if row.outcome < FIRST_NAMED else str(row.outcome))
    what = row.name or row.step
    return Event(row.event_at, "step", what, outcome, row.scenario, row.step, row.reason, number=row.run, place=place)


def _entries(prospect_id: int) -> Select[Any]:
    e, k = t.enrolments, t.scenarios
    entered = select(k.c.key.label("scenario"), k.c.name, e.c.run).join_from(e, k, k.c.id == e.c.scenario_id)
    return entered.where(e.c.prospect_id == prospect_id)


def _entry(row: Any, place: Place) -> Event:
    return Event(row.event_at, "entry", row.name, scenario=row.scenario, number=row.run, place=place)


def _todos(prospect_id: int) -> Select[Any]:
    d = t.todos.c
    return select(d.id, d.subject, d.assignee, d.outcome).where(d.prospect_id == prospect_id)


def _todo(row: Any, place: Place) -> Event:
    return Event(row.event_at, "todo", row.subject, row.assignee, number=row.id, place=place)


def _done_todos(prospect_id: int) -> Select[Any]:
    return _todos(prospect_id).where(t.todos.c.completed_at.is_not(None))


def _done(row: Any, place: Place) -> Event:
    return Event(row.event_at, "done", row.subject, row.outcome, number=row.id, place=place)


def _changes(prospect_id: int) -> Select[Any]:
    c, w, o = t.changes, t.words, t.opportunities
    named = {"list": t.lists, "campaign": t.campaigns}
    names = [
        select(table.c.name).where(table.c.id == c.c.ref).scalar_subquery().label(f"{kind}_name")
        for kind, table in named.items()
    ]
    bought = (
        select(func.coalesce(o.c.name, o.c.key)).where(o.c.id == c.c.ref).scalar_subquery().label("opportunity_name")
    )
    s, k = t.steps, t.scenarios
    return (
        select(c, w.c.text.label("word"), *names, bought, k.c.key.label("scenario"), s.c.key.label("step"))
        .outerjoin_from(c, w, w.c.id == c.c.ref)
        .outerjoin(s, s.c.id == c.c.step_id)
        .outerjoin(k, k.c.id == s.c.scenario_id)
        .where(c.c.prospect_id == prospect_id)
    )


def _change(row: Any, place: Place) -> Event:
    kind = ChangeKind(row.kind)
    known: dict[str, Any] = {"scenario": row.scenario, "step": row.step, "place": place, "marked": bool(row.whole)}
    match kind:
        case ChangeKind.FIELD:
            return Event(row.event_at, "field", row.word or "", _before(row), **{**known, "marked": False})
        case ChangeKind.TAG:
            return Event(row.event_at, "tag", row.word or "", **known)
        case ChangeKind.LIST:
            return Event(row.event_at, "list", row.list_name or "", **known)
        case ChangeKind.CAMPAIGN:
            return Event(row.event_at, "campaign", row.campaign_name or "", row.text, **known)
        case ChangeKind.OPPORTUNITY:
            return Event(row.event_at, "opportunity", row.opportunity_name or "", row.text, **known)
        case ChangeKind.HELD:
            return Event(row.event_at, "held", "", **known)


def _before(row: Any) -> str | None:
    """Return the value that a field had."""
    value = next((each for each in (row.text, row.number, row.whole) if each is not None), None)
    if row.word == "grade" and value is not None:
        return GRADES[int(value)]
    return None if value is None else str(value)


def _sources() -> Iterator[Source]:
    a, m, v, e, d, c = t.activities.c, t.messages.c, t.visits.c, t.enrolments.c, t.todos.c, t.changes.c
    yield Source(_done_todos, d.completed_at, d.id, _done)
    yield Source(_todos, d.created_at, d.id, _todo)
    yield Source(_mails, func.coalesce(m.sent_at, m.queued_at, type_=m.sent_at.type), m.id, _mail)
    yield Source(_changes, c.at, c.id, _change)
    yield Source(_visits, v.left_at, v.enrolment_id * 100_000 + v.move, _visit)
    yield Source(_entries, e.entered_at, e.id, _entry)
    yield Source(_activities, a.occurred_at, a.id, _activity)


#: All of them; a number in this list is part of a place and must not change while pages stand open.
SOURCES = tuple(_sources())
