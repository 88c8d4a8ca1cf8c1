"""The figures of one-off sends as statements: what their messages came to, and what a test has shown so far."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, null, or_, select

from engage.plan.acts import Event
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.having import named
from engage.sql.standing import big, standing, whole

Truth = ColumnElement[bool]


@standing
def tried(measure: str, events: tuple[Event, ...]) -> Select[Any]:
    """Select for each e-mail of a send how many were delivered, and how many of those met the ``measure`` by a moment.

    ``measure`` is opens, clicks or conversions; ``events`` are what counts as a conversion.
    """
    m = t.messages
    delivered = (m.c.send_id == whole("send"), m.c.status == int(MessageStatus.SENT), m.c.bounce.is_(null()))
    met = _met(measure, events)
    counts = (m.c.template_id, func.count().label("tried"), func.count(case((met, 1))).label("met"))
    return select(*counts).where(*delivered).group_by(m.c.template_id)


def _met(measure: str, events: tuple[Event, ...]) -> Truth:
    m = t.messages
    match measure:
        case "opens":
            return m.c.opened_at <= big("until")
        case "clicks":
            return m.c.clicked_at <= big("until")
        case _:
            return or_(*(_happened(event) for event in events))


def _happened(event: Event) -> Truth:
    """Return whether a message's prospect did something between its hand-over and a moment, both included."""
    m, a, w = t.messages, t.activities, t.words
    types = select(w.c.id).where(w.c.kind == "event", w.c.text.in_(event.types))
    wheres = [
        a.c.prospect_id == m.c.prospect_id, a.c.type_id.in_(types), a.c.occurred_at >= m.c.sent_at,
        a.c.occurred_at <= big("until"), a.c.learnt_at.is_not(null()), not_(a.c.bot),
    ]  # fmt: skip
    if event.targets:
        wheres.append(named(a.c.target_id, event.targets))
    return exists(select(1).select_from(a).where(*wheres).correlate(m))


@standing
def under_way() -> Select[Any, int]:
    """Select when a send's last message was handed over, and how many are still to be tried for the first time."""
    m = t.messages
    fresh = and_(m.c.status == int(MessageStatus.QUEUED), m.c.try_at.is_(null()))
    last = func.max(case((m.c.status.in_((int(MessageStatus.SENT), int(MessageStatus.IN_DOUBT))), m.c.sent_at)))
    return select(last.label("last"), func.count(case((fresh, 1))).label("fresh")).where(m.c.send_id == whole("send"))


def messages_of(send_ids: tuple[int, ...]) -> Select[Any]:
    """Select the messages of sends, counted by e-mail, status, reason and bounce, with opens and clicks."""
    m = t.messages
    keys = (m.c.send_id, m.c.template_id, m.c.status, m.c.reason, m.c.bounce)
    counts = (func.count().label("count"), func.count(m.c.opened_at).label("opened"),
              func.count(m.c.clicked_at).label("clicked"))  # fmt: skip
    return select(*keys, *counts).where(m.c.send_id.in_(send_ids)).group_by(*keys)


def refusals(send_id: int, event: str) -> Select[Any]:
    """Select for each e-mail of a send how many of its messages an event came of, such as ``email_unsubscribed``."""
    m, a, w = t.messages, t.activities, t.words
    number = select(w.c.id).where(w.c.kind == "event", w.c.text == event).scalar_subquery()
    told = exists(
        select(1).where(
            a.c.prospect_id == m.c.prospect_id, a.c.type_id == number, a.c.message_id == m.c.id,
            a.c.learnt_at.is_not(null()), not_(a.c.bot),
        )
    )  # fmt: skip
    mine = (m.c.send_id == send_id, m.c.status == int(MessageStatus.SENT), told)
    return select(m.c.template_id, func.count().label("count")).where(*mine).group_by(m.c.template_id)
