"""Opening hours and business days: which instants are open, and which comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import holidays as library

from engage.language.hours import CLOSED_TOO_LONG, DAYS, LONGEST_CLOSURE, Hours, Window, parse_hours
from engage.language.moment import Duration
from engage.language.zones import (
    day_start,
    days_back,
    local_day,
    local_instant,
    next_days,
    next_local_midnight,
    older_than,
    zone,
)
from engage.wording import sentence

__all__ = [
    "DAYS",
    "Hours",
    "Window",
    "add_business_days",
    "after",
    "day_start",
    "days_back",
    "is_business_day",
    "is_open",
    "local_day",
    "local_instant",
    "next_days",
    "next_local_midnight",
    "next_opening",
    "older_than",
    "parse_hours",
    "zone",
]

_DAY = timedelta(days=1)


def is_business_day(hours: Hours, day: date) -> bool:
    """Return whether the company works on a day."""
    if day.weekday() not in hours.days or any(first <= day <= last for first, last in hours.closed):
        return False
    return not any(day in _public(country, day.year) for country in hours.countries)


def is_open(hours: Hours, instant: datetime) -> bool:
    """Return whether an instant lies in a window; a window belongs to the day it starts on."""
    today = local_day(instant, hours.zone)
    return any(start <= instant < end for day in (today - _DAY, today) for start, end in _openings(hours, day))


def next_opening(hours: Hours, instant: datetime) -> datetime:
    """Return the instant itself where it is open, else the next that is."""
    if is_open(hours, instant):
        return instant.astimezone(UTC)
    today = local_day(instant, hours.zone)
    for ahead in range(LONGEST_CLOSURE + 1):
        later = [start for start, _ in _openings(hours, today + ahead * _DAY) if start > instant]
        if later:
            return min(later)
    raise ValueError(CLOSED_TOO_LONG)


def add_business_days(hours: Hours, instant: datetime, count: int) -> datetime:
    """Return the same local time business days later; from a closed day the next business day is 1."""
    if count == 0:
        return instant
    local = instant.astimezone(hours.zone)
    day = local.date()
    for _ in range(count):
        day = _next_business_day(hours, day)
    return local_instant(day, local.time(), hours.zone)


def after(duration: Duration, instant: datetime, hours: Hours) -> datetime:
    """Return the instant a duration later: elapsed time, a day being 24 hours, or business days."""
    try:
        return add_business_days(hours, instant, duration.business_days) + duration.length
    except OverflowError:
        raise ValueError(sentence("the moment lies after the year 9999; write a shorter duration")) from None


def _openings(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows that start on a day, as instants; one that falls into a gap is left out."""
    if not is_business_day(hours, day):
        return
    for window in hours.windows:
        start, end = (_at(hours, day, minutes) for minutes in (window.start, window.end))
        if start < end:
            yield start, end


def _at(hours: Hours, day: date, minutes: int) -> datetime:
    """Return the instant of a window's edge."""
    later, minutes = divmod(minutes, 1440)
    return local_instant(day + later * _DAY, time(minutes // 60, minutes % 60), hours.zone)


def _next_business_day(hours: Hours, day: date) -> date:
    """Return the first business day after a day."""
    for ahead in range(1, LONGEST_CLOSURE + 2):
        if is_business_day(hours, day + ahead * _DAY):
            return day + ahead * _DAY
    raise ValueError(CLOSED_TOO_LONG)


@lru_cache(maxsize=1000)
def _public(country: str, year: int) -> frozenset[date]:
    """Return a country's public holidays in a year."""
    return frozenset(library.country_holidays(country, years=year, expand=False))
