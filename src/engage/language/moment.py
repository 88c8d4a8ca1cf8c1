"""Durations and moments as they are written.

Both are text only: a bare ``3`` says no unit, and YAML 1.1 reads ``9:30`` as 570. Every mistake is a
ValueError whose first argument is a ``Sentence``, so it can be shown in the user's language.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engage.language.units import BUSINESS, TOO_LONG, UNITS, parts
from engage.language.zones import day_start, local_instant
from engage.wording import sentence

#: The longest duration: ten years, leap days included.
LONGEST = timedelta(days=3653)
#: Ten years of business days.
MOST_BUSINESS_DAYS = 2610

_UNIT = "(minutes?|hours?|days?|weeks?|business days?)"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: elapsed time, or a number of business days.

    >>> str(Duration.parse("2 weeks"))
    '14 days'
    """

    #: elapsed time: a day is 24 hours
    length: timedelta = timedelta(0)
    business_days: int = 0

    @classmethod
    def parse(cls, text: str, *, zero: bool = False) -> Duration:
        """Return the duration that a text says; raise ValueError with a sentence if it says none."""
        amounts = dict[str, int]()
        for unit, amount in parts(text):
            if unit in amounts:
                raise ValueError(sentence("{unit} stands twice; write each unit once", unit=f"{unit}s"))
            amounts[unit] = amount
        business = amounts.pop(BUSINESS, 0)
        if business and any(amounts.values()):
            raise ValueError(sentence("business days cannot be mixed with other units; write 2 business days"))
        length = sum((UNITS[unit] * amount for unit, amount in amounts.items()), timedelta(0))
        if length > LONGEST or business > MOST_BUSINESS_DAYS:
            raise ValueError(TOO_LONG)
        if not zero and not length and not business:
            raise ValueError(sentence("a duration of nothing has no effect; write at least 1 minute, or leave it out"))
        return cls(length, business)

    @property
    def whole_days(self) -> int | None:
        """Return the number of days, or None if there are hours, minutes or business days."""
        return None if self.business_days or self.length % UNITS["day"] else self.length.days

    def __str__(self) -> str:
        """Return the canonical text, from which the same duration is read."""
        hours, minutes = divmod(self.length.seconds // 60, 60)
        amounts = (
            (self.business_days, BUSINESS),
            (self.length.days, "day"),
            (hours, "hour"),
            (minutes, "minute"),
        )
        said = [f"{amount} {unit}{'' if amount == 1 else 's'}" for amount, unit in amounts if amount]
        return " ".join(said) or "0 days"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic reads a field: as text and nothing else."""
        return _schema(zero=False)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """Return what editors know of a duration."""
        return {
            "type": "string",
            "pattern": f"^[0-9]+ ?{_UNIT}( [0-9]+ ?{_UNIT})*$",
            "examples": ["3 days", "1 day 2 hours", "2 business days"],
        }


class _Zero:
    """Lets a field also take ``0 days``."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _schema(zero=True)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        return Duration.__get_pydantic_json_schema__(schema, handler)


#: The type of a field that may also be ``0 days``.
DurationOrZero = Annotated[Duration, _Zero()]

_NOT_TEXT = sentence("durations are text, for example `3 days`")


def _schema(zero: bool) -> CoreSchema:
    """Return the schema of a field; a plain validator, so that strict mode and numbers change nothing."""

    def read(value: object) -> Duration:
        if isinstance(value, Duration):
            return value
        if not isinstance(value, str):
            raise ValueError(_NOT_TEXT)
        return Duration.parse(value, zero=zero)

    return core_schema.no_info_plain_validator_function(read, serialization=core_schema.to_string_ser_schema())


_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6}))?)?", re.ASCII)
_MOMENT = re.compile(rf"({_DATE.pattern})[Tt ]({_TIME.pattern}) ?([Zz]|[+-][0-9]{{2}}:?[0-9]{{2}})?", re.ASCII)


def parse_date(text: str) -> date:
    """Return a calendar day written as 2026-12-01; raise ValueError with a sentence for an impossible one."""
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(sentence("{text} is not a day; write it as 2026-12-01", text=repr(text[:60])))
    year, month, day = (int(part) for part in found.groups())
    if not 1900 <= year <= 9998:
        raise ValueError(sentence("the year {year} is out of range; write one from 1900 to 9998", year=found.group(1)))
    if not 1 <= month <= 12:
        raise ValueError(sentence("there is no month {month}; write one from 01 to 12", month=found.group(2)))
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        message = "there is no day {text}; that month has the days 01 to {last}"
        raise ValueError(sentence(message, text=text, last=last))
    return date(year, month, day)


def parse_time(text: str) -> time:
    """Return a time of day written as 09:00; raise ValueError with a sentence for an impossible one."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(sentence("{text} is not a time of day; write it as 09:00", text=repr(text[:60])))
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if hour > 23:
        raise ValueError(sentence("there is no hour {hour}; write 00:00 to 23:59 of the day meant", hour=hour))
    if minute > 59:
        raise ValueError(sentence("there is no minute {minute}; write 00 to 59", minute=minute))
    if second > 59:
        raise ValueError(sentence("there is no second {second}; write 00 to 59", second=second))
    return time(hour, minute, second, int((found.group(4) or "").ljust(6, "0")))


def parse_moment(text: str, zone: ZoneInfo, *, parse_day: bool = False) -> datetime:
    """Return a moment in UTC; without an offset it is local time in the zone.

    With ``parse_day`` a day alone is its first instant. Raises ValueError with a sentence.
    """
    if parse_day and _DATE.fullmatch(text):
        return day_start(parse_date(text), zone)
    return instant_of(parse_wall(text), zone)


def parse_wall(text: str) -> datetime:
    """Return a moment as it is written: naive, what a clock on a wall shows, unless it has an offset."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(sentence("{text} is not a moment; write it as 2026-12-01T09:00", text=repr(text[:60])))
    offset = found.group(10)
    return datetime.combine(
        parse_date(found.group(1)), parse_time(found.group(5)), None if offset is None else _offset(offset)
    )


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a written moment, in UTC; a naive one is local time in the zone."""
    if wall.tzinfo is None:
        return local_instant(wall.date(), wall.time(), zone)
    return wall.astimezone(UTC)


def _offset(text: str) -> timezone:
    """Return a fixed offset from UTC."""
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError(sentence("there is no offset {text}; write for example +09:00", text=text))
    length = timedelta(hours=hours, minutes=minutes)
    return timezone(-length if text[0] == "-" else length)
