"""The span of days that a report is limited to, as it stands in addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from engage.language.zones import day_start
from engage.reports.tallies import Series

#: The longest span of a series on a page, in days: two weeks of days, a quarter of weeks, a year of months.
_MOST: Mapping[Series, int] = {"day": 14, "week": 91, "month": 365}
_SERIES: Mapping[str, Series] = {"day": "day", "week": "week", "month": "month"}


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included, and whether a series is asked for."""

    since: date | None = None
    until: date | None = None
    by: Series | None = None

    @property
    def query(self) -> str:
        """The span as an address has it, without the series; empty where there is none."""
        days = (("since", self.since), ("until", self.until))
        return urlencode({name: day.isoformat() for name, day in days if day is not None})

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """Return the first moment of the span and the first after it."""
        after = None if self.until is None else self.until + timedelta(days=1)
        return _midnight(self.since, zone), _midnight(after, zone)


def period_of(query: Mapping[str, str]) -> Period:
    """Return the span that a query asks for; what is no day counts as none.

    >>> period_of({"since": "2026-12-01", "until": "soon", "by": "week"})
    Period(since=datetime.date(2026, 12, 1), until=None, by='week')
    """
    return Period(_day(query.get("since", "")), _day(query.get("until", "")), _SERIES.get(query.get("by", "")))


def shortened(period: Period, today: date) -> Period:
    """Return a span whose series fits on a page: so many days, weeks or months up to its end.

    >>> shortened(Period(by="day"), date(2026, 12, 31)).since
    datetime.date(2026, 12, 18)
    """
    if period.by is None:
        return period
    last = period.until or today
    first = last - timedelta(days=_MOST[period.by] - 1)
    return replace(period, since=max(period.since or first, first))


def address(path: str, **words: object) -> str:
    """Return an address with a query of the words that say something.

    >>> address("/scenarios", q="a b", page=None, state="")
    '/scenarios?q=a+b'
    """
    said = {name: str(value) for name, value in words.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else day_start(day, zone)
