"""A deed: what somebody does to ToDos in one movement, refused where one of them is no longer what the form showed.

Each deed is a row, and so is each ToDo that it changes, with what was before (``todo_deeds``, ``todo_changes``): from
them the history of a ToDo is told, and a deed is undone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from engage.errors import Refused
from engage.sql import tables as t
from engage.wording import Sentence, sentence

#: The one status that is not open.
DONE = "completed"
#: No deed changes more ToDos than this at once.
MOST = 500
_SEEN = re.compile(r"([1-9][0-9]{0,17})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Seen:
    """A ToDo as a form was made from it: its number, and how often it had been changed then."""

    id: int
    changes: int

    def __str__(self) -> str:
        """Return what stands in a form."""
        return f"{self.id}.{self.changes}"


def read_seen(text: str) -> Seen:
    """Return what a form says that it was made from; raise Refused for what no form of ours says.

    >>> read_seen("12.3")
    Seen(id=12, changes=3)
    """
    found = _SEEN.fullmatch(text)
    if found is None:
        raise Refused(sentence("{text} names no ToDo; load the page again", text=repr(text[:40])))
    return Seen(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and when; no user for a command."""

    user: str | None
    now: datetime


def hold(connection: Connection, seen: Sequence[Seen], *, still_open: bool = True) -> tuple[Row[Any], ...]:
    """Lock ToDos for this transaction, in the order of their numbers, and return them as they stand.

    Raises Refused where one is gone, has changed since it was seen, or is completed and may not be.
    """
    d = t.todos
    wanted = {each.id: each for each in seen}
    if not wanted:
        raise Refused(sentence("no ToDo was chosen; choose one or more"))
    if len(wanted) > MOST:
        message = "{count} ToDos at once are too many; choose {most} at most"
        raise Refused(sentence(message, count=len(wanted), most=MOST))
    rows = connection.execute(select(d).where(d.c.id.in_(wanted)).order_by(d.c.id).with_for_update()).all()
    found = {row.id: row for row in rows}
    for number, each in sorted(wanted.items()):
        row = found.get(number)
        if row is None:
            raise Refused(sentence("ToDo {id} is not there any more; nothing was changed", id=number))
        if row.changes != each.changes:
            raise Refused(gone_on(connection, row))
        if still_open and row.status == DONE:
            raise Refused(sentence("“{subject}” is completed; nothing was changed", subject=row.subject))
    return tuple(rows)


def begin_deed(connection: Connection, kind: str, actor: Actor, undoes: int | None = None) -> int:
    """Write down that something is done, and what the engine knew then; return the deed's number."""
    last = connection.execute(select(t.ticks.c.at, t.ticks.c.finished)).one_or_none()
    values = {
        "at": actor.now,
        "user_id": actor.user,
        "kind": kind,
        "tick_at": None if last is None else last.at,
        "ticking": last is not None and not last.finished,
        "undoes": undoes,
    }
    made = connection.execute(insert(t.todo_deeds).values(values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def change(
    connection: Connection,
    deed: int,
    rows: Sequence[Row[Any]],
    values: dict[str, Any],
    *,
    note: str | None = None,
    activity: int | None = None,
) -> None:
    """Give ToDos that are held new values, keeping what they were; ``values`` are the same for all."""
    change_each(connection, deed, [(row, values) for row in rows], note=note, activity=activity)


def change_each(
    connection: Connection,
    deed: int,
    each: Sequence[tuple[Row[Any], dict[str, Any]]],
    *,
    note: str | None = None,
    activity: int | None = None,
) -> None:
    """Give ToDos that are held new values, each its own."""
    kept = ("status", "assignee", "due_at", "completed_at", "outcome")
    before = [
        {name: getattr(row, name) for name in ("prospect_id", *kept)}
        | {"todo_id": row.id, "number": row.changes + 1, "deed_id": deed, "note": note, "activity_id": activity}
        for row, _ in each
    ]
    after = [
        {f"new_{name}": values.get(name, getattr(row, name)) for name in kept} | {"key": row.id, "as_seen": row.changes}
        for row, values in each
    ]
    d = t.todos
    connection.execute(insert(t.todo_changes), before)
    new = {name: bindparam(f"new_{name}", type_=d.c[name].type) for name in kept}
    changed = update(d).where(d.c.id == bindparam("key"), d.c.changes == bindparam("as_seen"))
    connection.execute(changed.values(new | {"changes": d.c.changes + 1}), after)


def who_went_on(connection: Connection, todo_id: int) -> Sentence:
    """Return who has changed a ToDo last, and how, given its number."""
    return gone_on(connection, connection.execute(select(t.todos).where(t.todos.c.id == todo_id)).one())


def gone_on(connection: Connection, row: Row[Any]) -> Sentence:
    """Return who has changed a ToDo last, and how: why a form made before is refused."""
    e, c, u = t.todo_deeds, t.todo_changes, t.users
    chosen = (
        select(e.c.kind, e.c.user_id, u.c.name)
        .select_from(c.join(e, e.c.id == c.c.deed_id).outerjoin(u, u.c.id == e.c.user_id))
        .where(c.c.todo_id == row.id)
        .order_by(c.c.number.desc())
        .limit(1)
    )
    last = connection.execute(chosen).one_or_none()
    kind = None if last is None else last.kind
    who: object = sentence("somebody") if last is None or last.user_id is None else last.name or last.user_id
    named = {"subject": row.subject, "who": who}
    match kind:
        case "done":
            return sentence("“{subject}”: {who} has completed it meanwhile; nothing was changed", **named)
        case "taken":
            return sentence("“{subject}”: {who} has taken it meanwhile; nothing was changed", **named)
        case "handed":
            to = assignee_name(connection, row.assignee)
            message = "“{subject}”: {who} has handed it on to {to} meanwhile; nothing was changed"
            return sentence(message, **named, to=to)
        case "postponed":
            return sentence("“{subject}”: {who} has postponed it meanwhile; nothing was changed", **named)
        case "undone":
            return sentence("“{subject}”: {who} has undone a change of it meanwhile; nothing was changed", **named)
        case _:
            return sentence("“{subject}”: {who} has changed it meanwhile; nothing was changed", **named)


def assignee_name(connection: Connection, assignee: str) -> str:
    """Return the name of whom an addressee means: a user's, or the queue's id."""
    kind, _, key = assignee.partition(":")
    name = connection.scalar(select(t.users.c.name).where(t.users.c.id == key)) if kind == "user" else None
    return name or key
