"""What a value can still be: an interval or a set, empty or not, and from which steps that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engage.language.fields import GRADES


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

    def within(self, low: Any, high: Any) -> Domain:
        """Return what is left of a span, both ends included; a bound that is None is open."""
        above = self if low is None else self.at_least(low, itself=True)
        return above if high is None else above.at_most(high, itself=True)

    def outside(self, low: Any, high: Any) -> Domain:
        """Return what is left beside a span, as far as that is one interval; a bound that is None is open."""
        if low is not None and high is not None and low > high:
            return self
        if low is None or (self.low is not None and self.low >= low):
            return self.at_least(high, itself=False)
        if high is None or (self.high is not None and self.high <= high):
            return self.at_most(low, itself=False)
        return self

    def joined(self, other: Domain) -> Domain:
        """Return what either allows, or a little more."""
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        values = None if self.values is None or other.values is None else self.values | other.values
        low_in = any(each.low_in for each in (self, other) if each.low == low)
        high_in = any(each.high_in for each in (self, other) if each.high == high)
        without, empty = self.without & other.without, self.empty or other.empty
        return Domain(low, high, self.whole, low_in, high_in, values, without, empty, self.why | other.why)


#: Where a grade begins: any, or none.
GRADE = Domain(0, len(GRADES) - 1, whole=True)
#: Where a score begins.
SCORE = Domain(whole=True, empty=False)
