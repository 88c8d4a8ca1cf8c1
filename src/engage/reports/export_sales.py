"""The exports of opportunities, accounts and members of campaigns."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from engage.reports.export_kind import ExportKind, Question, Values, fixed, spans, streamed, within
from engage.sql import tables as t

_DEAL = ("id", "email", "name", "status", "stage", "amount", "account", "campaign", "created_at", "closed_at")
_ACCOUNT = (
    "id", "name", "industry", "website", "phone", "country", "prefecture", "city", "address", "zip", "employees",
    "annual_revenue", "owner",
)  # fmt: skip


def opportunity_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each prospect of an opportunity."""
    o, p = t.opportunities, t.prospects
    chosen = select(o.c.key, p.c.email, *(o.c[name] for name in _DEAL[2:])).join_from(o, p, p.c.id == o.c.prospect_id)
    for row in streamed(question, o.c.id, chosen.where(question.asked_for(o.c.prospect_id))):
        yield tuple(row)


def account_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each account."""
    a = t.accounts
    for row in streamed(question, a.c.id, select(a.c.key, *(a.c[name] for name in _ACCOUNT[1:]))):
        yield tuple(row)


def campaign_member_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each member of a campaign."""
    m, p, c = t.campaign_members, t.prospects, t.campaigns
    joined = m.join(p, p.c.id == m.c.prospect_id).join(c, c.c.id == m.c.campaign_id)
    chosen = select(c.c.key, p.c.email, m.c.status, m.c.since).select_from(joined)
    for span in spans(question, p.c.id):
        some = chosen.where(within(m.c.prospect_id, span), question.asked_for(m.c.prospect_id))
        for row in question.rows(some.order_by(m.c.prospect_id, c.c.key)):
            yield tuple(row)


OPPORTUNITIES = ExportKind(fixed(*_DEAL), opportunity_rows)
ACCOUNTS = ExportKind(fixed(*_ACCOUNT), account_rows, of_prospects=False)
CAMPAIGN_MEMBERS = ExportKind(fixed("campaign", "email", "status", "since"), campaign_member_rows)
