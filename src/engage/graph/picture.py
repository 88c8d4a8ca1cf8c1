"""What a drawing of a scenario shows: its steps as nodes with short texts, its ways as edges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engage.graph.build import END, Journey, Placed, in_order, ways_of
from engage.graph.doings import doing
from engage.language import steps as words
from engage.wording import Locale

#: ``rule`` asks something of the prospect, ``flow`` divides, repeats or leads elsewhere without asking.
Family = Literal["action", "trigger", "rule", "wait", "flow", "end"]

#: Characters that turn the direction of all that follows.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Node:
    """A step as it is drawn."""

    id: str
    #: the step key of the YAML
    type: str
    name: str
    #: the largest text: the name or id that was given, else what the step does
    title: str
    #: what it does, in a few words; empty where the title says it
    detail: str
    family: Family
    line: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a step; ``target`` None ends the run, ``outcome`` is empty where there is but one."""

    source: str
    target: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A scenario as it is drawn."""

    id: str
    name: str
    description: str
    first: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def picture(journey: Journey, locale: Locale = "en") -> Picture:
    """Return what to draw; steps stand in the order of the file, ways in the order of the graph.

    What steps do is told in the reader's language.
    """
    model = journey.file.model
    edges = (
        Edge(step, None if target == END else target, outcome)
        for step in in_order(journey)
        for outcome, target in ways_of(journey, step)
    )
    return Picture(
        id=journey.file.id,
        name=plain(model.name),
        description=plain(model.description or ""),
        first=journey.first,
        nodes=tuple(_node(placed, journey, locale) for placed in journey.steps.values()),
        edges=tuple(edges),
    )


def plain(text: str) -> str:
    """Return a text on one line, without characters that turn its direction.

    >>> plain("a\\n b")
    'a b'
    """
    return " ".join(_TURNING.sub("", text).split())


def _node(placed: Placed, journey: Journey, locale: Locale) -> Node:
    detail = plain(doing(placed, journey, locale))
    name = plain(placed.word.name or placed.key)
    told = bool(placed.word.name) or placed.given or not detail
    return Node(
        id=placed.key,
        type=placed.kind,
        name=name,
        title=name if told else detail,
        detail=detail if told else "",
        family=_family(placed.word),
        line=journey.file.source.place(placed.path).line,
    )


def _family(word: words.StepWord) -> Family:
    match word:
        case words.Trigger():
            return "trigger"
        case words.Rule() | words.Switch():
            return "rule"
        case words.Wait():
            return "wait"
        case words.Split() | words.Repeat() | words.GoTo():
            return "flow"
        case words.End():
            return "end"
        case _:
            return "action"
