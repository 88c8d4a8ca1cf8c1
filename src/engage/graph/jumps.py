"""Where each ``go_to`` leads: forward only, so that the graph stays without cycles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from engage.graph.placed import Placed
from engage.language.steps import GoTo, Repeat


@dataclass(frozen=True, slots=True)
class Jump:
    """A go_to: where it leads, or why it cannot; one that cannot ends the run in the graph."""

    key: str
    #: the step it names; None: there is none of that name
    target: str | None
    #: the steps of the cycle that it would close, from the target round to the target again
    cycle: tuple[str, ...] = ()
    #: the step it names stands in a loop in which the go_to does not stand
    within: bool = False


def land(graph: nx.MultiDiGraph[str], steps: Mapping[str, Placed], end: str) -> tuple[Jump, ...]:
    """Add the edges of every go_to to a graph without cycles, but of those that would close one."""
    named: dict[str, list[Placed]] = {}
    for placed in steps.values():
        named.setdefault(placed.base, []).append(placed)
    jumpers = [(placed, placed.word.go_to) for placed in steps.values() if isinstance(placed.word, GoTo)]
    wanted = [(placed.key, _target(placed, named.get(name, ())), name in named) for placed, name in jumpers]
    tried = graph.copy()
    tried.add_edges_from((key, target) for key, target, _ in wanted if target is not None)
    safe = nx.is_directed_acyclic_graph(tried)
    jumps = []
    for key, target, known in wanted:
        cycle = () if safe or target is None else _cycle(graph, key, target)
        jumps.append(Jump(key, target, tuple(steps[one].base for one in cycle), known and target is None))
        graph.add_edge(key, end if target is None or cycle else target, key="")
    return tuple(jumps)


def _target(jumper: Placed, named: Iterable[Placed]) -> str | None:
    """Return the step that a name means: one in no loop, or in the same round of a loop around the jump.

    A loop is entered at its first round.
    """
    around = jumper.inside
    for placed in named:
        there = placed.inside
        if there.items() <= around.items() and (not isinstance(placed.word, Repeat) or placed.rounds[-1] == 1):
            return placed.key
    return None


def _cycle(graph: nx.MultiDiGraph[str], key: str, target: str) -> tuple[str, ...]:
    """Return the steps from a target to a jump and back, or nothing where no path leads there."""
    if not nx.has_path(graph, target, key):
        return ()
    return (*nx.shortest_path(graph, target, key), target)
