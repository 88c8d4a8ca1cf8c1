"""When a step can be reached at the earliest, and what is known of those who reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engage.graph.findings import Finding
from engage.graph.narrowing import State, joined
from engage.language.moment import Duration

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """An arrival: what is known of whoever arrives, and the earliest time of all."""

    known: State
    #: the least time since the entry
    spent: timedelta = timedelta(0)
    #: the earliest moment, in UTC; None: any
    moment: datetime | None = None

    def joined(self, other: Reach) -> Reach:
        """Return the arrival by either way."""
        moment = None if self.moment is None or other.moment is None else min(self.moment, other.moment)
        return Reach(joined(self.known, other.known), min(self.spent, other.spent), moment)

    def after(self, length: timedelta, known: State) -> Reach:
        """Return the arrival after a time in which all but ``known`` may have changed."""
        moment = None if self.moment is None else self.moment + length
        return Reach(known, self.spent + length, moment)

    def knowing(self, known: State) -> Reach:
        """Return the same arrival, knowing something else."""
        return replace(self, known=known)

    def at_least(self, other: Reach) -> Reach:
        """Return the arrival at or after the times of another."""
        later = self if other.moment is None else self.not_before(other.moment)
        return replace(later, spent=max(self.spent, other.spent))

    def not_before(self, moment: datetime) -> Reach:
        """Return the arrival at or after a moment."""
        return replace(self, moment=moment if self.moment is None else max(self.moment, moment))


@dataclass(frozen=True, slots=True)
class Left:
    """How a step is left: by outcome, else ``rest``; None: nobody goes there."""

    ways: Mapping[str, Reach | None]
    rest: Reach | None
    findings: tuple[Finding, ...] = ()


def least(duration: Duration | None) -> timedelta:
    """Return the shortest elapsed time of a duration: a business day comes back to its time of day, clocks may change.

    >>> least(Duration.parse("2 business days"))
    datetime.timedelta(days=1)
    """
    if duration is None:
        return timedelta(0)
    return duration.length + max(0, duration.business_days - 1) * _DAY
