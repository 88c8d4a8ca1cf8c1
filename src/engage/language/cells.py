"""How values stand in the cells of a CSV file, so that an import reads what an export wrote."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

#: What a spreadsheet takes for a formula; texts that look guarded already are guarded once more.
_FORMULA = re.compile(r"'*[=+\-@\t]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def guarded(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs as a formula; numbers stay as they are.

    >>> guarded("=1+1"), guarded("-5"), guarded("plain")
    ("'=1+1", '-5', 'plain')
    """
    if text[:1] in "'=+-@\t" and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unguarded(text: str) -> str:
    """Return the text of a cell without the guard against formulas.

    >>> unguarded("'=1+1"), unguarded("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def number_text(value: float) -> str:
    """Return a number in plain digits, without an exponent, from which the same number is read.

    >>> number_text(1e22), number_text(2.5), number_text(3.0)
    ('10000000000000000000000', '2.5', '3')
    """
    if isinstance(value, int):
        return str(value)
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def instant_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as ISO 8601 with the offset of a zone."""
    return moment.astimezone(zone).isoformat()


def truth_text(value: bool) -> str:
    """Return ``true`` or ``false``."""
    return "true" if value else "false"
