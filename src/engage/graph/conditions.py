"""Checks of all conditions of a scenario: audience, goal, exit, rules and cases."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.build import Journey
from engage.language.criteria import Condition
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.language.steps import Repeat, Rule, StepWord, Switch
from engage.problem import Problem
from engage.wording import sentence


def conditions(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield the mistakes in every condition."""
    file, vocabulary = journey.file, workspace.vocabulary
    reader = Reader(vocabulary, file.source, file.id)
    _audience(journey, reader)
    for name, word in (("goal", file.model.goal), ("exit", file.model.exit)):
        reader.condition(word, (name,))
    rules = Reader(vocabulary, file.source, file.id, hours=True)
    for placed in journey.steps.values():
        if placed.path not in file.broken:
            for word, path in _asked(placed.word, placed.path):
                rules.condition(word, path)
    yield from (*reader.problems, *rules.problems)


def _asked(word: StepWord, path: Path) -> Iterator[tuple[Condition, Path]]:
    """Yield the conditions that a step asks, with their places."""
    match word:
        case Rule(rule=condition):
            yield condition, (*path, "rule")
        case Switch(switch=cases):
            yield from ((case.case, (*path, "switch", place, "case")) for place, case in enumerate(cases))
        case Repeat(repeat=loop):
            if loop.asked is not None:
                yield loop.asked, (*path, "repeat", "until")
        case _:
            return


def _audience(journey: Journey, reader: Reader) -> None:
    """Read who enters and who stays out."""
    audience = journey.file.model.audience
    for word, path in ((audience, ("audience",)), (audience.suppress, ("audience", "suppress"))):
        if word is not None and word.lists:
            reader.on_lists(word.lists, (*path, "lists"))
        if word is not None and reader.source.has((*path, "where")):
            reader.condition(word.where, (*path, "where"))


def lists_in_both(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a warning for each list that lets in and keeps out at once."""
    audience = journey.file.model.audience
    suppressed = audience.suppress.lists if audience.suppress else None
    for place, name in enumerate(suppressed or ()):
        if name in (audience.lists or ()):
            message = sentence("the list {name} stands in the audience and in suppress: nobody on it enters", name=name)
            path: Path = ("audience", "suppress", "lists", place)
            yield Problem(journey.file.source.place(path), message, "warning")
