"""Taking a deed back: what it changed is as before, exactly, or nothing happens and a sentence says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from engage.errors import Refused
from engage.intake.staging import announce
from engage.intake.todo_deeds import Actor, begin_deed, change_each, gone_on
from engage.sql import tables as t
from engage.wording import sentence


def undo(connection: Connection, deed_id: int, actor: Actor, *, heard: bool = True) -> int:
    """Take back what a user did to ToDos; return the deed that does so.

    ``heard`` says whether some scenario, list or grading asks about ToDos: then what changed a status is taken back
    only until the next tick, which may act on it. A logged call is taken back until a tick has learnt it. Raises
    Refused where somebody went on with one of the ToDos, and where it is too late or was done by somebody else.
    """
    deed = _deed(connection, deed_id, actor)
    kept = connection.execute(
        select(t.todo_changes).where(t.todo_changes.c.deed_id == deed_id).order_by(t.todo_changes.c.todo_id)
    ).all()
    rows = _held(connection, kept)
    moved = [each for each in kept if each.number == 0 or each.status != rows[each.todo_id].status]
    calls = [each.activity_id for each in kept if each.activity_id is not None]
    if (calls or (heard and moved)) and _ticked_since(connection, deed):
        message = "a tick has seen this already and scenarios may have gone on; it can no longer be undone"
        raise Refused(sentence(message))
    undone = begin_deed(connection, "undone", actor, deed_id)
    names = ("status", "assignee", "due_at", "completed_at", "outcome")
    back = [(rows[each.todo_id], {name: getattr(each, name) for name in names}) for each in kept if each.number]
    if back:
        change_each(connection, undone, back)
    _unmake(connection, [each.todo_id for each in kept if each.number == 0])
    _unlog(connection, calls)
    if moved:
        announce(connection, sorted({each.prospect_id for each in moved}), actor.now)
    return undone


def _deed(connection: Connection, deed_id: int, actor: Actor) -> Row[Any]:
    """Return a deed that this user may take back."""
    e = t.todo_deeds
    deed = connection.execute(select(e).where(e.c.id == deed_id)).one_or_none()
    if deed is None or deed.user_id is None or deed.user_id != actor.user or deed.undoes is not None:
        raise Refused(sentence("there is nothing of yours to undo here"))
    if connection.scalar(select(e.c.id).where(e.c.undoes == deed_id)) is not None:
        raise Refused(sentence("this was undone before"))
    return deed


def _held(connection: Connection, kept: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    """Lock the ToDos of a deed and return them, each as the deed left it; raise Refused where one went on since."""
    d = t.todos
    held = select(d).where(d.c.id.in_([each.todo_id for each in kept])).order_by(d.c.id).with_for_update()
    rows: dict[int, Row[Any]] = {row.id: row for row in connection.execute(held)}
    for each in kept:
        row = rows.get(each.todo_id)
        if row is None:
            raise Refused(sentence("ToDo {id} is not there any more; nothing was changed", id=each.todo_id))
        if row.changes != each.number:
            raise Refused(gone_on(connection, row))
    return rows


def _ticked_since(connection: Connection, deed: Row[Any]) -> bool:
    """Tell whether a tick may have seen what a deed did.

    The row of the last tick stays locked until this transaction ends, so none begins beside it (PostgreSQL; SQLite
    has one writer). A tick that begins takes the row away, so one that is beginning is seen as well.
    """
    last = connection.execute(select(t.ticks.c.at).with_for_update()).scalar()
    return bool(deed.ticking) or last != deed.tick_at


def _unmake(connection: Connection, made: Sequence[int]) -> None:
    """Take away the ToDos that a deed made."""
    if made:
        connection.execute(delete(t.todos).where(t.todos.c.id.in_(made)))


def _unlog(connection: Connection, calls: Sequence[int]) -> None:
    """Take away calls that no tick has learnt."""
    if not calls:
        return
    unlearnt = connection.execute(delete(t.unlearnt).where(t.unlearnt.c.activity_id.in_(calls)))
    if unlearnt.rowcount != len(calls):
        message = "a tick has seen this already and scenarios may have gone on; it can no longer be undone"
        raise Refused(sentence(message))
    connection.execute(delete(t.activities).where(t.activities.c.id.in_(calls)))
