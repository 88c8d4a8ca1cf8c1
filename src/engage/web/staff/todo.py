"""One ToDo with all that one wants to know before one calls, and the forms of what can be done with it."""

from __future__ import annotations

from typing import Any

from engage.intake.todos import OPEN, PRIORITIES
from engage.language.event_words import event_words
from engage.reports.inbox_people import takers, usual_outcomes
from engage.reports.scope import visible_todos
from engage.reports.todo_card import history, todo_card
from engage.web.staff.answers import Answer, Fragment, NotThere, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.todo_words import CALL_WORDS, PRIORITY_WORDS, STATUS_WORDS, TURN_WORDS
from engage.wording import sentence

#: In how many business days a postponed ToDo is due.
LATER = (1, 2, 3, 5, 10)


def shown(ask: Ask) -> Answer:
    """Show a ToDo as a page of its own: what mails link to."""
    number = ask.number("id")
    values = card_values(ask, number, f"/todos/{number}")
    return Shown("todo.html", sentence("ToDo"), values)


def part(ask: Ask) -> Answer:
    """Give a ToDo for its place beside the list; ``back`` is where its forms lead."""
    return Fragment("todo_card.html", card_values(ask, ask.number("id"), back_of(ask.query.get("back", ""))))


def card_values(ask: Ask, number: int | None, back: str) -> dict[str, Any]:
    """Return what a ToDo is shown with; raise NotThere for one that the reader may not see."""
    connection, reader = ask.connection, ask.reader
    values: dict[str, Any] = {
        "card": None,
        "back": back,
        # of a form that was refused: why, what was typed in which, what else was, and for which ToDos
        "refused": None,
        "typed": {},
        "told": (),
        "ticked": frozenset(),
        "acts": reader.role != "viewer",
        "takers": takers(connection),
        "outcomes": usual_outcomes(connection, reader.addressee),
        "later": LATER,
        "statuses": STATUS_WORDS,
        "open_statuses": OPEN,
        "priorities": PRIORITY_WORDS,
        "priority_names": PRIORITIES,
        "calls": CALL_WORDS,
        "turn_words": TURN_WORDS,
        "event_words": event_words,
    }
    if number is None:
        return values
    card = todo_card(connection, number, ask.now, reader.locale, visible_todos(reader.scope))
    if card is None:
        raise NotThere
    names = dict((*values["takers"].users, *values["takers"].queues))
    return values | {"card": card, "history": history(connection, number), "names": names}


def back_of(path: str) -> str:
    """Return where a form leads when it is done: a page of the inbox, and nothing else.

    >>> back_of("/todos?tab=today"), back_of("//elsewhere"), back_of("/todosx"), back_of("/todos?a#\\r")
    ('/todos?tab=today', '/todos', '/todos', '/todos')
    """
    inside = path == "/todos" or path.startswith(("/todos?", "/todos/"))
    return path if inside and path.isprintable() and len(path) < 2_000 else "/todos"
