"""Messages as a list, newest first: where each is, and what a mail server said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from engage.reports.reasons import noted
from engage.sql import tables as t
from engage.sql.codes import MessageStatus


@dataclass(frozen=True, slots=True)
class Message:
    """One message; scenario, run and step are None for mail that no scenario sends, ``send`` for any other."""

    id: int
    email: str | None
    scenario: str | None
    run: int | None
    step: str | None
    template: str
    subject: str | None
    #: queued, held, sent, failed, in_doubt, cancelled
    status: str
    reason: str | None
    queued_at: datetime
    #: when it was handed over, or tried for the last time
    sent_at: datetime | None
    #: queued, and not tried before
    try_at: datetime | None
    #: the number of a one-off send
    send: int | None


def messages(
    connection: Connection, *, status: str | None = None, ids: Sequence[int] | None = None, most: int | None = None
) -> list[Message]:
    """Return messages, all or with a status or of some numbers, newest first."""
    m, p, e = t.messages, t.prospects, t.enrolments
    joined = (
        m.join(t.words, t.words.c.id == m.c.template_id)
        .outerjoin(p, p.c.id == m.c.prospect_id)
        .outerjoin(e, e.c.id == m.c.enrolment_id)
        .outerjoin(t.steps, t.steps.c.id == m.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
    )
    columns = (
        m.c.id, p.c.email, t.scenarios.c.key, e.c.run, t.steps.c.key, t.words.c.text, m.c.subject, m.c.status,
        m.c.reason, m.c.queued_at, m.c.sent_at, m.c.try_at, m.c.send_id,
    )  # fmt: skip
    chosen: Select[Any] = select(*columns).select_from(joined).order_by(m.c.id.desc()).limit(most)
    if status is not None:
        chosen = chosen.where(m.c.status == int(MessageStatus[status.upper()]))
    if ids is not None:
        chosen = chosen.where(m.c.id.in_(ids))
    return [_message(row) for row in connection.execute(chosen)]


def _message(row: Row[Any]) -> Message:
    values = dict(zip((column.name for column in fields(Message)), row, strict=True))
    told = {"status": MessageStatus(row.status).name.lower(), "reason": noted(row.status, row.reason)}
    return Message(**values | told)
