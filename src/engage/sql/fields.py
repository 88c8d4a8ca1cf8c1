"""A prospect's field as SQL: its value, and its comparison with constants."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, null, or_, select

from engage.language.conditions import FieldIs
from engage.sql import tables as t
from engage.sql.interning import word
from engage.sql.moving import moving

if TYPE_CHECKING:
    from engage.sql.asked import Who

Column = ColumnElement[Any]
Truth = ColumnElement[bool]
#: The kind and the amount of a moment that moves with the clock.
Bound = tuple[str, int]


def field_value(field: FieldIs, who: Who, locale: str) -> Column:
    """Return what a comparison of a field reads: folded text, numbers, ISO days, microseconds."""
    if field.custom:
        kept = {"text": "folded", "date": "text", "number": "number"}.get(field.type, "whole")
        values = t.field_values
        chosen = select(values.c[kept]).where(
            who.owns(values.c.prospect_id), values.c.field_id == word("field", field.field)
        )
        found = chosen.scalar_subquery()
        return found == 1 if field.type == "boolean" else found
    if field.field in who.standing.c:
        return who.standing.c[field.field]
    if field.field == "full_name":
        return full_name(who.prospect, locale, "_folded")
    return who.prospect.c[f"{field.field}_folded" if field.type == "text" else field.field]


def full_name(prospect: object, locale: str, suffix: str = "") -> Column:
    """Return the full name: family name first under ``locale: ja``; NULL where both are empty."""
    columns = prospect.c  # type: ignore[attr-defined]
    first, last = columns[f"first_name{suffix}"], columns[f"last_name{suffix}"]
    one, two = (last, first) if locale == "ja" else (first, last)
    return func.nullif(func.trim(func.coalesce(one, "").concat(" ").concat(func.coalesce(two, ""))), "")


def escape_like(text: str) -> str:
    """Return a text in which LIKE finds no signs of its own (the escape sign is a backslash)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def like(column: Column, pattern: str) -> Truth:
    """Return whether a text matches a LIKE pattern."""
    return column.like(pattern, escape="\\")


def text_test(column: Column, glob: str) -> Truth:
    """Return whether a folded text is a glob's: ``*`` stands for any characters, ``/`` too."""
    if "*" not in glob:
        return column == glob
    return like(column, "%".join(escape_like(part) for part in glob.split("*")))


def compared(field: FieldIs, column: Column, at: datetime, zone: ZoneInfo, *, unknown: bool) -> Truth:
    """Return the comparison; NULL where the field is empty, but for ``ne`` and ``not_in`` unless ``unknown``."""
    values = field.values
    match field.operator:
        case "exists":
            return column.is_not(null()) if values[0] else column.is_(null())
        case "eq":
            return column == values[0]
        case "ne":
            return _or_empty(column, column != values[0], unknown)
        case "in":
            return column.in_(values)
        case "not_in":
            return _or_empty(column, column.not_in(values), unknown)
        case "gt":
            return column > values[0]
        case "gte":
            return column >= values[0]
        case "lt":
            return column < values[0]
        case "lte":
            return column <= values[0]
        case "contains":
            return like(column, f"%{escape_like(str(values[0]))}%")
        case "starts_with":
            return like(column, f"{escape_like(str(values[0]))}%")
        case "ends_with":
            return like(column, f"%{escape_like(str(values[0]))}")
        case "matches":
            return text_test(column, str(values[0]))
        case _:
            return _in_window(field, column, at, zone)


def _or_empty(column: Column, test: Truth, unknown: bool) -> Truth:
    return test if unknown else or_(test, column.is_(null()))


def _in_window(field: FieldIs, column: Column, at: datetime, zone: ZoneInfo) -> Truth:
    """Return whether a date or moment lies in a window that moves with the clock."""
    amount = int(field.values[0])
    window, unit = field.operator.rsplit("_", 1)
    bounds: tuple[Bound | None, Bound]
    if field.type == "date":
        bounds = _day_bounds(window, amount)
    elif unit == "span":
        now = ("span", 0)
        bounds = {
            "within": (("span", -amount), now),
            "next": (now, ("span", amount)),
            "older_than": (None, ("span", -amount)),
        }[window]
    elif window == "older_than":
        bounds = (None, ("midnight", -amount))
    elif window == "next":
        bounds = (("first", amount), ("last", amount))
    else:
        bounds = (("back", amount), ("span", 0))
    low, high = (None if bound is None else moving(*bound, at, zone) for bound in bounds)
    assert high is not None
    return column < high if low is None else and_(column >= low, column <= high)


def _day_bounds(window: str, days: int) -> tuple[Bound | None, Bound]:
    match window:
        case "within":
            return ("day", 1 - days), ("day", 0)
        case "next":
            return ("day", 0), ("day", days)
        case _:
            return None, ("day", -days)


def since(days: int | None, span: int | None, at: datetime, zone: ZoneInfo) -> ColumnElement[int] | None:
    """Return the first moment of a window that looks back, in microseconds; None for no window."""
    if days is not None:
        return moving("back", days, at, zone)
    return None if span is None else moving("span", -span, at, zone)
