"""A user's open ToDos as calendars need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from engage.sql import tables as t

#: A feed holds at most so many ToDos, those due first.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One open ToDo."""

    id: int
    subject: str
    comments: str | None
    due_at: datetime | None
    #: high, normal, low
    priority: str
    #: not_started, in_progress, waiting, deferred
    status: str
    created_at: datetime
    #: when it last became another one
    changed_at: datetime
    #: how often it did
    changes: int
    #: the prospect
    first_name: str | None
    last_name: str | None
    company: str | None
    phone: str | None
    email: str


def agenda(connection: Connection, user_id: str) -> tuple[Entry, ...]:
    """Return a user's open ToDos: by due date, none last, then by priority."""
    d, p, c, e = t.todos, t.prospects, t.todo_changes, t.todo_deeds
    changed = select(func.max(e.c.at)).join_from(c, e, e.c.id == c.c.deed_id).where(c.c.todo_id == d.c.id)
    rank = case({"high": 0, "normal": 1, "low": 2}, value=d.c.priority, else_=1)
    at = func.coalesce(changed.scalar_subquery(), d.c.created_at).label("changed_at")
    own = (d.c.id, d.c.subject, d.c.comments, d.c.due_at, d.c.priority, d.c.status, d.c.created_at, at, d.c.changes)
    chosen = (
        select(*own, p.c.first_name, p.c.last_name, p.c.company, func.coalesce(p.c.phone, p.c.mobile), p.c.email)
        .join_from(d, p, p.c.id == d.c.prospect_id)
        .where(d.c.assignee == f"user:{user_id}", d.c.status != "completed")
        .order_by(d.c.due_at.is_(None), d.c.due_at, rank, d.c.id)
        .limit(MOST)
    )
    return tuple(Entry(*tuple(row)) for row in connection.execute(chosen))
