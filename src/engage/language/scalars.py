"""What a scalar of a YAML file means: the core schema of YAML 1.2, without its surprises.

Only what nobody mistakes is read as something else than text: ``true``, ``null``, ``12``, ``1.5``. So the
country ``NO``, the postal code ``0123``, the time ``1:30`` and the date ``2027-02-29`` stay text as written.
"""

from __future__ import annotations

import math
import re

from engage.wording import sentence

#: What a scalar can stand for.
Plain = str | int | float | bool | None

#: How the standard tags begin; ``!!str`` is this and ``str``.
STANDARD = "tag:yaml.org,2002:"
SCALAR_TAGS = frozenset({"str", "int", "float", "bool", "null"})
#: An integer with more digits does not fit the databases' 64 bits.
DIGITS = 18

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# A leading zero makes a text of it: 0123 is a postal code or a telephone number, never a quantity.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)


def plain(text: str) -> Plain:
    """Return what an unquoted scalar stands for; raise ValueError with a sentence if it cannot be used.

    >>> [plain(text) for text in ("true", "NO", "12", "0123", "1.5", "~")]
    [True, 'NO', 12, '0123', 1.5, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _number(text)
    if _ENDLESS.fullmatch(text):
        raise ValueError(
            sentence("{text} is not a number; write a finite one, or put it in quotes if it is text", text=text)
        )
    return text


def tagged(tag: str, text: str) -> Plain:
    """Return the value of a scalar with one of the standard tags; raise ValueError if they do not fit."""
    kind = tag.removeprefix(STANDARD)
    if kind == "str":
        return text
    value = plain(text)
    if kind == "float" and type(value) is int:
        return float(value)
    expected = {"int": int, "float": float, "bool": bool, "null": type(None)}[kind]
    if type(value) is not expected:
        raise ValueError(
            sentence(
                "the tag !!{kind} does not fit {text}; leave the tag out",
                kind=kind,
                text=repr(shortened(text)),
            )
        )
    return value


def shortened(text: str) -> str:
    """Return a text, cut after forty characters, for a message."""
    return text if len(text) <= 40 else f"{text[:40]}…"


def _integer(text: str) -> int:
    """Return an integer that every database can hold."""
    if len(text.lstrip("+-")) > DIGITS:
        raise ValueError(
            sentence(
                "{text} has more than {digits} digits; put it in quotes if it is text",
                text=shortened(text),
                digits=DIGITS,
            )
        )
    return int(text)


def _number(text: str) -> float:
    """Return a finite float."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(
            sentence(
                "{text} is too large a number; put it in quotes if it is text",
                text=shortened(text),
            )
        )
    return value
