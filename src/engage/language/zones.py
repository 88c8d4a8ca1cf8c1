"""Time zones and local days: where a wall clock's time lies on the line of instants.

Instants are aware and in UTC. A local time that a change of clocks skips means the first instant after the
gap; one that comes twice means the first of the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from engage.problem import nearest
from engage.wording import sentence

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])0?([0-9]{1,2})(?::?00)?", re.ASCII)
#: What people write for a zone. EST and its kin do not say when clocks change, offsets do not either.
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("JST", "JAPAN", "日本", "東京"), "Asia/Tokyo"),
    **dict.fromkeys(("EST", "EDT", "ET", "EST5EDT"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CT", "CST6CDT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT", "MT", "MST7MDT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT", "PST8PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST", "MET"), "Europe/Berlin"),
    **dict.fromkeys(("BST", "GB"), "Europe/London"),
    **dict.fromkeys(("GMT", "Z", "ZULU", "UCT", "UNIVERSAL"), "UTC"),
    "IST": "Asia/Kolkata",
    "KST": "Asia/Seoul",
    "PRC": "Asia/Shanghai",
    "SGT": "Asia/Singapore",
    "AEST": "Australia/Sydney",
}
_BY_OFFSET: Mapping[int, str] = {
    -10: "Pacific/Honolulu",
    -8: "America/Los_Angeles",
    -7: "America/Denver",
    -6: "America/Chicago",
    -5: "America/New_York",
    -3: "America/Sao_Paulo",
    0: "UTC",
    1: "Europe/Berlin",
    2: "Europe/Athens",
    3: "Europe/Istanbul",
    4: "Asia/Dubai",
    7: "Asia/Bangkok",
    8: "Asia/Singapore",
    9: "Asia/Tokyo",
    10: "Australia/Brisbane",
    12: "Pacific/Auckland",
}


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, ``Area/Place`` or UTC; raise ValueError with a hint for all else.

    >>> zone("Asia/Tokyo").key
    'Asia/Tokyo'
    """
    if name in zone_names():
        return ZoneInfo(name)
    if not name.strip():
        raise ValueError(sentence("a time zone is missing; write for example Asia/Tokyo"))
    meant = _meant(name)
    if meant is None:
        raise ValueError(
            sentence("there is no time zone {name}; write Area/Place, for example Asia/Tokyo", name=repr(name[:60]))
        )
    raise ValueError(
        sentence("{name} is not the name of a time zone; write {meant}", name=repr(name[:60]), meant=meant)
    )


@cache
def zone_names() -> frozenset[str]:
    """Return the names accepted; old names without a place are not, since most say only an offset."""
    return frozenset(name for name in available_timezones() if "/" in name) | {"UTC"}


def _meant(name: str) -> str | None:
    """Return the zone that was probably meant."""
    word = unicodedata.normalize("NFKC", name).strip().upper().replace(" ", "_")
    if word in _MEANT:
        return _MEANT[word]
    if offset := _OFFSET.fullmatch(word):
        return _BY_OFFSET.get(int(offset.group(1) + offset.group(2)))
    places = sorted(known for known in zone_names() if known.upper().endswith(f"/{word}"))
    return places[0] if places else nearest(word, sorted(zone_names())) if "/" in word else None


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant."""
    return instant.astimezone(zone).date()


def local_instant(day: date, time: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time, in UTC: the first after a gap, the first of a doubled time."""
    wall = datetime.combine(day, time, zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    # In a gap, fold=1 reads the clock with the offset after it and so lands before it, fold=0 the reverse.
    before, after = wall.replace(fold=1).astimezone(UTC), found
    before, after = before.replace(microsecond=0), after.replace(microsecond=0) + _SECOND
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, in UTC; it is not midnight where clocks change at midnight."""
    return local_instant(day, time.min, zone)


def next_local_midnight(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the first start of a local day after an instant."""
    day = local_day(instant, zone) + _DAY
    start = day_start(day, zone)
    # Clocks set back across midnight bring the old day back after the new one has begun.
    return start if start > instant else day_start(day + _DAY, zone)


def days_back(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the start of a window that looks back: today and the days before, ``days`` in all."""
    return day_start(local_day(now, zone) - (days - 1) * _DAY, zone)


def older_than(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant before which all is older than so many days: the start of the day so long ago."""
    return day_start(local_day(now, zone) - days * _DAY, zone)


def next_days(now: datetime, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the window from the start of today to the end, excluded, of the day ``days`` from now."""
    today = local_day(now, zone)
    return day_start(today, zone), day_start(today + (days + 1) * _DAY, zone)
