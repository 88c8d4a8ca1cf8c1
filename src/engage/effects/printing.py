"""How values are printed in a template: dates and numbers as people of the house write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Any

from jinja2 import Undefined

from engage.effects.days import day

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


def date_filter(locale: str, zone: tzinfo) -> Filter:
    """Return the filter ``date``: 2026-12-01, or 2026年12月1日 in Japanese; other styles by their names.

    A moment is shown as its local day; a text that is no date stays as it is.
    """

    def shown(value: Any, style: str = "") -> Any:
        found = _day(value, zone)
        return value if found is None else day(found, locale, style)

    return shown


def time_filter(zone: tzinfo) -> Filter:
    """Return the filter ``time``: a moment's local time of day, 14:30; all else stays as it is."""

    def shown(value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        return f"{value if value.tzinfo is None else value.astimezone(zone):%H:%M}"

    return shown


def _day(value: Any, zone: tzinfo) -> date | None:
    if isinstance(value, datetime):
        return value.date() if value.tzinfo is None else value.astimezone(zone).date()
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


def yen_filter(locale: str) -> Filter:
    """Return the filter ``yen``: 1,234円 in Japanese, else ¥1,234; what is no number stays as it is."""

    def shown(value: Any) -> Any:
        text = number_filter(value, 0)
        if text is value or not text:
            return text
        return f"{text}円" if locale == "ja" else f"¥{text}"

    return shown


def percent_filter(value: Any, digits: int = 0) -> Any:
    """Return a share as a percentage; what is no number stays as it is.

    >>> percent_filter(0.256, 1)
    '25.6%'
    """
    if isinstance(value, bool | Undefined) or not isinstance(value, int | float) or not math.isfinite(value):
        return value
    return f"{value * 100:,.{min(max(int(digits), 0), 10)}f}%"


#: What a Japanese name may end with already.
_TITLES = ("様", "さま", "さん", "殿", "先生", "御中", "各位")


def honorific(value: Any, title: str = "様") -> Any:
    """Return a name with its title of honour; nothing stays nothing, so that ``default`` works.

    >>> honorific("佐藤"), honorific("サクラ商事", "御中"), honorific("佐藤先生")
    ('佐藤 様', 'サクラ商事 御中', '佐藤先生')
    """
    if isinstance(value, Undefined) or value is None:
        return value
    name = value.strip() if isinstance(value, str) else str(value)
    if not name or not title or name.endswith((*_TITLES, title)):
        return name
    # Markup plus a text escapes it, so that a name stays what it was.
    return name + " " + title


def onchu(value: Any) -> Any:
    """Return a company's name with 御中."""
    return honorific(value, "御中")
