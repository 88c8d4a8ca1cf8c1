"""Calls of other systems and of the user's own actions: what waits, what failed and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text

from engage.reports.export_kind import ExportKind, Question, Values, fixed, streamed
from engage.sql import tables as t
from engage.sql.codes import MessageStatus

#: Written out, not bound: only so does SQLite see that the partial indexes serve.
_QUEUED, _FAILED = text("calls.status = 0"), text("calls.status IN (3, 4)")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a step made."""

    email: str
    scenario: str
    run: int
    step: str
    #: webhook or action
    kind: str
    #: the address, or the action's name
    target: str
    #: queued, sent (done), failed, in_doubt
    status: str
    #: what an action answered, or why it failed
    note: str | None
    queued_at: datetime
    done_at: datetime | None


def queued_calls(connection: Connection, kind: str) -> int:
    """Return how many calls of a kind are queued."""
    c, k = t.calls, t.call_contents
    chosen = select(func.count()).select_from(c.join(k, k.c.id == c.c.content_id)).where(_QUEUED, k.c.kind == kind)
    return connection.scalar(chosen) or 0


def failed_calls(connection: Connection) -> int:
    """Return how many calls failed, or were cut off so that nobody knows."""
    return connection.scalar(select(func.count()).select_from(t.calls).where(_FAILED)) or 0


def last_failed(connection: Connection, count: int) -> tuple[Call, ...]:
    """Return the last calls that failed, latest first."""
    rows = connection.execute(_calls().where(_FAILED).order_by(t.calls.c.id.desc()).limit(count))
    return tuple(_call(row) for row in rows)


def calls_of(connection: Connection, prospect_id: int, last: int) -> tuple[Call, ...]:
    """Return the last calls about a prospect, latest first."""
    mine = _calls().where(t.calls.c.prospect_id == prospect_id)
    return tuple(_call(row) for row in connection.execute(mine.order_by(t.calls.c.id.desc()).limit(last)))


def _calls() -> Select[Any]:
    c, k, e, p = t.calls, t.call_contents, t.enrolments, t.prospects
    joined = (
        c.join(k, k.c.id == c.c.content_id)
        .join(e, e.c.id == c.c.enrolment_id)
        .join(p, p.c.id == c.c.prospect_id)
        .join(t.steps, t.steps.c.id == c.c.step_id)
        .join(t.scenarios, t.scenarios.c.id == e.c.scenario_id)
    )
    columns = (
        p.c.email, t.scenarios.c.key.label("scenario"), e.c.run, t.steps.c.key.label("step"), k.c.kind, k.c.content,
        c.c.status, c.c.note, c.c.queued_at, c.c.done_at,
    )  # fmt: skip
    return select(*columns).select_from(joined)


def _call(row: Row[Any]) -> Call:
    content = json.loads(row.content)
    return Call(
        row.email, row.scenario, row.run, row.step, row.kind, content.get("url") or content.get("name", ""),
        MessageStatus(row.status).name.lower(), row.note, row.queued_at, row.done_at,
    )  # fmt: skip


def call_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each call."""
    chosen = _calls().where(question.asked_for(t.calls.c.prospect_id))
    for row in streamed(question, t.calls.c.id, chosen):
        c = _call(row)
        yield (
            c.email, c.scenario, c.run, c.step, c.kind, c.target, c.status, c.note, c.queued_at, c.done_at,
        )  # fmt: skip


CALLS = ExportKind(
    fixed("email", "scenario", "run", "step", "kind", "target", "status", "note", "queued_at", "done_at"), call_rows
)
