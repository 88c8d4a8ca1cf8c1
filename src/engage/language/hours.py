"""Opening hours as they are written: weekdays, time spans, holidays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from holidays.registry import COUNTRIES

from engage.language.moment import parse_date
from engage.wording import sentence

#: The weekdays as they are written; their places are those of ``date.weekday()``.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A company closed for longer is a mistake in its holidays.
LONGEST_CLOSURE = 5 * 366

_DAY = timedelta(days=1)
#: What is said of holidays without end.
CLOSED_TOO_LONG = sentence("the holidays leave no open day for five years; shorten them")
_WINDOW = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of opening, in minutes since the midnight that its day begins with."""

    start: int
    #: excluded; more than 1440 when the window ends on the day after
    end: int

    @classmethod
    def parse(cls, text: str) -> Window:
        """Return the window that ``09:00-18:00`` says; raise ValueError with a sentence if it is none.

        >>> Window.parse("22:00-02:00")
        Window(start=1320, end=1560)
        """
        found = _WINDOW.fullmatch(text.strip())
        if not found:
            raise ValueError(sentence("{text} is not a time span; write it as 09:00-18:00", text=repr(text[:60])))
        first, first_minute, last, last_minute = (int(part) for part in found.groups())
        start, end = first * 60 + first_minute, last * 60 + last_minute
        if max(first_minute, last_minute) > 59 or start >= 1440 or end > 1440:
            message = "{text} has a time that no clock shows; write 00:00 to 23:59, or 22:00-02:00 to span midnight"
            raise ValueError(sentence(message, text=repr(text[:60])))
        if start == end or (start, end) == (0, 0):
            message = "{text} is empty; write 00:00-24:00 to be open all day"
            raise ValueError(sentence(message, text=repr(text[:60])))
        return cls(start, end if end > start else end + 1440)

    def __str__(self) -> str:
        """Return the canonical text."""
        end = self.end if self.end <= 1440 else self.end - 1440
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a company is open; refused with ValueError if it never is."""

    zone: ZoneInfo
    #: weekdays, Monday is 0
    days: frozenset[int] = frozenset(range(5))
    windows: tuple[Window, ...] = (Window(540, 1080),)
    #: countries whose public holidays are closed, by their ISO codes
    countries: tuple[str, ...] = ()
    #: first and last day of each closure of the company's own
    closed: tuple[tuple[date, date], ...] = ()

    def __post_init__(self) -> None:
        if not self.days or not self.windows:
            raise ValueError(sentence("these hours are never open; write at least one day and one time span"))
        if any(last - first > LONGEST_CLOSURE * _DAY for first, last in _joined(self.closed)):
            raise ValueError(CLOSED_TOO_LONG)


def parse_hours(days: Iterable[str], between: str | Iterable[str], holidays: Iterable[str], zone: ZoneInfo) -> Hours:
    """Return the hours that a file says; raise ValueError with a sentence.

    Holidays are country codes (JP), days (2026-12-29) and spans (2026-12-29..2027-01-04).
    """
    windows = (between,) if isinstance(between, str) else tuple(between)
    written = tuple(holidays)
    return Hours(
        zone,
        frozenset(_weekday(day) for day in days),
        tuple(sorted((Window.parse(window) for window in windows), key=lambda window: window.start)),
        tuple(dict.fromkeys(_country(text) for text in written if not text[:1].isdigit())),
        tuple(sorted({_closure(text) for text in written if text[:1].isdigit()})),
    )


def parse_holiday(text: str) -> str | tuple[date, date]:
    """Return a country's code, or the first and last day of a closure; raise ValueError with a sentence."""
    return _closure(text) if text[:1].isdigit() else _country(text)


def _joined(spans: Iterable[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """Yield closures, those that touch or overlap as one."""
    current: tuple[date, date] | None = None
    for first, last in sorted(spans):
        if current and first <= current[1] + _DAY:
            current = current[0], max(current[1], last)
            continue
        if current:
            yield current
        current = first, last
    if current:
        yield current


def _weekday(text: str) -> int:
    """Return the number of a weekday."""
    if text not in DAYS:
        raise ValueError(sentence("{day} is not a weekday; there are: {days}", day=repr(text), days=", ".join(DAYS)))
    return DAYS.index(text)


def _country(text: str) -> str:
    """Return a country's code, if its holidays are known."""
    code = text.upper()
    # The library's own list imports every country; the registry has the codes and imports nothing.
    if not _COUNTRY.fullmatch(text) or not any(code in codes for _, *codes in COUNTRIES.values()):
        message = "no holidays are known for {text}; write a country's code (JP), a day or 2026-12-29..2027-01-04"
        raise ValueError(sentence(message, text=repr(text[:60])))
    return code


def _closure(text: str) -> tuple[date, date]:
    """Return the first and last day of a closure."""
    begin, span, end = text.partition("..")
    first = parse_date(begin.strip())
    last = parse_date(end.strip()) if span else first
    if last < first:
        raise ValueError(sentence("{text} ends before it begins; write the earlier day first", text=repr(text)))
    return first, last
