"""The exports of what scenarios did: visits, messages and ToDos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from engage.reports.export_kind import ExportKind, Question, Values, fixed, spans, streamed, within
from engage.reports.reasons import noted
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, MessageStatus, Outcome


def visit_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each finished passage, run by run, with the version that was applied when it ended."""
    v, e, p, n = t.visits, t.enrolments, t.prospects, t.outcome_names
    joined = (
        v.join(e, e.c.id == v.c.enrolment_id)
        .join(p, p.c.id == e.c.prospect_id)
        .join(t.steps, t.steps.c.id == v.c.step_id)
        .join(t.scenarios, t.scenarios.c.id == e.c.scenario_id)
        .outerjoin(n, and_(n.c.step_id == v.c.step_id, n.c.number == v.c.outcome - FIRST_NAMED))
    )
    chosen = select(
        t.scenarios.c.key.label("scenario"), e.c.run, p.c.email, t.steps.c.key.label("step"), v.c.outcome,
        v.c.arrived_at, v.c.left_at, n.c.name.label("named"), _version_at(v.c.left_at, e.c.scenario_id),
    ).select_from(joined).where(question.asked_for(e.c.prospect_id))  # fmt: skip
    for span in spans(question, e.c.id):
        some = chosen.where(within(v.c.enrolment_id, span)).order_by(v.c.enrolment_id, v.c.move)
        for row in question.rows(some):
            outcome = row.named or Outcome(row.outcome).name.lower()
            yield row.scenario, row.run, row.email, row.step, outcome, row.arrived_at, row.left_at, row.version


def _version_at(at: ColumnElement[Any], scenario_id: ColumnElement[int]) -> ColumnElement[Any]:
    """Return the version of a scenario that was the applied one at a moment; visits themselves stay narrow."""
    k = t.versions.alias("applied")
    found = select(func.max(k.c.version)).where(k.c.scenario_id == scenario_id, k.c.applied_at <= at)
    return func.coalesce(found.scalar_subquery(), 1).label("version")


def message_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each e-mail."""
    m, p, e = t.messages, t.prospects, t.enrolments
    template = t.words.alias("templates")
    joined = (
        m.join(p, p.c.id == m.c.prospect_id)
        .join(template, template.c.id == m.c.template_id)
        .outerjoin(e, e.c.id == m.c.enrolment_id)
        .outerjoin(t.steps, t.steps.c.id == m.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
    )
    chosen = select(
        p.c.email, t.scenarios.c.key.label("scenario"), e.c.run, t.steps.c.key.label("step"),
        template.c.text.label("template"), m.c.subject, m.c.status, m.c.reason, m.c.queued_at, m.c.sent_at,
    ).select_from(joined).where(question.asked_for(m.c.prospect_id))  # fmt: skip
    for row in streamed(question, m.c.id, chosen):
        status = MessageStatus(row.status).name.lower()
        yield (
            row.email, row.scenario, row.run, row.step, row.template, row.subject, status,
            noted(row.status, row.reason), row.queued_at, row.sent_at,
        )  # fmt: skip


def todo_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each ToDo."""
    d, p = t.todos, t.prospects
    joined = (
        d.join(p, p.c.id == d.c.prospect_id)
        .outerjoin(t.steps, t.steps.c.id == d.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
    )
    chosen = select(
        d.c.id, d.c.subject, d.c.due_at, d.c.priority, d.c.status, d.c.assignee, p.c.email,
        t.scenarios.c.key.label("scenario"), t.steps.c.key.label("step"), d.c.created_at, d.c.completed_at, d.c.outcome,
    ).select_from(joined).where(question.asked_for(d.c.prospect_id))  # fmt: skip
    for row in streamed(question, d.c.id, chosen):
        yield tuple(row)


VISITS = ExportKind(
    fixed("scenario", "run", "email", "step", "outcome", "arrived_at", "left_at", "version"), visit_rows
)
MESSAGES = ExportKind(
    fixed("email", "scenario", "run", "step", "template", "subject", "status", "reason", "queued_at", "sent_at"),
    message_rows,
)
TODOS = ExportKind(
    fixed(
        "id",
        "subject",
        "due_at",
        "priority",
        "status",
        "to",
        "email",
        "scenario",
        "step",
        "created_at",
        "completed_at",
        "outcome",
    ),
    todo_rows,
)
