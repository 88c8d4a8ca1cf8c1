"""A condition given by itself, as on the command line: its text becomes a meaning, or problems at their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from textwrap import indent

from engage.language import criteria
from engage.language.conditions import Condition
from engage.language.meaning import Reader
from engage.language.model import Model
from engage.language.reading import parse
from engage.language.source import read
from engage.language.vocabulary import Vocabulary
from engage.problem import Place, Problem, errors

_KEY, _MARGIN = "where: ", "  "


class _Where(Model):
    """What the text is wrapped in."""

    where: criteria.Condition


def read_where(
    text: str, vocabulary: Vocabulary, name: str = "--where"
) -> tuple[Condition | None, tuple[Problem, ...]]:
    """Return the condition that a text in YAML or JSON says, or None and every mistake.

    ``name`` stands for the file in the problems' places.
    """
    whole, back = wrapped(_KEY, text)
    source, problems = read(name, whole)
    condition: Condition | None = None
    if source is not None and not errors(problems):
        word, wrong = parse(_Where, source)
        problems += wrong
        if word is not None:
            reader = Reader(vocabulary, source)
            condition = reader.condition(word.where, ("where",))
            problems += tuple(reader.problems)
    if errors(problems):
        condition = None
    return condition, tuple(replace(problem, place=back(problem.place)) for problem in problems)


def wrapped(key: str, text: str) -> tuple[str, Callable[[Place], Place]]:
    """Return a text under a key such as ``where: ``, and how a place in it becomes a place in the text itself."""
    if text.lstrip().startswith(("{", "[")):
        return key + text, lambda place: _moved(place, 0, len(key) if place.line == 1 else 0)
    return f"{key.strip()}\n{indent(text, _MARGIN)}", lambda place: _moved(place, 1, len(_MARGIN))


def _moved(place: Place, lines: int, columns: int) -> Place:
    return replace(place, line=max(1, place.line - lines), column=max(1, place.column - columns))
