"""Cells become values: text, numbers, booleans, days and moments, each read by one rule.

A reader takes a cell and returns its value, None where it is empty; it raises ValueError with a sentence where
the cell does not hold such a value. What a spreadsheet has damaged is refused, never stored.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from zoneinfo import ZoneInfo

from engage.clock import micros
from engage.intake.days import iso_day
from engage.intake.mapping import Column
from engage.language.cells import unguarded
from engage.language.moment import parse_date, parse_moment
from engage.language.scalars import DIGITS
from engage.problem import unknown
from engage.wording import sentence

Value = str | int | float | bool
Reader = Callable[[str], Value | None]

#: Spaces around a value that mean nothing; tabs and line ends are left where they are.
SPACES = " \u3000\u00a0"
#: What a spreadsheet writes where a formula failed.
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
#: A long number as a spreadsheet shows it; its last digits are lost.
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[¥$€£\\]?([-+▲△]?)[¥$€£\\]?((?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?|\.\d+)円?", re.ASCII)
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "1", "on", "はい", "有", "○"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off", "いいえ", "無", "×"), False),
}
_MIDNIGHT = re.compile(r"[T ]0{1,2}:00(?::00(?:\.0+)?)?", re.ASCII)


def cleaned(cell: str, blanks: frozenset[str] = frozenset()) -> str | None:
    """Return a cell's text without its guard and the spaces around it; None where it means nothing.

    Raises ValueError for the error values of spreadsheets.
    """
    text = cell.strip(SPACES)
    if not text or text in blanks or text.isspace():
        return None
    first = text[0]
    if first == "'":
        return unguarded(text)
    if first == "#" and text in _ERRORS:
        raise ValueError(sentence("the cell holds a spreadsheet's error, {text}", text=text))
    return text


def reader(column: Column, way: str, zone: ZoneInfo, blanks: frozenset[str]) -> Reader:
    """Return what reads the cells of a column; ``way`` is how its dates are written."""
    read = _chosen(column) if column.choices else _typed(column, way, zone)

    def read_cell(cell: str) -> Value | None:
        if not cell:
            return None
        text = cleaned(cell, blanks)
        return None if text is None else read(text)

    return read_cell


def _typed(column: Column, way: str, zone: ZoneInfo) -> Callable[[str], Value]:
    match column.type:
        case "number":
            return read_number
        case "integer":
            return read_integer
        case "boolean":
            return read_boolean
        case "date":
            return lambda text: read_day(text, way)
        case "datetime":
            return lambda text: read_instant(text, way, zone)
        case "text":
            return read_text


def _chosen(column: Column) -> Callable[[str], Value]:
    folds = {choice: choice for choice in column.choices}

    def read(text: str) -> str:
        found = folds.get(text) or next((c for c in column.choices if _same(c, text)), None)
        if found is None:
            raise ValueError(unknown("the choice", text, column.choices))
        return found

    return read


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def read_text(text: str) -> str:
    """Return a text as it is, unless a spreadsheet has shortened a number in it."""
    if text[-1].isdecimal() and "E" in text and _SCIENTIFIC.fullmatch(text):
        message = "{text} is a number that a spreadsheet shortened; its digits are lost"
        raise ValueError(sentence(message, text=text))
    return text


def read_number(text: str) -> float:
    """Return a number: digits, a decimal point, commas between thousands, a sign of money; ▲ and △ are minus.

    >>> read_number("¥1,234.5"), read_number("−５"), read_number("▲1,234円")
    (1234.5, -5.0, -1234.0)
    """
    value = float(_digits(text))
    if math.isinf(value):
        raise ValueError(sentence("{text} is too large", text=repr(text[:40])))
    return value


def read_integer(text: str) -> int:
    """Return a whole number, written as numbers are."""
    whole, _, part = _digits(text).partition(".")
    if part.strip("0"):
        raise ValueError(sentence("{text} is not a whole number", text=repr(text[:40])))
    if len(whole.lstrip("-+0")) > DIGITS:
        raise ValueError(sentence("{text} is too large", text=repr(text[:40])))
    return int(whole or "0")


def _digits(text: str) -> str:
    """Return a number's digits as Python reads them."""
    if text.isdecimal() and text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise ValueError(sentence("{text} is not a number such as 1234.5", text=repr(text[:40])))
    return ("-" if found[1] in ("-", "▲", "△") else "") + found[2].replace(",", "")


def read_boolean(text: str) -> bool:
    """Return true or false, as people write it in English and Japanese."""
    value = _BOOLEANS.get(unicodedata.normalize("NFKC", text).strip().casefold())
    if value is None:
        raise ValueError(sentence("{text} is neither true nor false", text=repr(text[:40])))
    return value


def read_day(text: str, way: str) -> str:
    """Return a day as ISO text; a time of day beside it must be midnight."""
    day, rest = iso_day(text, way)
    if rest and not _MIDNIGHT.fullmatch(rest):
        raise ValueError(sentence("{text} is a moment; this column holds days", text=repr(text[:40])))
    return parse_date(day).isoformat()


def read_instant(text: str, way: str, zone: ZoneInfo) -> int:
    """Return a moment in microseconds since 1970; without an offset it is local time in the zone."""
    day, rest = iso_day(text, way)
    return micros(parse_moment(day + rest, zone, parse_day=True))
