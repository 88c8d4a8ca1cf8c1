"""The rules of time zones as one short text each, so that it is seen when another release of them says otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from engage.language.zones import zone_names

#: The local moments whose offsets stand for a zone's rules: each noon of ten years, each week of four.
_FIRST = datetime.fromisoformat("2026-01-01T12:00")
_DAYS = 366 * 10
_WEEKS = 53 * 4


@cache
def rules_of(zone: ZoneInfo) -> str:
    """Return a text that is another where a zone's clocks show another time, whatever release tells it."""
    return _digest([zone.utcoffset(_FIRST + n * timedelta(days=1)) for n in range(_DAYS)])


@cache
def rules_of_all() -> str:
    """Return such a text for all zones that a prospect can name, told week by week."""
    weeks = [_FIRST + n * timedelta(weeks=1) for n in range(_WEEKS)]
    return _digest([(name, [ZoneInfo(name).utcoffset(week) for week in weeks]) for name in sorted(zone_names())])


def _digest(offsets: list[object]) -> str:
    return blake2b(repr(offsets).encode(), digest_size=8).hexdigest()
