"""Seeded chance: the same seed and the same name give the same draws, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chance:
    """A seed from which independent sources of draws are made, each by its name."""

    seed: int

    def of(self, *names: object) -> Random:
        """Return the source of a name: what other names draw does not change it."""
        return Random("/".join(map(str, (self.seed, *names))))  # noqa: S311 - invented data, no secret


def weighted(chance: Random, choices: Sequence[tuple[T, float]]) -> T:
    """Return one of some choices by their weights.

    >>> weighted(Chance(1).of("coin"), [("heads", 1), ("tails", 0)])
    'heads'
    """
    return chance.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]
