"""What users do with ToDos on the pages: one form a deed, for one ToDo or for many, each with its way to undo it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engage.errors import Refused
from engage.intake.todo_deeds import Actor, Seen, read_seen, who_went_on
from engage.intake.todo_undo import undo as take_back
from engage.intake.todos import (
    FARTHEST,
    Draft,
    Ending,
    complete,
    hand_on,
    log_todo_call,
    mark,
    postpone_each,
    take,
)
from engage.language.calendar import add_business_days
from engage.language.zones import local_instant
from engage.plan.todo_asking import asks_about_todos
from engage.reports.inbox_people import out_of_sight
from engage.web.staff.answers import Answer, See, Undo
from engage.web.staff.ask import Ask, positive
from engage.web.staff.todo import LATER, back_of
from engage.wording import Sentence, sentence


def done(ask: Ask) -> Answer:
    """Complete ToDos, with an outcome, a note, the call that was made, and the ToDo that follows."""
    ending = Ending(
        ask.field("outcome"),
        ask.field("note"),
        ask.field("call") or None,
        _follow_up(ask) if ask.field("next") else None,
    )
    return _does(ask, "completed", lambda seen, actor: complete(ask.connection, seen, actor, ending))


def postponed(ask: Ask) -> Answer:
    """Let ToDos be due later: at a moment, or some business days after they are due (after now where they are late)."""
    at, days, note = _moment(ask, ask.field("at")), positive(ask.field("days")), ask.field("note")
    if at is None and days not in LATER:
        raise Refused(sentence("say until when; nothing was changed"))

    def until(due: datetime | None) -> datetime:
        if at is not None:
            return at
        assert days is not None
        start = min(max(due or ask.now, ask.now), ask.now + FARTHEST)
        return add_business_days(ask.running.house.hours, start, days)

    return _does(ask, "postponed", lambda seen, actor: postpone_each(ask.connection, seen, actor, until, note))


def handed_on(ask: Ask) -> Answer:
    """Give ToDos to another user or a queue."""
    to, note = ask.field("to"), ask.field("note")
    return _does(ask, "handed on", lambda seen, actor: hand_on(ask.connection, seen, actor, to, note))


def taken(ask: Ask) -> Answer:
    """Take ToDos from a queue."""
    return _does(ask, "taken", lambda seen, actor: take(ask.connection, seen, actor))


def marked(ask: Ask) -> Answer:
    """Give ToDos another status."""
    status, note = ask.field("status"), ask.field("note")
    return _does(ask, "changed", lambda seen, actor: mark(ask.connection, seen, actor, status, note))


def called(ask: Ask) -> Answer:
    """Log a call; its ToDo stays open."""
    result, note = ask.field("call"), ask.field("note")
    if not ask.form.get("todo"):
        raise Refused(sentence("no ToDo was chosen; choose one or more"))
    return _does(ask, "called", lambda seen, actor: log_todo_call(ask.connection, seen[0], actor, result, note))


def undone(ask: Ask) -> Answer:
    """Take back what was done last."""
    deed = positive(ask.field("deed"))
    if deed is None:
        raise Refused(sentence("there is nothing of yours to undo here"))
    take_back(ask.connection, deed, _actor(ask), heard=asks_about_todos(ask.running.applied.plans))
    return See(_onward(ask), sentence("It is as it was before."))


def nothing_chosen(ask: Ask) -> Answer:  # noqa: ARG001 - as all handlers
    """Refuse a form that was sent by the key Enter, without a button: it does not say what to do."""
    raise Refused(sentence("say what to do with these ToDos; nothing was changed"))


def _does(ask: Ask, what: str, deed: Callable[[tuple[Seen, ...], Actor], int]) -> Answer:
    seen = _seen(ask)
    number = deed(seen, _actor(ask))
    back = _onward(ask)
    return See(back, _said(what, len(seen)), Undo("/todos/undo", (("deed", str(number)), ("back", back))))


def _onward(ask: Ask) -> str:
    """Return where a deed leads: back, or to the list where that is the page of a ToDo out of the reader's sight."""
    back, scope = back_of(ask.field("back")), ask.reader.scope
    number = positive(back.partition("?")[0].removeprefix("/todos/"))
    if number is None or scope is None or not any(out_of_sight(ask.connection, scope, [number])):
        return back
    return "/todos"


def _said(what: str, count: int) -> Sentence:
    """Return what is told of a deed."""
    match what, count:
        case "completed", 1:
            return sentence("The ToDo is completed.")
        case "completed", _:
            return sentence("{count} ToDos are completed.", count=count)
        case "postponed", 1:
            return sentence("The ToDo is postponed.")
        case "postponed", _:
            return sentence("{count} ToDos are postponed.", count=count)
        case "handed on", 1:
            return sentence("The ToDo is handed on.")
        case "handed on", _:
            return sentence("{count} ToDos are handed on.", count=count)
        case "taken", 1:
            return sentence("The ToDo is yours.")
        case "taken", _:
            return sentence("{count} ToDos are yours.", count=count)
        case "called", _:
            return sentence("The call is logged.")
        case _:
            return sentence("The status is changed.")


def _seen(ask: Ask) -> tuple[Seen, ...]:
    """Return the ToDos that a form names. Raises Refused for one that the reader does not see.

    Where it was the reader's, or in a queue of the reader, when the form was made, it says who has it now.
    """
    seen = tuple(read_seen(text) for text in ask.form.get("todo", ()))
    scope = ask.reader.scope
    if scope is None or not seen:
        return seen
    before, others = out_of_sight(ask.connection, scope, [each.id for each in seen])
    if others:
        raise Refused(sentence("ToDo {id} is not there any more; nothing was changed", id=others[0]))
    if before:
        raise Refused(who_went_on(ask.connection, before[0]))
    return seen


def _actor(ask: Ask) -> Actor:
    return Actor(ask.reader.id, ask.now)


def _follow_up(ask: Ask) -> Draft:
    days = positive(ask.field("next_days"))
    due = _moment(ask, ask.field("next_at"))
    if due is None and days in LATER:
        due = add_business_days(ask.running.house.hours, ask.now, days)
    to = ask.field("next_to") or ask.reader.addressee
    return Draft(ask.field("next"), to, due, ask.field("next_priority") or "normal")


def _moment(ask: Ask, text: str) -> datetime | None:
    """Return the moment that a form says in the reader's zone; nothing where it says none."""
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None:
            return local_instant(local.date(), local.time(), ask.reader.zone)
    except (ValueError, OverflowError):  # the first and the last day that can be written lie outside in some zones
        pass
    raise Refused(sentence("{text} is no date and time; nothing was changed", text=repr(text[:40])))
