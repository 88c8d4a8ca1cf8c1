"""Texts with merge fields become SQL concatenations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Case,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from engage.language.expressions import Merge, Parts
from engage.language.fields import GRADES, STANDARD, fold
from engage.sql import tables as t
from engage.sql.fields import full_name
from engage.sql.interning import word

Column = ColumnElement[Any]
_DATETIMES = frozenset(field.name for field in STANDARD if field.type == "datetime")
_DAY = 86_400_000_000


def grade_letter(column: Column) -> Case[Any]:
    """Return the grade as it is written; NULL stays NULL."""
    return case(dict(enumerate(GRADES)), value=column)


@dataclass(frozen=True)
class Texts:
    """Makes texts for the prospects of one statement: their standing and their row must be joined."""

    standing: FromClause
    prospect: FromClause
    locale: str
    zone: ZoneInfo
    #: the scenario's name
    scenario: str
    #: the custom fields with their types
    fields: frozenset[tuple[str, str]]

    @cached_property
    def custom(self) -> dict[str, str]:
        """The custom fields' types by name."""
        return dict(self.fields)

    def text(self, parts: Parts, *, folded: bool = False) -> Column:
        """Return the text, or its folded twin."""
        pieces = [self._piece(part, folded) for part in parts]
        whole: Column = literal("", Text())
        for number, piece in enumerate(pieces):
            whole = piece if number == 0 else whole.concat(piece)
        return whole

    def _piece(self, part: str | Merge, folded: bool) -> Column:
        if isinstance(part, str):
            return literal(fold(part) if folded else part, Text())
        plain = self._thing(part, folded)
        default = part.default or ""
        return func.coalesce(func.nullif(plain, ""), literal(fold(default) if folded else default, Text()))

    def _thing(self, part: Merge, folded: bool) -> Column:
        if part.thing == "scenario":
            return literal(fold(self.scenario) if folded else self.scenario, Text())
        if part.thing == "owner":
            return self._owner(folded)
        shown = self._field(part.field, folded)
        return self._date(part.field, shown) if part.as_date else shown

    def _owner(self, folded: bool) -> Column:
        u = t.users.alias()
        name = u.c.name_folded if folded else u.c.name
        found = select(name).where(literal("user:").concat(u.c.id) == self.standing.c.owner).scalar_subquery()
        return func.coalesce(found, func.replace(self.standing.c.owner, "queue:", ""))

    def _field(self, name: str, folded: bool) -> Column:
        """Return a field as text."""
        if name in self.custom:
            return self._custom(name, folded)
        if name == "grade":
            return grade_letter(self.standing.c.grade)
        if name == "full_name":
            return full_name(self.prospect, self.locale, "_folded" if folded else "")
        table = self.standing if name in self.standing.c else self.prospect
        column = table.c[name if not folded or f"{name}_folded" not in table.c else f"{name}_folded"]
        if name in _DATETIMES:
            return column  # shown by _date
        if isinstance(column.type, Text):
            return column
        return _boolean(column) if column.type.python_type is bool else cast(column, Text())

    def _custom(self, name: str, folded: bool) -> Column:
        v = t.field_values.alias()
        kind = self.custom[name]
        kept: Column = {
            "text": v.c.folded if folded else v.c.text,
            "date": v.c.text,
            "number": cast(v.c.number, Text()),
        }.get(kind, cast(v.c.whole, Text()))
        if kind == "boolean":
            kept = _boolean(v.c.whole == 1)
        if kind == "datetime":
            kept = v.c.whole
        chosen = select(kept).where(v.c.prospect_id == self.standing.c.prospect_id, v.c.field_id == word("field", name))
        return chosen.scalar_subquery()

    def _date(self, name: str, shown: Column) -> Column:
        """Return a day as people write it: 2026-12-01, in Japanese 2026年12月1日."""
        if name in _DATETIMES or self.custom.get(name) == "datetime":
            shown = iso_day(shown, self.zone)
        if self.locale != "ja":
            return func.substr(shown, 1, 10)
        year, month, day = (func.substr(shown, start, length) for start, length in ((1, 4), (6, 2), (9, 2)))
        number = [cast(cast(piece, Integer), Text()) for piece in (year, month, day)]
        written = number[0].concat("年").concat(number[1]).concat("月").concat(number[2]).concat("日")
        return case((shown.is_(null()), null()), (func.length(shown) < 10, null()), else_=written)


def _boolean(column: Column) -> Column:
    return case((column.is_(null()), null()), (column, "true"), else_="false")


def iso_day(microseconds: Column, zone: ZoneInfo) -> Column:
    """Return a moment's local day as ISO text, by whole-number arithmetic that both databases share.

    The offset is that of the zone at the moment, found among its changes between 1970 and 2100.
    Source of the arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    moment = cast(microseconds, BigInteger)
    days = (moment + _offset(moment, zone) + literal(719_468 * _DAY, BigInteger())) // _DAY
    era = days // 146_097
    doe = days - era * 146_097
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (yoe * 365 + yoe // 4 - yoe // 100)
    mp = (doy * 5 + 2) // 153
    day = doy - (mp * 153 + 2) // 5 + 1
    month = case((mp < 10, mp + 3), else_=mp - 9)
    year = yoe + era * 400 + case((mp >= 10, 1), else_=0)
    return _padded(year, 4).concat("-").concat(_padded(month, 2)).concat("-").concat(_padded(day, 2))


def _padded(number: Column, width: int) -> Column:
    text = literal("0" * width, Text()).concat(cast(number, Text()))
    return func.substr(text, func.length(text) - width + 1, width)


def _offset(moment: Column, zone: ZoneInfo) -> Column:
    changes = zone_changes(zone)
    first = changes[0][1]
    whens = [(moment >= at, offset) for at, offset in reversed(changes[1:])]
    return case(*whens, else_=first) if whens else literal(first, BigInteger())


@cache
def zone_changes(zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return a zone's changes of offset from 1970 to 2100: (moment, offset), both in microseconds."""
    found: list[tuple[int, int]] = []
    hour = 3_600
    at = 0
    while at < 4_102_444_800:
        offset = _offset_at(zone, at)
        if not found or offset != found[-1][1]:
            found.append((_first_with(zone, at, offset) * 1_000_000 if found else 0, offset))
        at += 24 * 7 * hour
    return found


def _offset_at(zone: ZoneInfo, second: int) -> int:
    delta = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    assert delta is not None
    return int(delta.total_seconds()) * 1_000_000


def _first_with(zone: ZoneInfo, at: int, offset: int) -> int:
    low, high = at - 24 * 7 * 3_600, at
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset_at(zone, middle) == offset else (middle, high)
    return high
