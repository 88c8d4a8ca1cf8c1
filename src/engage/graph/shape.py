"""Checks of the graph's shape: ids, steps that nobody reaches, where the waiters of removed steps go."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from engage.graph.build import Journey, Placed
from engage.language.load import Workspace
from engage.language.source import Path
from engage.language.steps import GoTo, Repeat
from engage.problem import Problem, unknown
from engage.wording import sentence


def reached(journey: Journey) -> frozenset[str]:
    """Return the steps that some path comes to."""
    return frozenset((journey.first, *nx.descendants(journey.graph, journey.first)))


def doubles(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a problem for each step whose id another step above it bears."""
    source = journey.file.source
    for key, path in journey.doubles:
        first = source.place(journey.steps[key].path)
        message = sentence(
            "the id {id} is taken by the step on line {line}; give each step its own", id=key, line=first.line
        )
        yield Problem(source.place((*path, "id")), message)


def unreachable(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a problem for each block of which the rest is never reached, at its first such step."""
    there = reached(journey)
    for placed in journey.steps.values():
        around = placed.rounds[:-1] if isinstance(placed.word, Repeat) else placed.rounds
        path = (*placed.path[:-1], int(placed.path[-1]) - 1)
        key = journey.rounds.get((path, around)) or journey.rounds.get((path, (*around, 1)))
        before = None if key is None else journey.steps[key]
        if placed.key not in there and before is not None and before.key in there:
            yield _unreached(placed, before, journey)


def _unreached(placed: Placed, before: Placed, journey: Journey) -> Problem:
    source = journey.file.source
    line = source.place(before.path).line
    if before.kind == "end":
        message = sentence(
            "no path comes to the step {id}: the run has ended on line {line}; put it above that, or take it out",
            id=placed.base,
            line=line,
        )
    elif before.kind == "go_to":
        message = sentence(
            "no path comes to the step {id}: the run goes on elsewhere from line {line}; put it above that, or take "
            "it out",
            id=placed.base,
            line=line,
        )
    else:
        message = sentence(
            "no path comes to the step {id}: all ways of {before} on line {line} end the run or go on elsewhere; "
            "let one of them go on here",
            id=placed.base,
            before=before.base,
            line=line,
        )
    return Problem(source.place(placed.path), message)


def jumps(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a problem for each go_to that names no step, or leads back."""
    file = journey.file
    told: set[Path] = set()
    for jump in journey.jumps:
        placed = journey.steps[jump.key]
        if placed.path in (*file.broken, *told) or not isinstance(placed.word, GoTo):
            continue
        place = file.source.place((*placed.path, "go_to"))
        told.update([placed.path] if jump.target is None or jump.cycle else [])
        if jump.within:
            message = sentence("the step {id} stands inside a repeat: name the repeat itself", id=placed.word.go_to)
            yield Problem(place, message)
        elif jump.target is None:
            yield Problem(place, unknown("step", placed.word.go_to, sorted(_named(journey))))
        elif jump.cycle:
            shown = " → ".join(jump.cycle)
            message = sentence(
                "go_to leads only forward, this makes a circle: {steps}; name a later step, or use repeat", steps=shown
            )
            yield Problem(place, message)


def _named(journey: Journey) -> set[str]:
    """Return the names that steps can be called by; one that several bear stands there once."""
    doubles = {path for _, path in journey.doubles}
    return {one.base for one in journey.steps.values() if one.path not in doubles}


def moved(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a problem for each step that waiters shall move to and that is not there."""
    for old, new in (journey.file.model.moved or {}).items():
        known = dict.fromkeys((*(one.base for one in journey.steps.values()), *journey.steps))
        if new not in known:
            path: Path = ("moved", old)
            yield Problem(journey.file.source.place(path), unknown("step", new, known))
