"""Where each ``go_to`` leads: forward only, so that the graph stays without cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from engage.graph.placed import Placed
from engage.language.steps import GoTo


@dataclass(frozen=True, slots=True)
class Jump:
    """A go_to: where it leads, or why it cannot; one that cannot ends the run in the graph."""

    key: str
    #: the step it names; None: there is none of that name
    target: str | None
    #: the steps of the cycle that it would close, from the target round to the target again
    cycle: tuple[str, ...] = ()


def land(graph: nx.MultiDiGraph[str], steps: Mapping[str, Placed], end: str) -> tuple[Jump, ...]:
    """Add the edges of every go_to to a graph without cycles, but of those that would close one."""
    wanted = [(key, _target(placed.word, steps)) for key, placed in steps.items() if isinstance(placed.word, GoTo)]
    tried = graph.copy()
    tried.add_edges_from((key, target) for key, target in wanted if target is not None)
    safe = nx.is_directed_acyclic_graph(tried)
    jumps = []
    for key, target in wanted:
        cycle = () if safe or target is None else _cycle(graph, key, target)
        jumps.append(Jump(key, target, cycle))
        graph.add_edge(key, end if target is None or cycle else target, key="")
    return tuple(jumps)


def _target(word: GoTo, steps: Mapping[str, Placed]) -> str | None:
    return word.go_to if word.go_to in steps else None


def _cycle(graph: nx.MultiDiGraph[str], key: str, target: str) -> tuple[str, ...]:
    """Return the steps from a target to a jump and back, or nothing where no path leads there."""
    if not nx.has_path(graph, target, key):
        return ()
    return (*nx.shortest_path(graph, target, key), target)
