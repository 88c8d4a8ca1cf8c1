"""Whom a ToDo can be handed on to, what is usually said at its end, and whose ToDos a form may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, literal, or_, select

from engage.reports.scope import addressees
from engage.sql import tables as t

#: So many of the outcomes that somebody wrote last are looked at for suggestions, and so many are made.
_LOOKED, _SHOWN = 100, 8


@dataclass(frozen=True, slots=True)
class Takers:
    """Who can get a ToDo: users with their names, and queues; as addressees."""

    users: tuple[tuple[str, str], ...]
    queues: tuple[tuple[str, str], ...]


def takers(connection: Connection) -> Takers:
    """Return all users who may log in, by name, and all queues."""
    u, q = t.users, t.queue_members
    users = connection.execute(select(u.c.id, u.c.name).where(u.c.enabled).order_by(u.c.name_folded, u.c.id))
    queues = connection.scalars(select(q.c.queue_key).distinct().order_by(q.c.queue_key))
    return Takers(tuple((f"user:{key}", name) for key, name in users), tuple((f"queue:{key}", key) for key in queues))


def usual_outcomes(connection: Connection, assignee: str) -> tuple[str, ...]:
    """Return the outcomes that somebody wrote lately, the latest first."""
    d = t.todos
    lately = (
        select(d.c.outcome)
        .where(d.c.assignee == assignee, d.c.status == "completed")
        .order_by(d.c.completed_at.desc())
        .limit(_LOOKED)
    )
    said = (outcome for outcome in connection.scalars(lately) if outcome)
    return tuple(dict.fromkeys(said))[:_SHOWN]


def out_of_sight(connection: Connection, user_id: str, ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return which of some ToDos a user does not see: those that were theirs before, and all others.

    A form that was made when a ToDo was still in the user's queue may say who has it now.
    """
    d, c, q = t.todos, t.todo_changes, t.queue_members
    queues = select(literal("queue:") + q.c.queue_key).where(q.c.user_id == user_id)
    mine = or_(c.c.assignee == f"user:{user_id}", c.c.assignee.in_(queues))
    was = exists().where(c.c.todo_id == d.c.id, mine)
    seen = select(d.c.id, addressees(user_id).label("now"), was.label("before")).where(d.c.id.in_(ids))
    rows = {row.id: row for row in connection.execute(seen)}
    before = [key for key in ids if key in rows and not rows[key].now and rows[key].before]
    others = [key for key in ids if key not in rows or not (rows[key].now or rows[key].before)]
    return before, others
