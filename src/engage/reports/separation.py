"""How well a score separates those with an outcome from those without; pure arithmetic over counts.

Every formula works on how many have each score, with and without the outcome; ties are treated as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

#: By score: how many have the outcome, and how many have not.
Counts = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the prospects, the best scores first."""

    number: int
    prospects: float
    with_outcome: float
    rate: float
    lift: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """What handing over everybody from a score on would have given."""

    score: int
    prospects: int
    with_outcome: int
    precision: float
    recall: float


def auc(counts: Counts) -> float | None:
    """Return the area under the ROC curve: the chance that one with the outcome has the higher score, ties half.

    The Mann-Whitney statistic divided by the number of pairs (Hanley and McNeil, 1982, The meaning and use of the
    area under a receiver operating characteristic curve). None where one side is empty.

    >>> auc({10: (0, 2), 20: (1, 1), 30: (2, 0)})
    0.9444444444444444
    """
    below, wins = 0, 0.0
    for score in sorted(counts):
        yes, no = counts[score]
        wins += yes * (below + no / 2)
        below += no
    pairs = below * sum(yes for yes, _ in counts.values())
    return wins / pairs if pairs else None


def deciles(counts: Counts) -> tuple[Decile, ...]:
    """Return ten equal parts by falling score, each with its rate and its lift: that rate by the rate of all.

    The gains table of direct marketing (Ling and Li, 1998, Data mining for direct marketing). Those of one score are
    spread evenly over the deciles that they fall into.

    >>> [round(decile.lift, 2) for decile in deciles({1: (0, 5), 2: (5, 0)})][4:6]
    [2.0, 0.0]
    """
    total = sum(yes + no for yes, no in counts.values())
    hits = sum(yes for yes, _ in counts.values())
    if not total or not hits:
        return ()
    gained = [_gained(counts, total * part / 10) for part in range(11)]
    size = total / 10
    return tuple(
        Decile(n + 1, size, after - before, (after - before) / size, (after - before) / size / (hits / total))
        for n, (before, after) in enumerate(pairwise(gained))
    )


def _gained(counts: Counts, first: float) -> float:
    """Return how many of the first so many, by falling score, have the outcome."""
    found, left = 0.0, first
    for score in sorted(counts, reverse=True):
        yes, no = counts[score]
        if left <= yes + no:
            return found + yes * left / (yes + no)
        found, left = found + yes, left - yes - no
    return found


def thresholds(counts: Counts) -> tuple[Threshold, ...]:
    """Return precision and recall from each score on, the highest first.

    Precision: of those handed over, the part with the outcome; recall: of those with the outcome, the part handed
    over (van Rijsbergen, 1979, Information retrieval, chapter 7).

    >>> [(each.score, each.precision, each.recall) for each in thresholds({1: (1, 1), 2: (1, 0)})]
    [(2, 1.0, 0.5), (1, 0.6666666666666666, 1.0)]
    """
    hits = sum(yes for yes, _ in counts.values())
    scores = sorted(counts, reverse=True)
    over = accumulate(sum(counts[score]) for score in scores)
    found = accumulate(counts[score][0] for score in scores)
    return tuple(
        Threshold(score, most, some, some / most, some / hits if hits else 0.0)
        for score, most, some in zip(scores, over, found, strict=True)
    )


def threshold_for(every: Sequence[Threshold], weeks: float, wished: float) -> Threshold | None:
    """Return the lowest threshold that hands over at most so many prospects a week; None where even the best are more.

    >>> threshold_for(thresholds({1: (1, 1), 2: (1, 0)}), weeks=1, wished=2).score
    2
    """
    fitting = [each for each in every if each.prospects / weeks <= wished]
    return fitting[-1] if fitting else None
