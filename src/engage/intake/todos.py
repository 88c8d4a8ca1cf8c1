"""What users do with their ToDos."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from engage.errors import Refused
from engage.intake.staging import announce
from engage.sql import tables as t
from engage.sql.packing import is_postgres
from engage.wording import sentence

DONE = "completed"


def complete_todo(connection: Connection, todo_id: int, outcome: str | None, now: datetime) -> bool:
    """Mark a ToDo as completed and tell the engine of its prospect; return False if it was completed before.

    What was written at the first completion stays. Raises Refused for a ToDo that does not exist. The caller has
    begun the transaction.
    """
    d = t.todos
    asked = select(d.c.prospect_id, d.c.status).where(d.c.id == todo_id)
    row = connection.execute(asked.with_for_update() if is_postgres(connection) else asked).one_or_none()
    if row is None:
        raise Refused(sentence("no ToDo has the number {id}; see: engage todos", id=todo_id))
    if row.status == DONE:
        return False
    values = {"status": DONE, "completed_at": now, "outcome": outcome}
    connection.execute(update(d).values(values).where(d.c.id == todo_id))
    announce(connection, (row.prospect_id,), now)
    return True
