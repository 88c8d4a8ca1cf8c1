"""A condition given by itself, as on the command line: its text becomes a meaning, or problems at their places."""

from __future__ import annotations

from dataclasses import replace
from textwrap import indent

from engage.language import criteria
from engage.language.conditions import Condition
from engage.language.meaning import Reader
from engage.language.model import Model
from engage.language.reading import parse
from engage.language.source import read
from engage.language.vocabulary import Vocabulary
from engage.problem import Problem, errors

_MARGIN = "  "


class _Where(Model):
    """What the text is wrapped in."""

    where: criteria.Condition


def read_where(
    text: str, vocabulary: Vocabulary, name: str = "--where"
) -> tuple[Condition | None, tuple[Problem, ...]]:
    """Return the condition that a text in YAML or JSON says, or None and every mistake.

    ``name`` stands for the file in the problems' places.
    """
    source, found = read(name, "where:\n" + indent(text, _MARGIN))
    if source is None or errors(found):
        return None, _moved(found)
    word, wrong = parse(_Where, source)
    if word is None:
        return None, _moved((*found, *wrong))
    reader = Reader(vocabulary, source)
    condition = reader.condition(word.where, ("where",))
    problems = _moved((*found, *reader.problems))
    return (None if errors(problems) else condition), problems


def _moved(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return problems at the places of the text itself."""
    return tuple(
        replace(
            problem,
            place=replace(
                problem.place,
                line=max(1, problem.place.line - 1),
                column=max(1, problem.place.column - len(_MARGIN)),
            ),
        )
        for problem in problems
    )
