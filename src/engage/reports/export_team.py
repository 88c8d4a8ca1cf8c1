"""The exports of users, of static lists' members, and of opt-outs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, Table, and_, exists, func, not_, null, select

from engage.reports.export_kind import ExportKind, Question, Values, fixed, spans, within
from engage.sql import tables as t


def member_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each member of a static list; dynamic lists are their criteria."""
    own, p = t.list_members, t.prospects
    joined = own.join(p, p.c.id == own.c.prospect_id).join(t.lists, t.lists.c.id == own.c.list_id)
    chosen = select(t.lists.c.key.label("list"), p.c.email).select_from(joined)
    for span in spans(question, p.c.id):
        some = chosen.where(within(own.c.prospect_id, span), question.asked_for(own.c.prospect_id))
        for row in question.rows(some.order_by(own.c.prospect_id, t.lists.c.key)):
            yield row.list, row.email


def user_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each user."""
    groups = _memberships(question, t.group_members, "group_key")
    queues = _memberships(question, t.queue_members, "queue_key")
    u = t.users.c
    chosen = select(u.id, u.email, u.name, u.role, u.department, u.job_title).order_by(u.id)
    for row in question.rows(chosen):
        yield (*row, ";".join(groups.get(row.id, ())), ";".join(queues.get(row.id, ())))


def _memberships(question: Question, table: Table, key: str) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in question.rows(select(table.c.user_id, table.c[key].label("name")).order_by(table.c[key])):
        found[row.user_id].append(row.name)
    return found


def opt_out_rows(question: Question) -> Iterator[Values]:
    """Yield a row for each opt-out in force: of all mail, or of one list."""
    p, s, c = t.prospects, t.standings, t.consents
    mine = and_(c.c.prospect_id == p.c.id, c.c.kind == "opt_out")
    whole = (
        select(p.c.id, p.c.email, null().label("list"), func.max(c.c.at).label("at"))
        .select_from(p.join(s, s.c.prospect_id == p.c.id).outerjoin(c, and_(mine, c.c.list_id.is_(null()))))
        .where(s.c.opted_out)
        .group_by(p.c.id, p.c.email)
    )
    of_lists = (
        select(p.c.id, p.c.email, t.lists.c.key.label("list"), func.max(c.c.at).label("at"))
        .select_from(p.join(c, mine).join(t.lists, t.lists.c.id == c.c.list_id))
        .where(not_(_taken_back()))
        .group_by(p.c.id, p.c.email, t.lists.c.key)
    )
    for span in spans(question, p.c.id):
        here = and_(within(p.c.id, span), question.asked_for(p.c.id))
        for row in question.rows(whole.where(here).order_by(p.c.id)):
            yield row.email, None, row.at
        for row in question.rows(of_lists.where(here).order_by(p.c.id, t.lists.c.key)):
            yield row.email, row.list, row.at


def _taken_back() -> ColumnElement[bool]:
    """Return whether the person consented again after an opt-out."""
    later = t.consents.alias()
    return exists(
        select(1).where(
            later.c.prospect_id == t.consents.c.prospect_id,
            later.c.kind == "opt_in",
            later.c.list_id == t.consents.c.list_id,
            later.c.at >= t.consents.c.at,
        )
    )


LIST_MEMBERS = ExportKind(fixed("list", "email"), member_rows)
USERS = ExportKind(
    fixed("id", "email", "name", "role", "department", "job_title", "groups", "queues"), user_rows, of_prospects=False
)
UNSUBSCRIBES = ExportKind(fixed("email", "list", "at"), opt_out_rows)
