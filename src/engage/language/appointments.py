"""Moments that are waited for: when a written moment, weekday or time comes next, a field's day, a mail's opening.

Pure: everything is told by the moment at which the waiting began and by a zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engage.language.calendar import next_opening
from engage.language.hours import DAYS, Hours
from engage.language.moment import Duration, instant_of, parse_time, parse_wall
from engage.language.zones import local_day, local_instant, zone
from engage.problem import nearest
from engage.wording import sentence

_DAY = timedelta(days=1)
_WEEKDAY = re.compile(r"(?:next +)?([^\W\d_]+) +([0-9]{1,2}:[0-9:.,]+)", re.IGNORECASE)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: A field's day may be moved by at most this many days.
MOST_DAYS = 3653


@dataclass(frozen=True, slots=True)
class Until:
    """What a wait ends at: one moment, a time of day, or a time on a weekday."""

    #: naive: local time; None: it comes again and again
    moment: datetime | None = None
    at: time = time()
    #: Monday is 0; None: every day
    weekday: int | None = None

    def first(self, begun: datetime, zone: ZoneInfo) -> datetime:
        """Return the first such moment strictly after another; the one moment may lie before it."""
        if self.moment is not None:
            return instant_of(self.moment, zone)
        today = local_day(begun, zone)
        days = (today + ahead * _DAY for ahead in range(-1, 16))
        moments = (local_instant(day, self.at, zone) for day in days if self.weekday in (None, day.weekday()))
        return next(moment for moment in moments if moment > begun)

    def __str__(self) -> str:
        """Return the text from which the same is read."""
        if self.moment is not None:
            return f"{self.moment:%Y-%m-%dT%H:%M:%S}".removesuffix(":00")
        at = f"{self.at:%H:%M:%S}".removesuffix(":00")
        return at if self.weekday is None else f"next {_WEEKDAYS[self.weekday]} {at}"


def parse_until(text: str) -> Until:
    """Return what ``2026-12-24T09:00``, ``next monday 09:00`` or ``09:00`` say; raise ValueError with a sentence.

    >>> [str(parse_until(text)) for text in ("next mon 09:00", "9:00", "2026-12-24T09:00")]
    ['next monday 09:00', '09:00', '2026-12-24T09:00']
    """
    said = text.strip()
    if found := _WEEKDAY.fullmatch(said):
        return Until(at=parse_time(found[2]), weekday=_weekday(found[1].lower()))
    if ":" in said and "-" not in said:
        return Until(at=parse_time(said))
    if re.match(r"[0-9]", said):
        return Until(moment=parse_wall(said))
    message = "{text} is not a moment; write 2026-12-24T09:00, next monday 09:00, or 09:00"
    raise ValueError(sentence(message, text=repr(text[:60])))


def _weekday(word: str) -> int:
    for names in (_WEEKDAYS, DAYS):
        if word in names:
            return names.index(word)
    near = nearest(word, _WEEKDAYS) or "monday"
    raise ValueError(sentence("{day} is no day of the week; write for example next {near} 09:00", day=word, near=near))


def parse_offset(text: str) -> int:
    """Return a number of calendar days; raise ValueError with a sentence.

    >>> parse_offset("-2 weeks")
    -14
    """
    said = text.strip()
    sign = -1 if said[:1] in ("-", "−") else 1
    days = Duration.parse(said.lstrip("-−+ "), zero=True).whole_days
    if days is None:
        raise ValueError(sentence("a day is moved by whole days; write for example -30 days"))
    return sign * days


@dataclass(frozen=True, slots=True)
class DayRule:
    """How a field's day becomes a moment."""

    #: calendar days
    offset: int
    at: time
    #: every year again, from the day itself on; 29 February is the 28th in other years
    yearly: bool = False

    def first(self, day: date, begun: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment; of a yearly one the first strictly after another moment. Raises OverflowError."""
        if not self.yearly:
            return local_instant(day + self.offset * _DAY, self.at, zone)
        year = max(day.year, (local_day(begun, zone) - self.offset * _DAY).year - 1)
        while True:
            found = local_instant(_in_year(day, year) + self.offset * _DAY, self.at, zone)
            if found > begun:
                return found
            year += 1


def _in_year(day: date, year: int) -> date:
    if year > 9999:
        raise OverflowError
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def own_zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """Return a prospect's own zone; where it is empty or unknown, the other."""
    try:
        return zone(name.strip()) if name and name.strip() else otherwise
    except ValueError:
        return otherwise


def mail_moment(now: datetime, on_date: datetime | None, hours: Hours | None, zone: ZoneInfo) -> datetime | None:
    """Return when a mail that stands at its step may go, or is to be asked about again; None: never.

    With a date it goes on that local day only, from that moment on; ``hours`` None is always open.
    """
    opening = now if hours is None else next_opening(replace(hours, zone=zone), now)
    if on_date is None:
        return opening
    if now < on_date:
        return on_date
    return opening if local_day(opening, zone) == local_day(on_date, zone) else None
