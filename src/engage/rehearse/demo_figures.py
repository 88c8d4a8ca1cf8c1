"""What came of a demo, read from its database: figures that no report card has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, literal, select

from engage.language.fields import GRADES
from engage.plan.moves import Plans
from engage.reports.card import Card, report_card
from engage.reports.export_prospects import full_name
from engage.reports.status import ScenarioStatus, status
from engage.reports.todos import TodoRow, todos
from engage.sql import tables as t

#: From here on a prospect is warm enough for sales, and fits (as the starter's list ``hot``).
HOT_SCORE, HOT_GRADE = 100, "B-"


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many prospects there are, and of which kind."""

    all: int
    subscribed: int
    hot: int
    owned: int
    opted_out: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Deals:
    """Opportunities of one status."""

    count: int = 0
    amount: float = 0


@dataclass(frozen=True, slots=True)
class Assignee:
    """What somebody in sales was given, and did."""

    to: str
    #: the user's name; None for a queue
    name: str | None
    #: prospects owned
    owned: int
    todos: int
    done: int
    open: int
    overdue: int
    high: int


@dataclass(frozen=True, slots=True)
class Lead:
    """A prospect at the top."""

    name: str
    company: str
    job_title: str
    score: int
    grade: str
    #: the owner's name
    owner: str
    last_activity_at: datetime | None
    #: the status of the latest opportunity
    deal: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a demo's page shows."""

    crowd: Crowd
    #: activities by type
    activities: Mapping[str, int]
    #: by status
    deals: Mapping[str, Deals]
    scenarios: tuple[ScenarioStatus, ...]
    cards: Mapping[str, Card]
    assignees: tuple[Assignee, ...]
    urgent: tuple[TodoRow, ...]
    leads: tuple[Lead, ...]


def read_outcome(connection: Connection, plans: Plans, now: datetime, locale: str, most: int = 10) -> Outcome:
    """Return what came of a demo that ended at a moment."""
    zone = plans.house.hours.zone
    return Outcome(
        crowd=_crowd(connection),
        activities=_activities(connection),
        deals=_deals(connection),
        scenarios=status(connection, now).scenarios,
        cards={key: report_card(connection, plan, zone=zone) for key, plan in sorted(plans.scenarios.items())},
        assignees=_assignees(connection, now),
        urgent=todos(connection, now, locale=locale, limit=most),
        leads=_leads(connection, locale, most),
    )


def _crowd(connection: Connection) -> Crowd:
    s, m = t.standings, t.list_members
    hot = (s.c.score >= HOT_SCORE) & (s.c.grade >= GRADES.index(HOT_GRADE))
    tests = (s.c.prospect_id == s.c.prospect_id, hot, s.c.owner.is_not(None), s.c.opted_out, s.c.do_not_email)
    counts = select(*(func.coalesce(func.sum(case((test, 1), else_=0)), 0) for test in tests))
    everybody, warm, owned, opted_out, unreachable = map(int, connection.execute(counts).one())
    readers = select(func.count()).select_from(m.join(t.lists, t.lists.c.id == m.c.list_id))
    subscribed = connection.scalar(readers.where(t.lists.c.key == "newsletter")) or 0
    return Crowd(everybody, subscribed, warm, owned, opted_out, unreachable)


def _activities(connection: Connection) -> dict[str, int]:
    a, w = t.activities, t.words
    counts = select(w.c.text, func.count()).join_from(a, w, w.c.id == a.c.type_id).group_by(w.c.text)
    return dict(connection.execute(counts.order_by(w.c.text)).all())


def _deals(connection: Connection) -> dict[str, Deals]:
    o = t.opportunities
    counts = select(o.c.status, func.count(), func.sum(o.c.amount)).group_by(o.c.status).order_by(o.c.status)
    return {name: Deals(count, amount or 0) for name, count, amount in connection.execute(counts)}


def _assignees(connection: Connection, now: datetime) -> tuple[Assignee, ...]:
    d, s, u = t.todos, t.standings, t.users
    owned: dict[str | None, int] = dict(connection.execute(select(s.c.owner, func.count()).group_by(s.c.owner)).all())
    done, late = d.c.status == "completed", d.c.due_at < now
    counted = (done, ~done, ~done & late, ~done & (d.c.priority == "high"))
    sums = (func.sum(case((test, 1), else_=0)) for test in counted)
    given = (
        select(d.c.assignee, u.c.name, func.count(), *sums)
        .select_from(d.outerjoin(u, literal("user:") + u.c.id == d.c.assignee))
        .group_by(d.c.assignee, u.c.name)
        .order_by(func.count().desc(), d.c.assignee)
    )
    return tuple(
        Assignee(to, name, owned.get(to, 0), *map(int, numbers)) for to, name, *numbers in connection.execute(given)
    )


def _leads(connection: Connection, locale: str, most: int) -> tuple[Lead, ...]:
    s, p, u, o = t.standings, t.prospects, t.users, t.opportunities
    deal = select(o.c.status).where(o.c.prospect_id == p.c.id).order_by(o.c.id.desc()).limit(1).scalar_subquery()
    chosen = (
        select(p.c.first_name, p.c.last_name, p.c.company, p.c.job_title, s.c.score, s.c.grade, s.c.owner,
               u.c.name.label("by"), s.c.last_activity_at, deal.label("deal"))
        .select_from(s.join(p, p.c.id == s.c.prospect_id).outerjoin(u, literal("user:") + u.c.id == s.c.owner))
        .order_by(s.c.score.desc(), func.coalesce(s.c.grade, -1).desc(), p.c.id)
        .limit(most)
    )  # fmt: skip
    return tuple(
        Lead(
            full_name(row.first_name, row.last_name, locale), row.company or "", row.job_title or "", row.score,
            "" if row.grade is None else GRADES[row.grade], row.by or row.owner or "", row.last_activity_at, row.deal,
        )
        for row in connection.execute(chosen)
    )  # fmt: skip
