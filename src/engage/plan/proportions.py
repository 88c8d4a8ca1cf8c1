"""Rates compared: the intervals of rates and of differences, and which rate is higher by more than chance.

Wilson, E. B. (1927): Probable inference, the law of succession, and statistical inference. Journal of the American
Statistical Association 22, 209-212. Newcombe, R. G. (1998): Interval estimation for the difference between independent
proportions: comparison of eleven methods. Statistics in Medicine 17, 873-890; here his method 10, without correction
for continuity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, sqrt
from statistics import NormalDist

#: How sure intervals are.
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    met: int
    tried: int

    @property
    def value(self) -> float:
        """The rate; 0 of nothing."""
        return self.met / self.tried if self.tried else 0.0


def wilson(rate: Rate, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval in which the true rate lies; of nobody nothing is known.

    >>> [round(end, 4) for end in wilson(Rate(81, 263))]
    [0.2553, 0.3662]
    """
    if not rate.tried:
        return 0.0, 1.0
    z, n, p = _quantile(level), rate.tried, rate.value
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return (0.0 if rate.met == 0 else low), (1.0 if rate.met == n else high)


def newcombe(one: Rate, other: Rate, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval in which the difference of two true rates lies.

    >>> [round(end, 4) for end in newcombe(Rate(56, 70), Rate(48, 80))]
    [0.0524, 0.3339]
    """
    (low1, high1), (low2, high2) = wilson(one, level), wilson(other, level)
    p, q = (one.value, other.value) if one.tried and other.tried else ((low1 + high1) / 2, (low2 + high2) / 2)
    return p - q - sqrt((p - low1) ** 2 + (high2 - q) ** 2), p - q + sqrt((high1 - p) ** 2 + (q - low2) ** 2)


def winner(rates: Sequence[Rate]) -> int | None:
    """Return the place of the rate that is higher than each other, or None where chance may have made it so.

    All pairs are compared at once, so each at a level that much higher (Bonferroni): with three or more, too, in at
    most one test of twenty without any true difference a winner is named.
    """
    best = max(range(len(rates)), key=lambda place: rates[place].value)
    level = level_of(len(rates))
    others = (rate for place, rate in enumerate(rates) if place != best)
    return best if all(newcombe(rates[best], other, level)[0] > 0 for other in others) else None


def level_of(count: int) -> float:
    """Return how sure the interval of each difference must be among so many rates.

    >>> level_of(2), round(level_of(3), 4)
    (0.95, 0.9833)
    """
    return 1 - (1 - LEVEL) / max(comb(count, 2), 1)


@cache
def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
