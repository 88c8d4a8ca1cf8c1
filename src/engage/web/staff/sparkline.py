"""A trend as a small line: its points, for a picture that stands in a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 112, 28
_MARGIN = 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """A line and the surface under it, and where the line ends."""

    line: str
    surface: str
    x: float
    y: float


def spark(values: Sequence[int]) -> Spark:
    """Return the line of some figures, the lowest point being nothing.

    >>> spark([0, 5, 10]).line
    '3,25 56,14 109,3'
    """
    most = max(values, default=0) or 1
    step = (WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)
    points = [
        (_MARGIN + step * place, HEIGHT - _MARGIN - (HEIGHT - 2 * _MARGIN) * value / most)
        for place, value in enumerate(values)
    ]
    line = " ".join(f"{x:.4g},{y:.4g}" for x, y in points)
    left, right = points[0][0], points[-1][0]
    surface = f"{left:.4g},{HEIGHT - _MARGIN:.4g} {line} {right:.4g},{HEIGHT - _MARGIN:.4g}"
    return Spark(line, surface, *points[-1])
