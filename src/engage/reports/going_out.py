"""What the next delivery would hand over, by e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engage.reports.calls import queued_calls
from engage.reports.health import MailHealth, mail_health
from engage.sql import tables as t
from engage.sql.codes import MessageStatus


@dataclass(frozen=True, slots=True)
class Mails:
    """Messages of one e-mail with one status."""

    template: str
    #: queued, in_doubt
    status: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class GoingOut:
    """What waits; who has opted out since is left out at hand-over, so this is the most that goes."""

    mails: tuple[Mails, ...]
    #: messages that go with the next delivery, and those that a mail server has refused for now
    at_once: int
    later: int
    notices: int
    actions: int
    in_doubt: int


def going_out(connection: Connection, now: datetime) -> GoingOut:
    """Return what waits to go out."""
    health: MailHealth = mail_health(connection, now)
    return GoingOut(
        mails=_mails(connection),
        at_once=health.queued - health.deferred,
        later=health.deferred,
        notices=health.notices,
        actions=queued_calls(connection, "action"),
        in_doubt=health.in_doubt,
    )


def _mails(connection: Connection) -> tuple[Mails, ...]:
    m, w = t.messages, t.words
    waits = m.c.status.in_((int(MessageStatus.QUEUED), int(MessageStatus.IN_DOUBT)))
    counted = (
        select(w.c.text, m.c.status, func.count(), func.min(m.c.queued_at), func.max(m.c.queued_at))
        .join_from(m, w, w.c.id == m.c.template_id)
        .where(waits)
        .group_by(w.c.text, m.c.status)
        .order_by(w.c.text, m.c.status)
    )
    return tuple(Mails(row[0], MessageStatus(row[1]).name.lower(), *row[2:]) for row in connection.execute(counted))
