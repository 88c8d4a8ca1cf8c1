"""What is known of a prospect, and what a condition that holds, or does not, adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engage.graph.domains import Domain
from engage.graph.windows import Window, window_of
from engage.language.conditions import AllOf, AnyOf, Condition, FieldIs, GradeIs, Not, ScoreIs
from engage.wording import Sentence, sentence

#: What is known: by the name of a field, ``score``, ``score (CATEGORY)``, ``grade``, ``FIELD (days)`` from today.
State = Mapping[str, Domain]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing is left: of what, and from which steps that is known."""

    what: str
    why: frozenset[str]


def because(conflict: Conflict, own: str) -> Sentence:
    """Return why nothing is left of a condition of a step of its own."""
    steps = sorted({step.partition("#")[0] for step in conflict.why - {own}})
    if not steps:
        return sentence("its own parts decide {what}", what=conflict.what)
    return sentence("what is known of {what} from {steps} decides it", what=conflict.what, steps=", ".join(steps))


#: What a value can be where nothing is known of it yet.
Start = Callable[[str, Condition], Domain]


def narrowed(state: State, condition: Condition, holds: bool, step: str, start: Start) -> State | Conflict:
    """Return what is known once a condition was found to hold, or not to, or that it cannot be found so."""
    match condition:
        case Not(part):
            return narrowed(state, part, not holds, step, start)
        case AllOf(parts) if holds:
            return _each(state, parts, True, step, start)
        case AnyOf(parts) if not holds:
            return _each(state, parts, False, step, start)
        case AllOf(parts) | AnyOf(parts):
            return _some(state, parts, holds, step, start)
        case ScoreIs(tests=tests) if holds or len(tests) == 1:
            name = "score" if condition.category is None else f"score ({condition.category})"
            return _tested(state, name, tests, holds, step, start(name, condition))
        case FieldIs() if (window := window_of(condition)) is not None:
            return _windowed(state, condition, window, holds, step, start)
        case FieldIs() | GradeIs():
            name = condition.field if isinstance(condition, FieldIs) else "grade"
            value = condition.values if len(condition.values) > 1 else condition.values[0]
            return _tested(state, name, ((condition.operator, value),), holds, step, start(name, condition))
        case _:
            return state


def joined(one: State, other: State) -> State:
    """Return what is known after either way."""
    return {name: one[name].joined(other[name]) for name in one if name in other}


def without(state: State, names: Iterable[str]) -> State:
    """Return what is known of all but some values, their categories and windows."""
    gone = frozenset(names)
    return {name: domain for name, domain in state.items() if name.partition(" (")[0] not in gone}


def _each(state: State, parts: tuple[Condition, ...], holds: bool, step: str, start: Start) -> State | Conflict:
    for part in parts:
        found = narrowed(state, part, holds, step, start)
        if isinstance(found, Conflict):
            return found
        state = found
    return state


def _some(state: State, parts: tuple[Condition, ...], holds: bool, step: str, start: Start) -> State | Conflict:
    found = [narrowed(state, part, holds, step, start) for part in parts]
    left = [each for each in found if not isinstance(each, Conflict)]
    if not left:
        conflicts = [each for each in found if isinstance(each, Conflict)]
        whats = dict.fromkeys(each.what for each in conflicts)
        return Conflict(", ".join(whats), frozenset().union(*(each.why for each in conflicts)))
    result = left[0]
    for each in left[1:]:
        result = joined(result, each)
    return result


def _tested(
    state: State, name: str, tests: Sequence[tuple[str, Any]], holds: bool, step: str, begin: Domain
) -> State | Conflict:
    before = state.get(name, begin)
    after = before
    for operator, value in tests:
        after = _compared(after, operator, value, holds)
    if after == before:
        return {**state, name: before}
    if after.impossible:
        return Conflict(name, before.why)
    return {**state, name: replace(after, why=before.why | {step})}


def _windowed(state: State, field: FieldIs, window: Window, holds: bool, step: str, start: Start) -> State | Conflict:
    """Return what is known of a field's distance from now: as a domain of its own beside the field's."""
    name, begin = field.field, start(field.field, field)
    key = f"{name} ({window.unit})"
    found = _tested(state, name, (("exists", True),), True, step, begin) if holds else {name: begin, **state}
    if isinstance(found, Conflict):
        return found
    before = state.get(key, Domain(whole=True))
    before = replace(before, empty=before.empty and state.get(name, begin).empty)
    if holds:
        after = replace(before.within(window.low, window.high), empty=False)
    else:
        after = before.outside(window.low, window.surely)
    if after.impossible:
        return Conflict(name, before.why | state.get(name, begin).why)
    if after != before:
        after = replace(after, why=before.why | {step})
    return {**found, key: after}


#: What an operator is when it does not hold; an empty value then is possible too.
_OTHERWISE = {
    "eq": "ne", "ne": "eq", "gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt", "in": "not_in", "not_in": "in",
}  # fmt: skip
#: What an empty value satisfies.
_OF_EMPTY = frozenset(("ne", "not_in"))


def _compared(domain: Domain, operator: str, value: Any, holds: bool) -> Domain:
    if operator == "exists":
        wanted = bool(value) == holds
        return replace(domain, empty=False) if wanted else replace(domain, values=frozenset())
    if operator not in _OTHERWISE:
        return replace(domain, empty=False) if holds else domain
    empty = domain.empty and ((operator in _OF_EMPTY) == holds)
    if not holds:
        operator = _OTHERWISE[operator]
    values = frozenset(value) if isinstance(value, tuple) else frozenset((value,))
    left = replace(domain, empty=empty)
    match operator:
        case "eq" | "in":
            return left.among(values)
        case "ne" | "not_in":
            return replace(left, without=left.without | values)
        case "gt" | "gte":
            return left.at_least(value, itself=operator == "gte")
        case _:
            return left.at_most(value, itself=operator == "lte")
