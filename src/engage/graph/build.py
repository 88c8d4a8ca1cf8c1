"""A scenario's steps as a directed graph: one node a step, one edge an outcome; loops are unrolled into rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import networkx as nx

from engage.graph.jumps import Jump, land
from engage.graph.placed import Placed
from engage.language.naming import name_steps
from engage.language.reading import value_at
from engage.language.source import Path
from engage.language.steps import End, GoTo, StepWord, blocks, step_key
from engage.language.whole import ScenarioFile

__all__ = ["END", "Journey", "Jump", "Placed", "build", "in_order"]

#: The node where runs end.
END = "·end"


@dataclass(frozen=True, slots=True)
class Journey:
    """A scenario, its graph, and its steps by id."""

    file: ScenarioFile
    #: nodes are step ids and END; edges are keyed by outcome: ``""``, ``yes``, ``no``, a case's or an arm's name
    graph: nx.MultiDiGraph[str]
    #: in file order
    steps: Mapping[str, Placed]
    #: ids that more than one step bears, with the path of each later one
    doubles: tuple[tuple[str, Path], ...] = ()
    #: every go_to, and where it leads or why it cannot
    jumps: tuple[Jump, ...] = ()

    @property
    def first(self) -> str:
        """The step where a run begins."""
        return next(iter(self.steps))


def build(file: ScenarioFile) -> Journey:
    """Return the journey of a scenario."""
    builder = _Builder({step.path: step.id for step in name_steps(value_at(file.source.value, ("steps",)))})
    builder.place(file.model.steps, ("steps",))
    builder.join(file.model.steps, ("steps",), END)
    jumps = land(builder.graph, builder.steps, END)
    return Journey(file, builder.graph, builder.steps, tuple(builder.doubles), jumps)


@dataclass(slots=True)
class _Builder:
    """A graph in the making: first every step gets its key, then the edges are drawn."""

    given: Mapping[Path, str]
    steps: dict[str, Placed] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)
    doubles: list[tuple[str, Path]] = field(default_factory=list)
    graph: nx.MultiDiGraph[str] = field(default_factory=nx.MultiDiGraph)

    def place(self, steps: tuple[StepWord, ...], path: Path) -> None:
        """Give each step of a block its key, in file order."""
        for number, word in enumerate(steps):
            here = (*path, number)
            key = word.id or self.given.get(here) or "·".join(map(str, here))
            if key in self.steps:
                self.doubles.append((key, here))
                key = f"{key}·{len(self.doubles)}"
            self.names[here] = key
            self.steps[key] = Placed(key, step_key(word) or "", word, here, bool(word.id))
            for _, below, inner in blocks(word):
                self.place(inner, (*here, *below))
        if path == ("steps",):
            self.graph.add_nodes_from((*self.steps, END))

    def join(self, steps: tuple[StepWord, ...], path: Path, then: str) -> None:
        """Add the edges of a block; after its last step the flow goes on at ``then``."""
        for number, word in enumerate(steps):
            here = (*path, number)
            key = self.names[here]
            following = self.names[(*path, number + 1)] if number + 1 < len(steps) else then
            ways = blocks(word)
            for outcome, below, inner in ways:
                target = self.names[(*here, *below, 0)] if inner else following
                self.graph.add_edge(key, target, key=outcome)
                self.join(inner, (*here, *below), following)
            if not ways and not isinstance(word, GoTo):
                self.graph.add_edge(key, END if isinstance(word, End) else following, key="")


def in_order(journey: Journey) -> tuple[str, ...]:
    """Return the steps so that each stands before all it leads to; otherwise as in the file."""
    place = {key: number for number, key in enumerate(journey.steps)}
    place[END] = len(place)
    ordered = nx.lexicographical_topological_sort(journey.graph, key=lambda node: place[node])
    return tuple(node for node in ordered if node != END)


def ways_of(journey: Journey, key: str) -> Iterator[tuple[str, str]]:
    """Yield each outcome of a step and where it leads, in the order in which they are tried."""
    edges = {outcome: target for _, target, outcome in journey.graph.out_edges(key, keys=True)}
    order = [outcome for outcome, _, _ in blocks(journey.steps[key].word)] or list(edges)
    yield from ((outcome, edges[outcome]) for outcome in order)
