"""A scenario's steps as a directed graph: one node a step, one edge an outcome; loops are unrolled into rounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import networkx as nx

from engage.graph.jumps import Jump, land
from engage.graph.placed import Placed, Rounds
from engage.language.naming import name_steps
from engage.language.reading import value_at
from engage.language.source import Path
from engage.language.steps import End, GoTo, Repeat, SendEmail, StepWord, blocks, step_key
from engage.language.whole import ScenarioFile

__all__ = ["BODY", "END", "Journey", "Jump", "Placed", "build", "exits", "in_order", "loops_around", "ways_of"]

#: The node where runs end.
END = "·end"
#: Where a loop's steps lie below it.
BODY = ("repeat", "steps")


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
    #: where the flow goes on behind a loop, by each of its rounds
    after: Mapping[str, str] = field(default_factory=dict)
    #: the key of each step by its path and rounds
    rounds: Mapping[tuple[Path, Rounds], str] = field(default_factory=dict)
    #: the steps by the id that is written: in a loop several
    called: Mapping[str, tuple[Placed, ...]] = field(default_factory=dict)
    #: the send_email steps by their template, and all of them as ``any``
    mailing: Mapping[str, tuple[Placed, ...]] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The step where a run begins."""
        return next(iter(self.steps))


def build(file: ScenarioFile) -> Journey:
    """Return the journey of a scenario."""
    builder = _Builder({step.path: step.id for step in name_steps(value_at(file.source.value, ("steps",)))})
    builder.place(file.model.steps, ("steps",), ())
    builder.graph.add_nodes_from((*builder.steps, END))
    builder.join(file.model.steps, ("steps",), (), END)
    jumps = land(builder.graph, builder.steps, END)
    return Journey(
        file, builder.graph, builder.steps, tuple(builder.doubles), jumps, builder.after, builder.names,
        called=_grouped((placed.base, placed) for placed in builder.steps.values()),
        mailing=_grouped(
            (name, placed)
            for placed in builder.steps.values()
            if isinstance(placed.word, SendEmail)
            for name in {"any", placed.word.mailing.template}
        ),
    )  # fmt: skip


def _grouped(pairs: Iterable[tuple[str, Placed]]) -> dict[str, tuple[Placed, ...]]:
    groups: dict[str, list[Placed]] = {}
    for name, placed in pairs:
        groups.setdefault(name, []).append(placed)
    return {name: tuple(group) for name, group in groups.items()}


@dataclass(slots=True)
class _Builder:
    """A graph in the making: first every step gets its key, then the edges are drawn."""

    given: Mapping[Path, str]
    steps: dict[str, Placed] = field(default_factory=dict)
    names: dict[tuple[Path, Rounds], str] = field(default_factory=dict)
    bases: dict[str, Path] = field(default_factory=dict)
    doubles: list[tuple[str, Path]] = field(default_factory=list)
    after: dict[str, str] = field(default_factory=dict)
    graph: nx.MultiDiGraph[str] = field(default_factory=nx.MultiDiGraph)

    def place(self, steps: tuple[StepWord, ...], path: Path, rounds: Rounds) -> None:
        """Give each step of a block its key, in file order, those of a loop round by round."""
        for number, word in enumerate(steps):
            here = (*path, number)
            if isinstance(word, Repeat):
                for turn in range(1, word.repeat.times + 1):
                    self._put(word, here, (*rounds, turn))
                    self.place(word.repeat.steps, (*here, *BODY), (*rounds, turn))
                continue
            self._put(word, here, rounds)
            for _, below, inner in blocks(word):
                self.place(inner, (*here, *below), rounds)

    def _put(self, word: StepWord, here: Path, rounds: Rounds) -> None:
        base = word.id or self.given.get(here) or "·".join(map(str, here))
        if self.bases.setdefault(base, here) != here:
            if here not in (path for _, path in self.doubles):
                self.doubles.append((base, here))
            base = f"{base}·{[path for _, path in self.doubles].index(here) + 1}"
        key = base + "".join(f"#{turn}" for turn in rounds)
        self.names[here, rounds] = key
        self.steps[key] = Placed(key, step_key(word) or "", word, here, bool(word.id), base, rounds)

    def _entry(self, word: StepWord, here: Path, rounds: Rounds) -> str:
        """Return where one comes to a step: of a loop, its first round."""
        return self.names[here, (*rounds, 1) if isinstance(word, Repeat) else rounds]

    def join(self, steps: tuple[StepWord, ...], path: Path, rounds: Rounds, then: str) -> None:
        """Add the edges of a block; after its last step the flow goes on at ``then``."""
        for number, word in enumerate(steps):
            here, ahead = (*path, number), (*path, number + 1)
            following = self._entry(steps[number + 1], ahead, rounds) if number + 1 < len(steps) else then
            if isinstance(word, Repeat):
                self._join_rounds(word, here, rounds, following)
                continue
            key, ways = self.names[here, rounds], blocks(word)
            for outcome, below, inner in ways:
                start = (*here, *below, 0)
                self.graph.add_edge(key, self._entry(inner[0], start, rounds) if inner else following, key=outcome)
                self.join(inner, (*here, *below), rounds, following)
            if not ways and not isinstance(word, GoTo):
                self.graph.add_edge(key, END if isinstance(word, End) else following, key="")

    def _join_rounds(self, word: Repeat, here: Path, rounds: Rounds, following: str) -> None:
        """Add the edges of a loop: each round leads to the next, the last goes on behind the loop."""
        body, inner = (*here, *BODY), word.repeat.steps
        for turn in range(1, word.repeat.times + 1):
            key, first = self.names[here, (*rounds, turn)], self._entry(inner[0], (*body, 0), (*rounds, turn))
            if word.repeat.until is not None:
                self.graph.add_edge(key, following, key="yes")
            self.graph.add_edge(key, first, key="" if word.repeat.until is None else "no")
            self.after[key] = following
            ahead = self.names[here, (*rounds, turn + 1)] if turn < word.repeat.times else following
            self.join(inner, body, (*rounds, turn), ahead)


def in_order(journey: Journey) -> tuple[str, ...]:
    """Return the steps so that each stands before all it leads to; otherwise as in the file."""
    place = {key: number for number, key in enumerate(journey.steps)}
    place[END] = len(place)
    graph = journey.graph
    if journey.after:
        # An event may end a loop at any step inside, so that all of them stand before what follows it.
        graph = graph.copy()
        graph.add_edges_from((key, end) for key, placed in journey.steps.items() for end in exits(journey, placed))
    ordered = nx.lexicographical_topological_sort(graph, key=lambda node: place[node])
    return tuple(node for node in ordered if node != END)


def loops_around(journey: Journey, placed: Placed) -> Iterator[Placed]:
    """Yield the rounds in which a step stands, of the outermost loop first."""
    for depth, path in enumerate(placed.inside, 1):
        yield journey.steps[journey.rounds[path, placed.rounds[:depth]]]


def exits(journey: Journey, placed: Placed) -> Iterator[str]:
    """Yield where the flow goes on behind each loop around a step."""
    yield from (journey.after[loop.key] for loop in loops_around(journey, placed))


def ways_of(journey: Journey, key: str) -> Iterator[tuple[str, str]]:
    """Yield each outcome of a step and where it leads, in the order in which they are tried."""
    edges = {outcome: target for _, target, outcome in journey.graph.out_edges(key, keys=True)}
    order = [outcome for outcome, _, _ in blocks(journey.steps[key].word)] or list(edges)
    yield from ((outcome, edges[outcome]) for outcome in order)
