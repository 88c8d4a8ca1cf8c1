"""Windows that move with the clock, as spans around now: whole local days from today, or microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engage.language.conditions import FieldIs

#: Of what a span counts; within one moment both stand still.
Unit = Literal["days", "time"]


@dataclass(frozen=True, slots=True)
class Window:
    """A span, both ends included; what is past is negative, an open bound is None."""

    unit: Unit
    low: int | None
    high: int
    #: up to here it certainly holds: of today a moment may be past or still to come
    surely: int


def days_key(field: str) -> str:
    """Return the name of what is known of a field's distance from today."""
    return f"{field} (days)"


def window_of(field: FieldIs) -> Window | None:
    """Return the window of a comparison that moves with the clock; None for any other.

    >>> window_of(FieldIs("renewal", "date", True, "within_days", (7,)))
    Window(unit='days', low=-6, high=0, surely=0)
    """
    kind, _, unit = field.operator.rpartition("_")
    if unit == "days":
        days = int(field.values[0])
        match kind:
            case "within":
                return Window("days", 1 - days, 0, 0 if field.type == "date" else -1)
            case "next":
                return Window("days", 0, days, days)
            case _:
                return Window("days", None, -days - 1, -days - 1)
    if unit == "span":
        length = int(field.values[0])
        match kind:
            case "within":
                return Window("time", -length, 0, 0)
            case "next":
                return Window("time", 0, length, length)
            case _:
                return Window("time", None, -length - 1, -length - 1)
    return None
