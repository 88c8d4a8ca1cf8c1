"""Every way through a scenario, from its first step to its end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from engage.graph.build import END, Journey, in_order, ways_of

#: The steps of one way and the outcome each is left by: ``""``, ``yes``, ``no``, a case's or an arm's name.
Walk = tuple[tuple[str, str], ...]


def paths(journey: Journey, limit: int | None = None) -> Iterator[Walk]:
    """Yield every path, at most ``limit``, ``yes`` before ``no``, cases in order; each is made when it is asked for."""
    return islice(_walks(journey), limit)


def count_paths(journey: Journey) -> int:
    """Return how many paths there are, without walking them: ten rules in a row have 1,024."""
    ways = {END: 1}
    for step in reversed(in_order(journey)):
        ways[step] = sum(ways[target] for _, target in journey.graph.out_edges(step))
    return ways[journey.first]


def _walks(journey: Journey) -> Iterator[Walk]:
    """Walk depth first without recursion, so that a scenario may be as long as it likes."""
    walk: list[tuple[str, str]] = []
    open_ways = [_ways(journey, journey.first)]
    while open_ways:
        step, outcome, target = next(open_ways[-1], ("", "", ""))
        del walk[len(open_ways) - 1 :]
        if not step:
            open_ways.pop()
            continue
        walk.append((step, outcome))
        if target == END:
            yield tuple(walk)
        else:
            open_ways.append(_ways(journey, target))


def _ways(journey: Journey, step: str) -> Iterator[tuple[str, str, str]]:
    """Return an iterator over a step's ways: the step, the outcome, the next step."""
    return iter([(step, outcome, target) for outcome, target in ways_of(journey, step)])
