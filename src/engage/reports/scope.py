"""What a user may see: sales its own prospects and ToDos, all others everything (SPEC section 16)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, FromClause, exists, literal, or_, select

from engage.sql import tables as t


def addressees(user_id: str) -> ColumnElement[bool]:
    """Return the condition that a ToDo is a user's, or one of its queues'."""
    return _addressed(t.todos, user_id)


def _addressed(todos: FromClause, user_id: str) -> ColumnElement[bool]:
    q = t.queue_members
    mine = select(literal("queue:") + q.c.queue_key).where(q.c.user_id == user_id)
    return or_(todos.c.assignee == f"user:{user_id}", todos.c.assignee.in_(mine))


def visible_todos(user_id: str | None) -> ColumnElement[bool] | None:
    """Return the condition on ``todos`` that a user sees a ToDo; None as a user sees all, and needs no condition."""
    return None if user_id is None else addressees(user_id)


def todos_seen(connection: Connection, user_id: str | None, prospect_id: int) -> frozenset[int] | None:
    """Return the ToDos about a prospect that a user sees; None as a user sees all."""
    seen, d = visible_todos(user_id), t.todos
    if seen is None:
        return None
    return frozenset(connection.scalars(select(d.c.id).where(d.c.prospect_id == prospect_id, seen)))


def visible_prospects(user_id: str | None, prospect: ColumnElement[int]) -> ColumnElement[bool] | None:
    """Return the condition that a user sees a prospect, given its key: who owns it, or has a ToDo about it.

    None as a user sees all, and needs no condition.
    """
    if user_id is None:
        return None
    # Tables of their own: the key may be a column of the same tables in the statement around, and would be compared
    # with itself.
    s, d = t.standings.alias(), t.todos.alias()
    owned = exists().where(s.c.prospect_id == prospect, s.c.owner == f"user:{user_id}")
    concerned = exists().where(d.c.prospect_id == prospect, _addressed(d, user_id))
    return or_(owned, concerned)
