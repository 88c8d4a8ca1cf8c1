"""Folding branches of a drawing: what lies between a branching step and where its ways meet again is put away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import networkx as nx

from engage.graph.picture import Edge, Picture

_END = "·end"
Way = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Folded:
    """A picture some of whose branches are put away."""

    picture: Picture
    #: the ways, by step and outcome, that make each way that is shown, by source, target and outcome
    ways: Mapping[Way, tuple[tuple[str, str], ...]]
    #: the steps that are put away behind each folded step that is shown
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: the steps, folded or not, that have branches to put away: so many steps each
    foldable: Mapping[str, int] = field(default_factory=dict)


def fold(drawn: Picture, folded: Iterable[str] = ()) -> Folded:
    """Return a picture without the branches of some steps; names that are no branching steps change nothing."""
    regions = _regions(drawn)
    chosen = set(folded)
    order = {node.id: place for place, node in enumerate(drawn.nodes)}
    away: dict[str, str] = {}
    hidden: dict[str, tuple[str, ...]] = {}
    # The outer branch stands above the inner ones, and puts them away with it.
    for step in sorted(chosen & regions.keys(), key=lambda step: (-len(regions[step]), order[step])):
        if step not in away:
            fresh = tuple(node.id for node in drawn.nodes if node.id in regions[step] and node.id not in away)
            away.update(dict.fromkeys(fresh, step))
            hidden[step] = fresh
    edges: dict[Way, Edge] = {}
    ways: defaultdict[Way, list[tuple[str, str]]] = defaultdict(list)
    for edge in drawn.edges:
        if edge.target is None or edge.target not in away:
            shown = replace(edge, source=away[edge.source], outcome="") if edge.source in away else edge
            way = (shown.source, shown.target, shown.outcome)
            edges[way] = shown
            ways[way].append((edge.source, edge.outcome))
    nodes = tuple(node for node in drawn.nodes if node.id not in away)
    return Folded(
        replace(drawn, nodes=nodes, edges=tuple(edges.values())),
        {way: tuple(made) for way, made in ways.items()},
        hidden,
        {step: len(region) for step, region in regions.items() if step not in away},
    )


def _regions(drawn: Picture) -> dict[str, frozenset[str]]:
    """Return for each branching step what only it leads to before its ways meet again."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from([*(node.id for node in drawn.nodes), _END])
    graph.add_edges_from((edge.source, edge.target or _END) for edge in drawn.edges)
    above = _tree(nx.immediate_dominators(graph, drawn.first))
    meets = nx.immediate_dominators(graph.reverse(), _END)
    found = {}
    for node in drawn.nodes:
        if graph.out_degree(node.id) > 1 and node.id in meets:
            meeting = meets[node.id]
            past = {meeting, *nx.descendants(graph, meeting)}
            region = frozenset(nx.descendants(above, node.id) - past)
            if region:
                found[node.id] = region
    return found


def _tree(parents: Mapping[str, str | None]) -> nx.DiGraph[str]:
    """Return a tree from the parents of its nodes; the root is its own, or has none."""
    tree: nx.DiGraph[str] = nx.DiGraph()
    tree.add_nodes_from(parents)
    tree.add_edges_from((above, node) for node, above in parents.items() if above is not None and above != node)
    return tree
