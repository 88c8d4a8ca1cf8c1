"""Moments that move with the clock: named values of a statement, told anew each time it runs.

A condition such as ``within: 7 days`` becomes the same statement on every day; only the value of its bound changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, BindParameter, Text, bindparam

from engage.clock import micros
from engage.language.zones import days_back, local_day, local_instant, next_days

#: The kinds of moments, told from an amount, a moment and a zone: microseconds, or the ISO text of a day.
_KINDS: Mapping[str, Callable[[int, datetime, ZoneInfo], int | str]] = {
    "span": lambda amount, at, zone: micros(at) + amount,  # noqa: ARG005
    "back": lambda days, at, zone: micros(days_back(at, days, zone)),
    "first": lambda days, at, zone: micros(next_days(at, days, zone)[0]),
    "last": lambda days, at, zone: micros(next_days(at, days, zone)[1]) - 1,
    "midnight": lambda days, at, zone: micros(local_instant(local_day(at, zone) + timedelta(days), time(), zone)),
    "day": lambda days, at, zone: (local_day(at, zone) + timedelta(days)).isoformat(),
}
_PREFIX = "clock_"


def moving(kind: str, amount: int, at: datetime, zone: ZoneInfo) -> BindParameter[Any]:
    """Return a named value that moves with the clock, as it is at a moment."""
    name = f"{_PREFIX}{kind}_{amount}".replace("-", "m")
    return bindparam(name, _KINDS[kind](amount, at, zone), Text() if kind == "day" else BigInteger())


def is_moving(name: str) -> bool:
    """Tell whether a value of this name moves with the clock."""
    return name.startswith(_PREFIX)


def told(names: Iterable[str], at: datetime, zone: ZoneInfo) -> dict[str, int | str]:
    """Return the values of these names at a moment.

    >>> from datetime import UTC
    >>> told(["clock_day_m1", "clock_span_m5"], datetime(1970, 1, 2, tzinfo=UTC), ZoneInfo("UTC"))
    {'clock_day_m1': '1970-01-01', 'clock_span_m5': 86399999995}
    """
    found: dict[str, int | str] = {}
    for name in names:
        kind, _, amount = name.removeprefix(_PREFIX).partition("_")
        found[name] = _KINDS[kind](int(amount.replace("m", "-")), at, zone)
    return found
