"""The score ledger's promises: its sum is the score, its sums by category are the categories' points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal, select, union_all

from engage.reports.finding import Finding, Span, finding, spans, within
from engage.sql import tables as t


def ledger_sums(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the score of somebody is not the sum of the ledger."""
    template = (
        "the score of {count} prospects is not the sum of their ledger, the first {email}: {score}, and not {total}"
    )
    wrong = (_missummed(span) for span in spans(connection, t.standings.c.prospect_id))
    yield from finding(connection, "ledger", template, *wrong)


def _missummed(span: Span) -> Select[Any]:
    """Return the prospects of a span whose score is not the sum of the ledger."""
    e, s, p = t.score_entries, t.standings, t.prospects
    both = union_all(
        select(e.c.prospect_id, e.c.points, literal(0).label("score")).where(within(e.c.prospect_id, span)),
        select(s.c.prospect_id, literal(0), s.c.score).where(within(s.c.prospect_id, span)),
    ).subquery("both")
    score, total = func.sum(both.c.score), func.sum(both.c.points)
    wrong = (
        select(both.c.prospect_id, score.label("score"), total.label("total"))
        .group_by(both.c.prospect_id)
        .having(score != total)
        .subquery("wrong")
    )
    return select(wrong, func.coalesce(p.c.email, "?").label("email")).outerjoin(p, p.c.id == wrong.c.prospect_id)


def category_sums(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the points of a category are not the sum of its rows in the ledger."""
    template = (
        "{count} category scores are not the sum of the ledger, the first {category} of {email}: {kept}, not {total}"
    )
    wrong = (_missummed_categories(span) for span in spans(connection, t.standings.c.prospect_id))
    yield from finding(connection, "categories", template, *wrong)


def _missummed_categories(span: Span) -> Select[Any]:
    e, c, p, w = t.score_entries, t.category_scores, t.prospects, t.words
    categorised = and_(e.c.category_id.is_not(None), within(e.c.prospect_id, span))
    both = union_all(
        select(e.c.prospect_id, e.c.category_id, e.c.points, literal(0).label("kept")).where(categorised),
        select(c.c.prospect_id, c.c.category_id, literal(0), c.c.points).where(within(c.c.prospect_id, span)),
    ).subquery("both")
    kept, total = func.sum(both.c.kept), func.sum(both.c.points)
    keys = (both.c.prospect_id, both.c.category_id)
    wrong = (
        select(*keys, kept.label("kept"), total.label("total")).group_by(*keys).having(kept != total).subquery("wrong")
    )
    joined = wrong.outerjoin(p, p.c.id == wrong.c.prospect_id).outerjoin(w, w.c.id == wrong.c.category_id)
    names = (func.coalesce(p.c.email, "?").label("email"), func.coalesce(w.c.text, "?").label("category"))
    return select(wrong, *names).select_from(joined)


def standings_there(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a prospect has no standing, or a standing no prospect."""
    p, s = t.prospects, t.standings
    bare = select(p.c.id, p.c.email).outerjoin(s, s.c.prospect_id == p.c.id).where(s.c.prospect_id.is_(None))
    yield from finding(connection, "standings", "{count} prospects have no standing, the first {email}", bare)
    nobody = select(s.c.prospect_id).outerjoin(p, p.c.id == s.c.prospect_id).where(p.c.id.is_(None))
    template = "{count} standings belong to no prospect, the first to number {prospect_id}"
    yield from finding(connection, "standings", template, nobody)
