"""Expected and found side by side, as the lines of a readable difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TypeVar

from engage.clock import moment
from engage.language.cases import ExpectedMail, ExpectedTodo
from engage.language.hours import Hours
from engage.language.moment import Duration
from engage.language.vocabulary import FieldMeaning
from engage.language.when import instant
from engage.rehearse.comparing import shown_value, text_is
from engage.rehearse.seeing import SeenMail, SeenTodo

#: A sign (space: as expected, ``-``: expected and not there, ``+``: there and not expected) and a text.
Line = tuple[str, str]
W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells moments of a test."""

    start: datetime
    hours: Hours

    def instant(self, when: str) -> datetime:
        """Return the moment that a text of the test means."""
        return instant(when, self.start, self.hours)

    def moment(self, at: datetime | None) -> str:
        """Return a moment for people: ``2026-01-07 09:00 (2 days)``, the time since the start beside it."""
        if at is None:
            return "null"
        text = f"{at.astimezone(self.hours.zone):%Y-%m-%d %H:%M:%S}".removesuffix(":00")
        return f"{text} ({Duration(at - self.start)})" if at >= self.start else text

    def value(self, value: object, field: FieldMeaning) -> str:
        """Return a field's value as it was found."""
        if isinstance(value, datetime):
            return self.moment(value)
        if field.custom and isinstance(value, int):
            if field.type == "datetime":
                return self.moment(moment(value))
            return shown_value(bool(value)) if field.type == "boolean" else str(value)
        return shown_value(value)


def pair(wanted: str, found: str) -> Iterator[Line]:
    """Yield one value as expected and as found, where they differ."""
    if wanted != found:
        yield "-", wanted
        yield "+", found


def in_order(wanted: Sequence[str], found: Sequence[str]) -> Iterator[Line]:
    """Yield two lists of texts against each other.

    >>> list(in_order(["a", "b"], ["a", "c"]))
    [(' ', 'a'), ('-', 'b'), ('+', 'c')]
    """
    matcher = SequenceMatcher(None, wanted, found, autojunk=False)
    for kind, start, end, there, until in matcher.get_opcodes():
        if kind == "equal":
            yield from ((" ", text) for text in wanted[start:end])
        else:
            yield from (("-", text) for text in wanted[start:end])
            yield from (("+", text) for text in found[there:until])


def is_step(wanted: str | None, found: str | None) -> bool:
    """Tell whether a step is the one that is meant: any where none is named, any round of a loop by its id alone.

    >>> [is_step(wanted, "news#2") for wanted in (None, "news#2", "news", "news#1")]
    [True, True, True, False]
    """
    return wanted is None or wanted in (found, (found or "").partition("#")[0])


def mails(wanted: Sequence[ExpectedMail], found: Sequence[SeenMail], teller: Teller) -> Iterator[Line]:
    """Yield e-mails, one by one."""

    def fits(want: ExpectedMail, mail: SeenMail) -> bool:
        return is_step(want.step, mail.step) and (want.at is None or teller.instant(want.at) == mail.at)

    def wish(want: ExpectedMail) -> str:
        at = teller.moment(teller.instant(want.at)) if want.at else ""
        return ", ".join(filter(None, (want.step or "*", at)))

    yield from _one_by_one(wanted, found, fits, wish, lambda mail: f"{mail.step or '*'}, {teller.moment(mail.at)}")


def todos(wanted: Sequence[ExpectedTodo], found: Sequence[SeenTodo], teller: Teller) -> Iterator[Line]:
    """Yield ToDos, one by one."""

    def fits(want: ExpectedTodo, todo: SeenTodo) -> bool:
        due = teller.instant(want.due) if want.due is not None else None
        return (
            (want.subject is None or text_is(want.subject, todo.subject))
            and want.to in (None, todo.to)
            and want.priority in (None, todo.priority)
            and want.status in (None, todo.status)
            and ("due" not in want.model_fields_set or due == todo.due)
        )

    def wish(want: ExpectedTodo) -> str:
        told = {name: getattr(want, name) for name in ExpectedTodo.model_fields if name in want.model_fields_set}
        if want.due is not None:
            told["due"] = teller.moment(teller.instant(want.due))
        return ", ".join(f"{name}: {shown_value(value)}" for name, value in told.items()) or "*"

    def shown(todo: SeenTodo) -> str:
        return (
            f"subject: {todo.subject}, to: {todo.to}, priority: {todo.priority}, due: {teller.moment(todo.due)}, "
            f"status: {todo.status}"
        )

    yield from _one_by_one(wanted, found, fits, wish, shown)


def _one_by_one(
    wanted: Sequence[W],
    found: Sequence[F],
    fits: Callable[[W, F], bool],
    wish: Callable[[W], str],
    shown: Callable[[F], str],
) -> Iterator[Line]:
    """Yield what stands at each place: as expected, or what was wished and what is there."""
    for want, there in zip_longest(wanted, found):
        if want is not None and there is not None and fits(want, there):
            yield " ", shown(there)
            continue
        if want is not None:
            yield "-", wish(want)
        if there is not None:
            yield "+", shown(there)
