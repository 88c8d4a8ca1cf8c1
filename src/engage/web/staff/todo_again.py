"""A form about ToDos that was refused, shown once more with what was typed in it: nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from engage.errors import Refused
from engage.intake.todo_deeds import DONE, read_seen
from engage.web.staff.answers import NotThere, Shown
from engage.web.staff.ask import Ask, positive
from engage.web.staff.inbox import inbox
from engage.web.staff.refusing import FIELD_WORDS
from engage.web.staff.todo import back_of, card_values
from engage.wording import Sentence, sentence

#: What is refused is answered with this status.
_STATUS = 422


def again(ask: Ask, why: Sentence) -> Shown:
    """Return the page of the ToDo with the form filled in, and above it why nothing was done.

    Where the form names many, or one that is out of the reader's sight now, it is the list. What the page's forms
    have no place for is told beside the reason.
    """
    deed = ask.asked.partition("?")[0].rpartition("/")[2]
    typed = {name: values[0] for name, values in ask.form.items()}
    numbers = _numbers(ask)
    try:
        values = card_values(ask, numbers[0], back_of(ask.field("back"))) if len(numbers) == 1 else None
    except NotThere:
        values = None
    if values is not None:
        told = [] if values["card"].status != DONE or deed == "call" else _told(typed)
        values |= {"refused": why, "typed": {deed: typed}, "told": told}
        return Shown("todo.html", sentence("ToDo"), values, _STATUS)
    many = {"typed": {deed: typed}, "ticked": frozenset(numbers)} if len(numbers) > 1 else {}
    page = _list(ask)
    return replace(page, values={**page.values, **many, "refused": why, "told": _told(typed)}, status=_STATUS)


def _list(ask: Ask) -> Shown:
    """Return the list that a form was sent from."""
    path, _, asked = back_of(ask.field("back")).partition("?")
    pairs = parse_qsl(asked) if path == "/todos" else []
    # No database is asked for the sign that they refuse; which ToDo was open counts no more.
    query = {name: value.replace("\0", "") for name, value in pairs if name != "todo"}
    return inbox(replace(ask, query=query))


def _numbers(ask: Ask) -> tuple[int, ...]:
    """Return the ToDos that a form names; where it names none, the one from whose page it was sent."""
    named = []
    for text in ask.form.get("todo", ()):
        try:
            named.append(read_seen(text).id)
        except Refused:
            continue
    own = positive(back_of(ask.field("back")).partition("?")[0].removeprefix("/todos/"))
    return tuple(named) if named or own is None else (own,)


def _told(typed: dict[str, str]) -> list[tuple[Sentence, str]]:
    """Return what somebody wrote, with the names of the fields."""
    return [(FIELD_WORDS[name], value) for name, value in typed.items() if name in FIELD_WORDS and value.strip()]
