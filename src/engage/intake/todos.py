"""What users do with their ToDos: complete, postpone, hand on, take, mark, and make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from engage.errors import Refused
from engage.intake.call_log import log_call
from engage.intake.staging import announce
from engage.intake.todo_deeds import (
    DONE,
    Actor,
    Seen,
    assignee_name,
    begin_deed,
    change,
    change_each,
    hold,
)
from engage.problem import unknown
from engage.sql import tables as t
from engage.wording import sentence

#: What an open ToDo can be.
OPEN = ("not_started", "in_progress", "waiting", "deferred")
PRIORITIES = ("high", "normal", "low")
#: A ToDo is not due later than this after now.
FARTHEST = timedelta(days=3653)
#: How many signs a subject and an outcome have at most, and a note.
_LINE, _TEXT = 500, 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A ToDo that a user makes."""

    subject: str
    #: an addressee: ``user:sato`` or ``queue:inside-sales``
    to: str
    due_at: datetime | None = None
    priority: str = "normal"
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a ToDo is completed."""

    outcome: str | None = None
    note: str | None = None
    #: what came of the call that is logged with it, a word of CALL_RESULTS; None: no call
    call: str | None = None
    #: the ToDo that follows
    follow_up: Draft | None = None


def complete_todo(
    connection: Connection, todo_id: int, outcome: str | None, now: datetime, user: str | None = None
) -> bool:
    """Mark a ToDo as completed and tell the engine of its prospect; return False if it was completed before.

    What was written at the first completion stays. Raises Refused for a ToDo that does not exist. The caller has
    begun the transaction.
    """
    seen, status = as_it_is(connection, todo_id)
    if status == DONE:
        return False
    complete(connection, (seen,), Actor(user, now), Ending(outcome))
    return True


def as_it_is(connection: Connection, todo_id: int) -> tuple[Seen, str]:
    """Return a ToDo as it stands now, and its status, locked for this transaction.

    Raises Refused for one that does not exist.
    """
    d = t.todos
    asked = select(d.c.changes, d.c.status).where(d.c.id == todo_id).with_for_update()
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise Refused(sentence("no ToDo has the number {id}; see: engage todos", id=todo_id))
    return Seen(todo_id, row.changes), row.status


def complete(connection: Connection, seen: Sequence[Seen], actor: Actor, ending: Ending) -> int:
    """Complete ToDos and tell the engine; return the deed. A follow-up is made for each prospect once."""
    rows = hold(connection, seen)
    deed = begin_deed(connection, "done", actor)
    values = {"status": DONE, "completed_at": actor.now, "outcome": _line(ending.outcome)}
    note = _text(ending.note)
    for row in rows:
        call = None if ending.call is None else _call(connection, deed, row, ending.call, note, actor)
        change(connection, deed, (row,), values, note=note, activity=call)
    people = sorted({row.prospect_id for row in rows})
    if ending.follow_up is not None:
        for person in people:
            make_todo(connection, person, ending.follow_up, actor, deed)
    announce(connection, people, actor.now)
    return deed


def log_todo_call(connection: Connection, seen: Seen, actor: Actor, result: str, note: str | None) -> int:
    """Log a call that a ToDo led to, which stays open; return the deed."""
    rows = hold(connection, (seen,), still_open=False)
    deed = begin_deed(connection, "called", actor)
    call = _call(connection, deed, rows[0], result, _text(note), actor)
    change(connection, deed, rows, {}, note=_text(note), activity=call)
    return deed


def postpone(
    connection: Connection, seen: Sequence[Seen], actor: Actor, due_at: datetime, note: str | None = None
) -> int:
    """Let ToDos be due at another time, which is to come; return the deed."""
    return postpone_each(connection, seen, actor, lambda _: due_at, note)


def postpone_each(
    connection: Connection,
    seen: Sequence[Seen],
    actor: Actor,
    until: Callable[[datetime | None], datetime],
    note: str | None = None,
) -> int:
    """Let each ToDo be due at a time to come, which ``until`` tells from when it is due now; return the deed."""
    moved = [(row, {"due_at": until(row.due_at)}) for row in hold(connection, seen)]
    for _, values in moved:
        if values["due_at"] <= actor.now:
            raise Refused(sentence("a ToDo is postponed to a time to come; nothing was changed"))
        _check_due(values["due_at"], actor.now)
    deed = begin_deed(connection, "postponed", actor)
    change_each(connection, deed, moved, note=_text(note))
    return deed


def hand_on(connection: Connection, seen: Sequence[Seen], actor: Actor, to: str, note: str | None = None) -> int:
    """Give ToDos to another user or queue; return the deed."""
    rows = hold(connection, seen)
    to = _assignee(connection, to)
    for row in rows:
        if row.assignee == to:
            who = assignee_name(connection, to)
            raise Refused(sentence("{who} has “{subject}” already; nothing was changed", who=who, subject=row.subject))
    deed = begin_deed(connection, "handed", actor)
    change(connection, deed, rows, {"assignee": to}, note=_text(note))
    return deed


def take(connection: Connection, seen: Sequence[Seen], actor: Actor) -> int:
    """Take ToDos from their queues; return the deed. Of two who take the same one, one is refused."""
    rows = hold(connection, seen)
    for row in rows:
        if not row.assignee.startswith("queue:"):
            who = assignee_name(connection, row.assignee)
            message = "“{subject}” is in no queue: {who} has it; nothing was changed"
            raise Refused(sentence(message, subject=row.subject, who=who))
    deed = begin_deed(connection, "taken", actor)
    change(connection, deed, rows, {"assignee": f"user:{actor.user}"})
    return deed


def mark(connection: Connection, seen: Sequence[Seen], actor: Actor, status: str, note: str | None = None) -> int:
    """Give open ToDos another status and tell the engine; return the deed."""
    if status not in OPEN:
        raise Refused(unknown("the status", status, OPEN))
    rows = hold(connection, seen)
    deed = begin_deed(connection, "marked", actor)
    change(connection, deed, rows, {"status": status}, note=_text(note))
    announce(connection, sorted({row.prospect_id for row in rows}), actor.now)
    return deed


def make_todo(connection: Connection, prospect_id: int, draft: Draft, actor: Actor, deed: int | None = None) -> int:
    """Make a ToDo for a prospect, in a deed of its own or in one that was begun; return its number.

    A deed that was begun tells the engine itself.
    """
    subject = _line(draft.subject)
    if subject is None:
        raise Refused(sentence("a ToDo needs a subject"))
    if draft.priority not in PRIORITIES:
        raise Refused(unknown("the priority", draft.priority, PRIORITIES))
    if draft.due_at is not None:
        if draft.due_at <= actor.now:
            raise Refused(sentence("a new ToDo is due at a time to come; nothing was changed"))
        _check_due(draft.due_at, actor.now)
    values = {
        "prospect_id": prospect_id, "created_by": actor.user, "subject": subject, "comments": _text(draft.comments),
        "due_at": draft.due_at, "priority": draft.priority, "status": OPEN[0], "created_at": actor.now,
        "assignee": _assignee(connection, draft.to),
    }  # fmt: skip
    made = connection.execute(insert(t.todos).values(values)).inserted_primary_key
    assert made is not None
    inside = begin_deed(connection, "made", actor) if deed is None else deed
    kept = {"todo_id": int(made[0]), "number": 0, "deed_id": inside, "prospect_id": prospect_id}
    connection.execute(insert(t.todo_changes).values(kept))
    if deed is None:
        announce(connection, (prospect_id,), actor.now)
    return int(made[0])


def _call(connection: Connection, deed: int, row: Row[Any], result: str, note: str | None, actor: Actor) -> int:
    name = f"deed:{deed}:{row.id}"
    return log_call(connection, row.prospect_id, name, result, note, actor, todo=row.id)


def _assignee(connection: Connection, to: str) -> str:
    """Return an addressee of ToDos: a user who may log in, or a queue; raise Refused for another."""
    kind, _, key = to.partition(":")
    if kind == "queue":
        known = set(connection.scalars(select(t.queue_members.c.queue_key).distinct()))
        if key not in known:
            raise Refused(unknown("queue", key, known))
    elif kind == "user":
        known = set(connection.scalars(select(t.users.c.id).where(t.users.c.enabled)))
        if key not in known:
            raise Refused(unknown("user", key, known))
    else:
        raise Refused(sentence("a ToDo is a user's or a queue's; write user:NAME or queue:NAME, not {text}", text=to))
    return to


def _check_due(due_at: datetime, now: datetime) -> None:
    if due_at > now + FARTHEST:
        raise Refused(sentence("that due date is more than ten years away"))


def _line(text: str | None) -> str | None:
    """Return a text on one line, or None where nothing is said."""
    words = " ".join((text or "").replace("\0", " ").split())
    return words[:_LINE] or None


def _text(text: str | None) -> str | None:
    words = (text or "").replace("\0", " ").replace("\r\n", "\n").strip()
    return words[:_TEXT] or None
