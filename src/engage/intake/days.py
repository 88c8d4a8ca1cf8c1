"""The way dates are written in a column: one for the whole file, never guessed for a row."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from engage.errors import Refused
from engage.wording import sentence

#: The ways known, with an example. In the last two, the order of day and month is the whole column's.
EXAMPLES = {
    "iso": "2026-12-01",
    "slashes": "2026/12/01",
    "digits": "20261201",
    "kanji": "2026年12月1日",
    "day_first": "31/12/2026",
    "month_first": "12/31/2026",
}
_REST = r"(?P<rest>(?:[T ].*)?)"
#: A time such as 10時30分 may follow its day without a space.
_KANJI_REST = r"(?P<rest>(?:[T ].*|\d{1,2}時.*)?)"
_KANJI_TIME = re.compile(r" ?(\d{1,2})時(?:(\d{1,2})分(?:(\d{1,2})秒)?)?", re.ASCII)
_SHAPES = (
    ("iso", re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}}){_REST}", re.ASCII)),
    ("slashes", re.compile(rf"(\d{{4}})[/.](\d{{1,2}})[/.](\d{{1,2}}){_REST}", re.ASCII)),
    ("digits", re.compile(rf"(\d{{4}})(\d\d)(\d\d){_REST}", re.ASCII)),
    ("kanji", re.compile(rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日{_KANJI_REST}", re.ASCII)),
    ("local", re.compile(rf"(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}}){_REST}", re.ASCII)),
)


@dataclass(slots=True)
class DayCount:
    """What the cells of a column look like, counted over the whole file."""

    shapes: Counter[str] = field(default_factory=Counter)
    #: of dates such as 03/02/2027: one whose first, or second, number is no month; one where they differ
    day_first: str = ""
    month_first: str = ""
    either: str = ""

    def add(self, cell: str) -> None:
        """Count a cell."""
        found = _shape(unicodedata.normalize("NFKC", cell.strip()))
        if found is None:
            return
        shape, match = found
        self.shapes[shape] += 1
        if shape == "local":
            first, second = int(match[1]), int(match[2])
            if first > 12:
                self.day_first = self.day_first or cell
            elif second > 12:
                self.month_first = self.month_first or cell
            elif first != second:
                self.either = self.either or cell

    def settle(self, column: str) -> str:
        """Return the column's way of writing dates: the commonest, ISO if none is seen.

        Raises Refused where day and month cannot be told apart.
        """
        shape = max(EXAMPLES, key=lambda name: self.shapes[name])
        if self.shapes["local"] <= self.shapes[shape]:
            return shape
        if self.day_first and self.month_first:
            message = "column {column} holds {one} and {other}: write all its dates as 2026-12-01"
            raise Refused(sentence(message, column=column, one=self.day_first, other=self.month_first))
        if self.either and not self.day_first and not self.month_first:
            message = "column {column}: is {one} day/month or month/day? Write its dates as 2026-12-01"
            raise Refused(sentence(message, column=column, one=self.either))
        return "month_first" if self.month_first else "day_first"


def iso_day(text: str, way: str) -> tuple[str, str]:
    """Return a date as 2026-12-01, and the rest of the cell; raise ValueError if it is written in another way.

    >>> iso_day("3/2/2027 9:00", "day_first")
    ('2027-02-03', ' 9:00')
    """
    found = _shape(unicodedata.normalize("NFKC", text))
    wanted = "local" if way in ("day_first", "month_first") else way
    if found is None or found[0] != wanted:
        message = "{text} is not written as this column's dates are, for example {example}"
        raise ValueError(sentence(message, text=repr(text[:60]), example=EXAMPLES[way]))
    one, two, three = found[1].groups()[:3]
    year, month, day = {"day_first": (three, two, one), "month_first": (three, one, two)}.get(way, (one, two, three))
    return f"{year}-{month:0>2}-{day:0>2}", _clock(found[1]["rest"])


def _clock(rest: str) -> str:
    """Return a time of day as clocks show it.

    >>> _clock(" 10時5分"), _clock("T09:00")
    (' 10:05', 'T09:00')
    """
    found = _KANJI_TIME.fullmatch(rest)
    if found is None:
        return rest
    hour, minute, second = found.groups()
    return f" {hour:0>2}:{minute or 0:0>2}" + (f":{second:0>2}" if second else "")


def _shape(text: str) -> tuple[str, re.Match[str]] | None:
    for name, pattern in _SHAPES:
        if match := pattern.fullmatch(text):
            return name, match
    return None
