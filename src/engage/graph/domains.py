"""What a value can still be: an interval or a set, empty or not, and from which steps that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engage.language.conditions import AllOf, AnyOf, Condition, FieldIs, GradeIs, Not, ScoreIs
from engage.language.fields import GRADES

#: What is known: by the name of a field, ``score``, ``score of X``, ``grade``.
State = Mapping[str, "Domain"]


@dataclass(frozen=True, slots=True)
class Domain:
    """What one value can be; None as a bound is open."""

    low: Any = None
    high: Any = None
    #: whole numbers: next to 3 comes 4
    whole: bool = False
    #: the bounds themselves are possible
    low_in: bool = True
    high_in: bool = True
    #: None: any
    values: frozenset[Any] | None = None
    without: frozenset[Any] = frozenset()
    #: the field may be empty
    empty: bool = True
    #: the steps from which it is known
    why: frozenset[str] = frozenset()

    @property
    def impossible(self) -> bool:
        """Whether nothing is left."""
        return not self.empty and not self.filled

    @property
    def filled(self) -> bool:
        """Whether some value is left beside the empty one."""
        if self.values is not None:
            return any(self._within(value) for value in self.values - self.without)
        if self.low is None or self.high is None:
            return True
        if self.low == self.high:
            return self.low_in and self.high_in and self.low not in self.without
        return bool(self.low < self.high)

    def _within(self, value: Any) -> bool:
        above = self.low is None or value > self.low or (value == self.low and self.low_in)
        below = self.high is None or value < self.high or (value == self.high and self.high_in)
        return bool(above and below)

    def at_least(self, value: Any, *, itself: bool) -> Domain:
        """Return what is left from a value on."""
        if self.whole and not itself:
            value, itself = int(value // 1) + 1, True
        if self.low is None or value > self.low or (value == self.low and not itself):
            return replace(self, low=value, low_in=itself)
        return self

    def at_most(self, value: Any, *, itself: bool) -> Domain:
        """Return what is left up to a value."""
        if self.whole and not itself:
            value, itself = -int(-value // 1) - 1, True
        if self.high is None or value < self.high or (value == self.high and not itself):
            return replace(self, high=value, high_in=itself)
        return self

    def among(self, values: frozenset[Any]) -> Domain:
        """Return what is left of some values."""
        return replace(self, values=values if self.values is None else self.values & values)

    def joined(self, other: Domain) -> Domain:
        """Return what either allows, or a little more."""
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        values = None if self.values is None or other.values is None else self.values | other.values
        low_in = any(each.low_in for each in (self, other) if each.low == low)
        high_in = any(each.high_in for each in (self, other) if each.high == high)
        without, empty = self.without & other.without, self.empty or other.empty
        return Domain(low, high, self.whole, low_in, high_in, values, without, empty, self.why | other.why)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing is left: of what, and from which steps that is known."""

    what: str
    why: frozenset[str]


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
        case FieldIs() | GradeIs():
            name = condition.field if isinstance(condition, FieldIs) else "grade"
            value = condition.values if len(condition.values) > 1 else condition.values[0]
            return _tested(state, name, ((condition.operator, value),), holds, step, start(name, condition))
        case _:
            return state


def joined(one: State, other: State) -> State:
    """Return what is known after either way."""
    return {name: one[name].joined(other[name]) for name in one if name in other}


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


#: Where a grade begins: any, or none.
GRADE = Domain(0, len(GRADES) - 1, whole=True)
#: Where a score begins.
SCORE = Domain(whole=True, empty=False)
