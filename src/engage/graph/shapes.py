"""The outlines of steps: each family has a shape of its own, so that nobody needs colours to tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from engage.graph.picture import Family

Point = tuple[float, float]

#: How far from the edge of its box a family's texts begin: behind slants and round ends, and behind its sign.
_INSETS: Mapping[Family, float] = {"action": 30, "trigger": 36, "rule": 34, "wait": 40, "flow": 40, "end": 16}
#: A sign of 12 by 12 pixels for each family, drawn as lines.
_SIGNS: Mapping[Family, str] = {
    "action": "M2.5 1.5 L10 6 L2.5 10.5 z",
    "trigger": "M7 0.5 L2.5 6.8 H6 L5 11.5 L9.5 5.2 H6 z",
    "rule": "M6 0.8 L11.2 6 L6 11.2 L0.8 6 z",
    "wait": "M6 0.8 A5.2 5.2 0 1 1 5.99 0.8 M6 3 V6.2 L8.2 7.8",
    "flow": "M6 11.5 V7 L1.5 2 M6 7 L10.5 2 M1.5 5 V1.5 H5 M10.5 5 V1.5 H7",
    "end": "M2.5 2.5 H9.5 V9.5 H2.5 z",
}
_CORNER, _CUT, _SLANT, _POINT = 7.0, 11.0, 14.0, 12.0


def inset(family: Family) -> float:
    """Return how far from the left edge the texts of a step begin."""
    return _INSETS[family]


def sign(family: Family) -> str:
    """Return a family's sign as the path of an SVG, 12 by 12 pixels."""
    return _SIGNS[family]


def outline(family: Family, x: float, y: float, wide: float, high: float) -> str:
    """Return a step's outline as the path of an SVG, in the box whose upper left corner is (x, y).

    An action is a card, a trigger a hexagon, a rule a card with cut corners, a wait has round ends, flow is slanted.

    >>> outline("trigger", 0, 0, 100, 40)
    'M12 0 L88 0 L100 20 L88 40 L12 40 L0 20 z'
    """
    right, low, middle = x + wide, y + high, y + high / 2
    match family:
        case "action":
            return _rounded(x, y, wide, high, _CORNER)
        case "wait" | "end":
            return _rounded(x, y, wide, high, high / 2)
        case "trigger":
            return _polygon(
                ((x + _POINT, y), (right - _POINT, y), (right, middle), (right - _POINT, low), (x + _POINT, low),
                 (x, middle))
            )  # fmt: skip
        case "rule":
            return _polygon(
                ((x + _CUT, y), (right - _CUT, y), (right, y + _CUT), (right, low - _CUT), (right - _CUT, low),
                 (x + _CUT, low), (x, low - _CUT), (x, y + _CUT))
            )  # fmt: skip
        case "flow":
            return _polygon(((x + _SLANT, y), (right, y), (right - _SLANT, low), (x, low)))
        case _:
            assert_never(family)


def number(value: float) -> str:
    """Write a number with at most one decimal.

    >>> number(12.04), number(3.5)
    ('12', '3.5')
    """
    return f"{value:.1f}".removesuffix(".0")


def rounded_line(points: Sequence[Point], radius: float = 8) -> str:
    """Return a path along points whose corners are round."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        start, end = (_towards(here, other, radius) for other in (before, after))
        bend = (*start, *here, *end)
        parts.append("L{} {} Q{} {} {} {}".format(*map(number, bend)))
    return " ".join([*parts, f"L{number(points[-1][0])} {number(points[-1][1])}"])


def shortened(points: Sequence[Point], by: float) -> tuple[Point, ...]:
    """Return a line that ends so much before its end, where an arrow's head begins.

    >>> shortened([(0, 0), (0, 20)], 8)
    ((0, 0), (0.0, 12.0))
    """
    (x, y), (from_x, from_y) = points[-1], points[-2]
    length = ((x - from_x) ** 2 + (y - from_y) ** 2) ** 0.5
    share = min(by / length, 0.9) if length else 0
    return (*points[:-1], (x - (x - from_x) * share, y - (y - from_y) * share))


def _towards(point: Point, other: Point, radius: float) -> Point:
    """Return the point at most a radius, and half the way, from one point to another."""
    across, down = other[0] - point[0], other[1] - point[1]
    length = (across**2 + down**2) ** 0.5
    share = min(radius / length, 0.5) if length else 0
    return point[0] + across * share, point[1] + down * share


def _rounded(x: float, y: float, wide: float, high: float, radius: float) -> str:
    turn = f"a{number(radius)} {number(radius)} 0 0 1"
    along, down, r = number(wide - 2 * radius), number(high - 2 * radius), number(radius)
    return (
        f"M{number(x + radius)} {number(y)} h{along} {turn} {r} {r} v{down} {turn} -{r} {r} "
        f"h-{along} {turn} -{r} -{r} v-{down} {turn} {r} -{r} z"
    )


def _polygon(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points) + " z"
