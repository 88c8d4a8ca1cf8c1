"""Names that lead back to themselves: lists that name each other, campaigns that are each other's parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx


def circles(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield one circle for each knot of names that lead to each other, from the name that comes first.

    >>> tuple(circles([("a", "b"), ("b", "c"), ("c", "b"), ("d", "d")]))
    (('b', 'c'), ('d',))
    """
    graph: nx.DiGraph[str] = nx.DiGraph(pairs)
    place = {name: number for number, name in enumerate(graph)}
    knots = {min(knot, key=place.__getitem__): knot for knot in nx.strongly_connected_components(graph)}
    for first in sorted(knots, key=place.__getitem__):
        knot = knots[first]
        if len(knot) > 1 or graph.has_edge(first, first):
            yield tuple(edge[0] for edge in nx.find_cycle(graph.subgraph(knot), first))
