"""What the steps of all scenarios change of a prospect, and which scenarios they enrol into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engage.language.naming import walk

#: Fields that are made from others.
_DERIVED: Mapping[str, tuple[str, ...]] = {"first_name": ("full_name",), "last_name": ("full_name",)}


def touched(scenarios: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Return which scenarios have a step that changes a value: of ``score``, ``opted_out``, or a field.

    The steps are as written, so that those which do not parse count too.
    """
    found: dict[str, set[str]] = {}
    for scenario, steps in scenarios.items():
        for name in _changes(steps):
            found.setdefault(name, set()).add(scenario)
    return {name: frozenset(those) for name, those in found.items()}


def enrolled(scenarios: Mapping[str, object]) -> frozenset[str]:
    """Return the scenarios that some step enrols into: such runs need not match the audience."""
    raw = (step for steps in scenarios.values() for step in _steps(steps))
    return frozenset(str(step["enrol"]) for step in raw if "enrol" in step)


def made_of(field: str) -> tuple[str, ...]:
    """Return a field and those that are made from it."""
    return field, *_DERIVED.get(field, ())


def _changes(steps: object) -> Iterator[str]:
    for step in _steps(steps):
        if "adjust_score" in step:
            yield "score"
        if "opt_out" in step:
            yield "opted_out"
        fields = step.get("set_field")
        for field in fields if isinstance(fields, dict) else ():
            yield from made_of(str(field))


def _steps(steps: object) -> Iterator[Mapping[str, Any]]:
    yield from (raw for _, _, raw in walk(steps, ("steps",)))
