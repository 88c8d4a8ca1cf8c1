"""Values compared with a field: each must be of the field's type, each operator must fit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from engage.clock import micros
from engage.language.conditions import AllOf, Condition, FieldIs, Operator, Value
from engage.language.criteria import Comparison
from engage.language.fields import FieldType, fold
from engage.language.moment import Duration, parse_date, parse_moment
from engage.language.source import Path
from engage.language.vocabulary import FieldMeaning
from engage.wording import said, sentence

if TYPE_CHECKING:
    from engage.language.meaning import Reader

_ORDER = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "exists")
_TIME = (*_ORDER, "before", "after", "within", "older_than")
#: Which operators fit which type.
OPERATORS: Mapping[FieldType, tuple[str, ...]] = {
    "text": ("eq", "ne", "in", "not_in", "contains", "starts_with", "ends_with", "matches", "exists"),
    "number": _ORDER,
    "integer": _ORDER,
    "boolean": ("eq", "ne", "exists"),
    "date": _TIME,
    "datetime": _TIME,
}


def compare(field: FieldMeaning, test: object, path: Path, reader: Reader) -> Condition:
    """Return the comparison of a field with what a file says; mistakes go to the reader."""
    if isinstance(test, tuple):
        return _one(field, "in", test, path, reader)
    if not isinstance(test, Comparison):
        return _one(field, "eq", (test,), path, reader)
    parts = []
    for name in type(test).model_fields:
        if name not in test.model_fields_set:
            continue
        value, operator = getattr(test, name), name.rstrip("_")
        here = (*path, operator)
        if operator not in OPERATORS[field.type]:
            fitting = ", ".join(OPERATORS[field.type])
            message = "{operator} does not fit {field}, a field of type {type}; there are: {fitting}"
            names = {"operator": operator, "field": field.name, "type": field.type, "fitting": fitting}
            reader.wrong(here, sentence(message, **names), key=True)
            continue
        parts.append(_one(field, operator, value if isinstance(value, tuple) else (value,), here, reader))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _one(field: FieldMeaning, operator: str, values: Iterable[object], path: Path, reader: Reader) -> Condition:
    if operator in ("within", "older_than"):
        return _span(field, operator, str(next(iter(values))), path, reader)
    read: tuple[Value, ...]
    if operator == "exists":
        read = tuple(bool(value) for value in values)
    else:
        several = tuple(values)
        paths = [(*path, n) if len(several) > 1 else path for n in range(len(several))]
        read = tuple(typed(field, value, here, reader, operator) for value, here in zip(several, paths, strict=True))
    plain = {"before": "lt", "after": "gt"}.get(operator, operator)
    return FieldIs(field.name, field.type, field.custom, plain, read)  # type: ignore[arg-type]


def typed(field: FieldMeaning, value: object, path: Path, reader: Reader, operator: str = "eq") -> Value:
    """Return a value as the field's type compares it: folded text, ISO days, microseconds."""
    match field.type:
        case "text":
            if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
                return _text(field, str(value), path, reader, operator)
        case "number" | "integer":
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
        case "boolean":
            if isinstance(value, bool):
                return value
        case "date" | "datetime":
            if isinstance(value, str):
                return _time(field, value, path, reader)
    wanted = {"text": "text in quotes", "boolean": "true or false", "date": "a day such as 2026-12-01",
              "datetime": "a moment such as 2026-12-01T09:00"}.get(field.type, "a number")  # fmt: skip
    reader.wrong(
        path,
        sentence("{field} is a field of type {type}; write {wanted}", field=field.name, type=field.type, wanted=wanted),
    )
    return ""


def _text(field: FieldMeaning, value: str, path: Path, reader: Reader, operator: str) -> str:
    if field.choices and operator in ("eq", "ne", "in", "not_in") and field.choice(value) is None:
        reader.known("choice", value, field.choices, path)
    return fold(value)


def _time(field: FieldMeaning, value: str, path: Path, reader: Reader) -> Value:
    try:
        if field.type == "date":
            return parse_date(value).isoformat()
        return micros(parse_moment(value, reader.vocabulary.zone, parse_day=True))
    except ValueError as error:
        reader.wrong(path, said(error))
        return ""


def _span(field: FieldMeaning, operator: str, text: str, path: Path, reader: Reader) -> Condition:
    forward, days, span = read_span(text, path, reader)
    if forward and operator == "older_than":
        reader.wrong(path, sentence("older_than looks back; write {text}", text="30 days"))
    if span is not None and field.type == "date":
        reader.wrong(path, sentence("{field} is a date; count in days or weeks", field=field.name))
    word = "next" if forward else operator
    kind: Operator = f"{word}_{'days' if days is not None else 'span'}"  # type: ignore[assignment]
    return FieldIs(field.name, field.type, field.custom, kind, (days if days is not None else span or 0,))


def read_span(text: str, path: Path, reader: Reader) -> tuple[bool, int | None, int | None]:
    """Return whether a window looks forward, and its whole days or else its microseconds."""
    forward = text.startswith("next ")
    try:
        duration = Duration.parse(text.removeprefix("next "))
    except ValueError as error:
        reader.wrong(path, said(error))
        return forward, 1, None
    if duration.business_days:
        reader.wrong(path, sentence("a window counts calendar days, not business days"))
    days = duration.whole_days
    if days is not None:
        return forward, days, None
    if not reader.hours:
        reader.wrong(path, sentence("hours and minutes can be counted only in rules; here write days or weeks"))
    return forward, None, duration.length // timedelta(microseconds=1)
