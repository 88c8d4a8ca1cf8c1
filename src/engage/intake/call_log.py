"""Calls that users log: each is the activity ``call_logged`` of a prospect, whose target is what came of it."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from engage.errors import Refused
from engage.intake.todo_deeds import Actor
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.happened import activity_key, write_activities
from engage.sql.interning import word_id

#: Where these activities come from.
SOURCE = "inbox"
#: What comes of a call, as triggers and criteria name it: ``trigger: {call_logged: reached}``.
CALL_RESULTS = ("reached", "no_answer", "message_left", "wrong_number")


def log_call(
    connection: Connection,
    prospect_id: int,
    name: str,
    result: str,
    note: str | None,
    actor: Actor,
    *,
    todo: int | None = None,
) -> int:
    """Log a call with a prospect, which the next tick learns; return the activity. ``name`` makes it the same again."""
    if result not in CALL_RESULTS:
        raise Refused(unknown("the result of a call", result, CALL_RESULTS))
    told = {"user": actor.user, "note": note, "todo": todo}
    key = activity_key(SOURCE, name)
    row = {
        "prospect_id": prospect_id,
        "type_id": word_id(connection, "event", "call_logged"),
        "target_id": word_id(connection, "target", result),
        "message_id": None,
        "occurred_at": actor.now,
        "key": key,
        "source": SOURCE,
        "source_id": name,
        "properties": json.dumps({k: v for k, v in told.items() if v is not None}, ensure_ascii=False),
    }
    write_activities(connection, [row])
    number: int = connection.execute(select(t.activities.c.id).where(t.activities.c.key == key)).scalar_one()
    return number
