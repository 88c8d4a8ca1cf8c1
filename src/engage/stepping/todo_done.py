"""A sales user's word that a ToDo is done: scenarios that ask for it look at the prospect again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from engage.clock import micros
from engage.errors import Refused
from engage.sql import tables as t
from engage.stepping.changes import announce
from engage.wording import sentence


def complete_todo(connection: Connection, todo_id: int, outcome: str | None, now: datetime) -> None:
    """Complete a ToDo in the caller's transaction.

    Raises Refused where there is none of this number, or it is completed already.
    """
    todos = t.todos
    changes = {"status": "completed", "completed_at": now, "outcome": outcome}
    changed = connection.execute(
        update(todos).values(changes).where(todos.c.id == todo_id, todos.c.status != "completed")
    )
    if not changed.rowcount:
        if connection.scalar(select(todos.c.id).where(todos.c.id == todo_id)) is None:
            raise Refused(sentence("there is no ToDo {id}", id=todo_id))
        raise Refused(sentence("ToDo {id} is completed already", id=todo_id))
    announce(connection, micros(now), select(todos.c.prospect_id).where(todos.c.id == todo_id))
