"""What a drawing of a scenario shows: its steps as nodes with short texts, its ways as edges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engage.graph.build import END, Journey, Placed, in_order, ways_of
from engage.language import steps as words
from engage.language.reading import value_at
from engage.language.steps import blocks

#: ``rule`` asks something of the prospect, ``flow`` divides, repeats or leads elsewhere without asking.
Family = Literal["action", "trigger", "rule", "wait", "flow", "end"]

#: How words of a condition and a trigger are shortened.
_SIGNS = {"gte": "≥", "lte": "≤", "gt": ">", "lt": "<", "eq": "=", "ne": "≠", "email": "", "link": "", "type": ""}

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


def picture(journey: Journey) -> Picture:
    """Return what to draw; steps stand in the order of the file, ways in the order of the graph."""
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
        nodes=tuple(_node(placed, journey) for placed in journey.steps.values()),
        edges=tuple(edges),
    )


def plain(text: str) -> str:
    """Return a text on one line, without characters that turn its direction.

    >>> plain("a\\n b")
    'a b'
    """
    return " ".join(_TURNING.sub("", text).split())


def _node(placed: Placed, journey: Journey) -> Node:
    stay = placed.word.after if isinstance(placed.word, words.Staying) else None
    detail = plain(" · ".join(filter(None, (f"after {stay}" if stay else "", _detail(placed, journey)))))
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


def _detail(placed: Placed, journey: Journey) -> str:
    """Return what a step does, in a few words."""
    match placed.word:
        case words.SendEmail() as word:
            return word.mailing.template
        case words.CreateTodo(create_todo=todo):
            return f"to {todo.to}" + (f", due {todo.due}" if todo.due else "")
        case words.Notify(notify=notice):
            return f"to {notice.to}"
        case words.Assign() as word:
            return word.assignment.to
        case words.Wait(wait=length):
            return _said(placed, journey) if isinstance(length, words.UntilMoment | words.UntilDay) else str(length)
        case words.AddToCampaign(add_to_campaign=member):
            return f"{member.campaign}: {member.status}" if member.status else member.campaign
        case words.AdjustScore() as word:
            return _points(word.change)
        case words.Trigger(within=within, after=after):
            return (f"within {within}" if within else f"after {after}") + f" · {_said(placed, journey)}"
        case words.Switch() as word:
            cases = zip(word.outcomes, _cases(placed, journey), strict=True)
            return " · ".join(f"{name}: {short(case)}" for name, case in cases)
        case words.Repeat(repeat=loop):
            until = value_at(journey.file.source.value, (*placed.path, "repeat", "until"))
            told = (f"round {placed.rounds[-1]} of {loop.times}", f"every {loop.every}" if loop.every else "")
            return " · ".join(filter(None, (*told, f"until {short(until)}" if until else "")))
        case words.Split(split=arms):
            return " · ".join(f"{name} {arm.share} %" for name, arm in arms.items())
        case words.End() | words.OptOut():
            return ""
        case _:
            return _said(placed, journey)


def _cases(placed: Placed, journey: Journey) -> list[object]:
    """Return the conditions of a switch as they are written."""
    value = journey.file.source.value
    return [value_at(value, (*placed.path, "switch", n, "case")) for n, _ in enumerate(blocks(placed.word)[:-1])]


def _points(change: words.ScoreChange) -> str:
    points = f"{change.by:+d}" if change.by is not None else f"to {change.to}"
    return f"{points} {change.category}" if change.category else points


def _said(placed: Placed, journey: Journey) -> str:
    """Return the step's own value as it is written, without brackets."""
    return short(value_at(journey.file.source.value, (*placed.path, placed.kind)))


def short(value: object) -> str:
    """Return a value of a file in a few words.

    >>> short({"score": {"gte": 60}, "tag": ["vip", "new"]})
    'score ≥ 60, tag vip, new'
    """
    match value:
        case Mapping():
            return ", ".join(f"{_SIGNS.get(key, key)} {short(inner)}".strip() for key, inner in value.items())
        case list():
            joint = " or " if any(isinstance(part, Mapping) for part in value) else ", "
            return joint.join(map(short, value))
        case bool() | None:
            return "nothing" if value is None else str(value).lower()
        case _:
            return str(value)
