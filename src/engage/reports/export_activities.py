"""The exports of activities and of the score ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, Select, func, select

from engage.reports.export_kind import ExportKind, Question, Values, fixed, streamed
from engage.sql import tables as t
from engage.sql.codes import EntryKind


def activity_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each activity, in the order in which they were stored."""
    a, p = t.activities, t.prospects
    kind, target, link = (t.words.alias(name) for name in ("kinds", "targets", "links"))
    joined = (
        a.join(p, p.c.id == a.c.prospect_id)
        .join(kind, kind.c.id == a.c.type_id)
        .outerjoin(target, target.c.id == a.c.target_id)
        .outerjoin(link, link.c.id == a.c.link_id)
    )
    chosen = select(
        p.c.email, kind.c.text.label("type"), target.c.text.label("target"), link.c.text.label("link"),
        a.c.occurred_at, a.c.source_id, a.c.properties, a.c.bot,
    ).select_from(joined).where(question.asked_for(a.c.prospect_id))  # fmt: skip
    for row in streamed(question, a.c.id, chosen):
        yield row.email, row.type, row.target, row.occurred_at, row.source_id, _properties(row)


def _properties(row: Row[Any]) -> str | None:
    """Return the properties, among them the link and the mark of a bot, so that an import knows them again."""
    if row.link is None and not row.bot:
        return None if row.properties is None else str(row.properties)
    found = json.loads(row.properties) if row.properties else {}
    if row.link is not None and not found.get("link") and not found.get("url"):
        found["link"] = row.link
    if row.bot:
        found["bot"] = True
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def score_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each entry of the ledger; the reason is its note, its rule, or its kind."""
    e, p = t.score_entries, t.prospects
    category, rule = t.words.alias("categories"), t.words.alias("rules")
    joined = (
        e.join(p, p.c.id == e.c.prospect_id)
        .outerjoin(category, category.c.id == e.c.category_id)
        .outerjoin(rule, rule.c.id == e.c.rule_id)
        .outerjoin(t.steps, t.steps.c.id == e.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
    )
    chosen: Select[Any] = select(
        p.c.email, e.c.at, e.c.points, category.c.text.label("category"), e.c.kind,
        func.coalesce(e.c.note, rule.c.text).label("reason"),
        t.scenarios.c.key.label("scenario"), t.steps.c.key.label("step"),
    ).select_from(joined).where(question.asked_for(e.c.prospect_id))  # fmt: skip
    for row in streamed(question, e.c.id, chosen):
        reason = row.reason or EntryKind(row.kind).name.lower()
        yield row.email, row.at, row.points, row.category, reason, row.scenario, row.step


ACTIVITIES = ExportKind(fixed("email", "type", "target", "occurred_at", "source_id", "properties"), activity_rows)
SCORES = ExportKind(fixed("email", "at", "points", "category", "reason", "scenario", "step"), score_rows)
