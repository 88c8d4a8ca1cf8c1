"""Values of a test against values of the database: texts folded, numbers with operators, moments."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from engage.clock import micros
from engage.language.cases import TextTest
from engage.language.criteria import Numbers
from engage.language.fields import fold
from engage.language.moment import parse_date, parse_moment
from engage.language.vocabulary import FieldMeaning, Vocabulary


def shown_value(value: object) -> str:
    """Return a value as YAML would write it.

    >>> shown_value(None), shown_value(True), shown_value({"contains": "demo"})
    ('null', 'true', '{contains: demo}')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{key}: {shown_value(inner)}" for key, inner in value.items()) + "}"
        case TextTest() | Numbers():
            return shown_value(value.model_dump(exclude_unset=True))
        case _:
            return str(value)


def text_is(wanted: str | TextTest, found: str | None) -> bool:
    """Tell whether a text is as wanted, without regard to case and width; no text fits nothing."""
    if found is None:
        return False
    there = fold(found)
    if isinstance(wanted, str):
        return there == fold(wanted)
    tests = {name: fold(text) for name, text in wanted.model_dump(exclude_none=True).items()}
    return all(_holds(name, there, text) for name, text in tests.items())


def _holds(operator: str, there: str, text: str) -> bool:
    match operator:
        case "eq":
            return there == text
        case "contains":
            return text in there
        case "starts_with":
            return there.startswith(text)
        case "ends_with":
            return there.endswith(text)
        case _:
            # Only ``*`` is a sign of a glob here.
            return fnmatchcase(there, text.replace("[", "[[]").replace("?", "[?]"))


def number_is(wanted: int | Numbers, found: int) -> bool:
    """Tell whether a number is as wanted."""
    if not isinstance(wanted, Numbers):
        return found == wanted
    tests: dict[str, Any] = wanted.model_dump(exclude_none=True)
    compared = {
        "eq": found.__eq__, "ne": found.__ne__, "gt": found.__gt__, "gte": found.__ge__, "lt": found.__lt__,
        "lte": found.__le__,
    }  # fmt: skip
    return all(compared[name](value) for name, value in tests.items())


def field_is(field: FieldMeaning, wanted: object, found: object, vocabulary: Vocabulary) -> bool:
    """Tell whether a field is as wanted; null means empty."""
    if wanted is None or found is None:
        return wanted is None and found is None
    match field.type:
        case "text":
            return text_is(wanted if isinstance(wanted, TextTest) else str(wanted), str(found))
        case "date":
            return parse_date(str(wanted)).isoformat() == str(found)
        case "datetime":
            moment = parse_moment(str(wanted), vocabulary.zone, parse_day=True)
            return (micros(found) if isinstance(found, datetime) else found) == micros(moment)
        case "boolean":
            return bool(wanted) == bool(found)
        case _:
            return wanted == found
