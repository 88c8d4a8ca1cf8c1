"""A mistake in a user's file, as a value: where it is and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engage.wording import Locale, Sentence, sentence


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; lines and columns are counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, shown as ``FILE:LINE:COLUMN: message``."""

    place: Place
    message: Sentence
    severity: Literal["error", "warning"] = "error"

    def read(self, locale: Locale = "en") -> str:
        """Return the line shown to the user."""
        head = "" if self.severity == "error" else sentence("warning: ").read(locale)
        return f"{self.place}: {head}{self.message.read(locale)}"

    def __str__(self) -> str:
        return self.read()


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that stop a file from being used; warnings are left out."""
    return tuple(problem for problem in problems if problem.severity == "error")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word most like a misspelt one, or None.

    >>> nearest("witihn", ["after", "within"])
    'within'
    """
    found = get_close_matches(word.casefold(), {w.casefold(): w for w in words}, n=1, cutoff=0.6)
    return next((w for w in words if found and w.casefold() == found[0]), None)


def unknown(kind: str, word: str, words: Iterable[str]) -> Sentence:
    """Return the sentence for a word that is not known, with the nearest that is."""
    known, said = tuple(words), sentence(kind)
    near = nearest(word, known)
    if near is not None:
        return sentence("{kind} {word} is not known; did you mean {near}?", kind=said, word=repr(word), near=near)
    if known and len(known) <= 12:
        return sentence(
            "{kind} {word} is not known; there are: {known}",
            kind=said,
            word=repr(word),
            known=", ".join(sorted(known)),
        )
    return sentence("{kind} {word} is not known", kind=said, word=repr(word))
