"""What happened to one prospect: activities, messages, and the score ledger; latest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engage.reports.reasons import noted
from engage.sql import tables as t
from engage.sql.codes import EntryKind, MessageStatus


@dataclass(frozen=True, slots=True)
class Happening:
    """An activity."""

    at: datetime
    type: str
    target: str | None
    link: str | None
    #: when a tick learnt it; None: not yet
    learnt_at: datetime | None
    #: a machine did it, so it counts nowhere
    bot: bool
    #: why that is known: agent, head, proxy, apple, quick, many, trap; None where nobody told
    machine: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail."""

    template: str
    subject: str | None
    scenario: str | None
    step: str | None
    #: queued, held, sent, failed, in_doubt, cancelled
    status: str
    reason: str | None
    queued_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    #: soft or hard
    bounce: str | None
    #: the number of the one-off send it belongs to
    send: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the score ledger."""

    at: datetime
    points: int
    category: str | None
    #: its note, its rule, or its kind
    reason: str
    scenario: str | None
    step: str | None


def happenings(connection: Connection, prospect_id: int, last: int) -> tuple[Happening, ...]:
    """Return the last activities."""
    a = t.activities
    kind, target, link = (t.words.alias(name) for name in ("kinds", "targets", "links"))
    chosen = (
        select(a.c.occurred_at, kind.c.text.label("type"), target.c.text.label("target"), link.c.text.label("link"),
               a.c.learnt_at, a.c.bot, a.c.properties)
        .join_from(a, kind, kind.c.id == a.c.type_id)
        .outerjoin(target, target.c.id == a.c.target_id)
        .outerjoin(link, link.c.id == a.c.link_id)
        .where(a.c.prospect_id == prospect_id)
        .order_by(a.c.occurred_at.desc(), a.c.id.desc())
        .limit(last)
    )  # fmt: skip
    return tuple(
        Happening(
            row.occurred_at,
            row.type,
            row.target,
            row.link,
            row.learnt_at,
            row.bot,
            machine_of(row.properties if row.bot else None),
        )
        for row in connection.execute(chosen)
    )


def machine_of(properties: str | None) -> str | None:
    """Return why it is known that a machine did something."""
    why = json.loads(properties).get("machine") if properties else None
    return why if isinstance(why, str) else None


def letters(connection: Connection, prospect_id: int, last: int) -> tuple[Letter, ...]:
    """Return the last e-mails."""
    m, w, s, k = t.messages, t.words, t.steps, t.scenarios
    chosen = (
        select(m, w.c.text.label("template"), k.c.key.label("scenario"), s.c.key.label("step"))
        .join_from(m, w, w.c.id == m.c.template_id)
        .outerjoin(s, s.c.id == m.c.step_id)
        .outerjoin(k, k.c.id == s.c.scenario_id)
        .where(m.c.prospect_id == prospect_id)
        .order_by(m.c.queued_at.desc(), m.c.id.desc())
        .limit(last)
    )
    return tuple(
        Letter(
            row.template, row.subject, row.scenario, row.step, MessageStatus(row.status).name.lower(),
            noted(row.status, row.reason),
            row.queued_at, row.sent_at, row.opened_at, row.clicked_at, {1: "soft", 2: "hard"}.get(row.bounce),
            row.send_id,
        )
        for row in connection.execute(chosen)
    )  # fmt: skip


def entries(connection: Connection, prospect_id: int, last: int, skip: int = 0) -> tuple[Entry, ...]:
    """Return the last rows of the score ledger, but those that are skipped."""
    e, s, k = t.score_entries, t.steps, t.scenarios
    category, rule = t.words.alias("categories"), t.words.alias("rules")
    chosen = (
        select(
            e.c.at, e.c.points, category.c.text.label("category"), func.coalesce(e.c.note, rule.c.text).label("reason"),
            e.c.kind, k.c.key.label("scenario"), s.c.key.label("step"),
        )
        .select_from(e)
        .outerjoin(category, category.c.id == e.c.category_id)
        .outerjoin(rule, rule.c.id == e.c.rule_id)
        .outerjoin(s, s.c.id == e.c.step_id)
        .outerjoin(k, k.c.id == s.c.scenario_id)
        .where(e.c.prospect_id == prospect_id)
        .order_by(e.c.at.desc(), e.c.id.desc())
        .limit(last)
        .offset(skip)
    )  # fmt: skip
    return tuple(
        Entry(row.at, row.points, row.category, row.reason or EntryKind(row.kind).name.lower(), row.scenario, row.step)
        for row in connection.execute(chosen)
    )
