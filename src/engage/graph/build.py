"""A scenario's steps as a directed graph: one node a step, one edge an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from engage.language.naming import name_steps
from engage.language.reading import value_at
from engage.language.source import Path
from engage.language.steps import End, Rule, StepWord, Trigger, step_key
from engage.language.whole import ScenarioFile

#: The node where runs end.
END = "·end"


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place."""

    key: str
    #: the step key of the YAML
    kind: str
    word: StepWord
    path: Path
    #: False: the id was made from the step's key and target
    given: bool


@dataclass(frozen=True, slots=True)
class Journey:
    """A scenario, its graph, and its steps by id."""

    file: ScenarioFile
    #: nodes are step ids and END; edges are keyed by outcome: ``""``, ``yes``, ``no``
    graph: nx.MultiDiGraph[str]
    #: in file order
    steps: Mapping[str, Placed]
    #: ids that more than one step bears, with the path of each later one
    doubles: tuple[tuple[str, Path], ...] = ()

    @property
    def first(self) -> str:
        """The step where a run begins."""
        return next(iter(self.steps))


def build(file: ScenarioFile) -> Journey:
    """Return the journey of a scenario."""
    given = {step.path: step for step in name_steps(value_at(file.source.value, ("steps",)))}
    steps: dict[str, Placed] = {}
    doubles: list[tuple[str, Path]] = []
    names: dict[Path, str] = {}
    for path, word in _walk(file.model.steps, ("steps",)):
        key = word.id or (given[path].id if path in given else "·".join(map(str, path)))
        if key in steps:
            doubles.append((key, path))
            key = f"{key}·{len(doubles)}"
        names[path] = key
        steps[key] = Placed(key, step_key(word) or "", word, path, bool(word.id))
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from((*steps, END))
    _join(graph, names, file.model.steps, ("steps",), END)
    return Journey(file, graph, steps, tuple(doubles))


def _walk(steps: tuple[StepWord, ...], path: Path) -> list[tuple[Path, StepWord]]:
    """Return every step with its path, in file order."""
    found: list[tuple[Path, StepWord]] = []
    for place, word in enumerate(steps):
        here = (*path, place)
        found.append((here, word))
        if isinstance(word, Trigger | Rule):
            found += _walk(word.yes, (*here, "yes"))
            found += _walk(word.no, (*here, "no"))
    return found


def _join(
    graph: nx.MultiDiGraph[str], names: Mapping[Path, str], steps: tuple[StepWord, ...], path: Path, then: str
) -> None:
    """Add the edges of a block; after its last step the flow goes on at ``then``."""
    for place, word in enumerate(steps):
        here = (*path, place)
        following = names[(*path, place + 1)] if place + 1 < len(steps) else then
        if isinstance(word, Trigger | Rule):
            for block, inner in (("yes", word.yes), ("no", word.no)):
                target = names[(*here, block, 0)] if inner else following
                graph.add_edge(names[here], target, key=block)
                _join(graph, names, inner, (*here, block), following)
        else:
            graph.add_edge(names[here], END if isinstance(word, End) else following, key="")


def in_order(journey: Journey) -> tuple[str, ...]:
    """Return the steps so that each stands before all it leads to; otherwise as in the file."""
    place = {key: number for number, key in enumerate(journey.steps)}
    place[END] = len(place)
    ordered = nx.lexicographical_topological_sort(journey.graph, key=lambda node: place[node])
    return tuple(node for node in ordered if node != END)
