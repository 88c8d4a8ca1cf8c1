"""How values are printed in a template: dates and numbers as people of the house write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from jinja2 import Undefined

from engage.language.calendar import local_day
from engage.plan.moves import House

Filter = Callable[..., Any]


def printed(value: Any) -> Any:
    """Return what ``{{ value }}`` prints; nothing prints nothing, 5000000.0 prints 5000000."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value


def number(value: float) -> str:
    """Return a number without needless zeros, never with an exponent.

    >>> number(5e6), number(0.25)
    ('5000000', '0.25')
    """
    if not math.isfinite(value):
        return ""
    return f"{value:.0f}" if value == int(value) else f"{value:.6f}".rstrip("0")


def date_filter(house: House) -> Filter:
    """Return the filter ``date``: 2026-12-01, or 2026年12月1日 where the house is Japanese.

    A moment is shown as its local day; a text that is no date stays as it is.
    """

    def shown(value: Any) -> Any:
        day = _day(value, house)
        if day is None:
            return value
        return f"{day.year}年{day.month}月{day.day}日" if house.locale == "ja" else day.isoformat()

    return shown


def _day(value: Any, house: House) -> date | None:
    if isinstance(value, datetime):
        return value.date() if value.tzinfo is None else local_day(value, house.hours.zone)
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(str(value).strip()[:10])
        except ValueError:
            return None
    return None


def number_filter(value: Any, digits: int | None = None) -> Any:
    """Return a number with its thousands divided by commas; what is no number stays as it is.

    >>> number_filter(1234567.5), number_filter(1234.5, 2), number_filter("abc")
    ('1,234,567.5', '1,234.50', 'abc')
    """
    if isinstance(value, Undefined | bool) or value is None:
        return value
    try:
        figure = value if isinstance(value, int) else float(value)
    except (TypeError, ValueError):
        return value
    if not math.isfinite(figure):
        return ""
    if digits is not None:
        return f"{figure:,.{min(max(int(digits), 0), 10)}f}"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:,.6f}".rstrip("0").rstrip(".")
