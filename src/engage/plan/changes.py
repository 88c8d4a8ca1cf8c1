"""What ``set_field`` puts into a field: a value, a copy of another field, or a text with merge fields."""

from __future__ import annotations

from dataclasses import replace

from engage.clock import micros
from engage.language.expressions import Merge, read_text
from engage.language.fields import FieldType
from engage.language.moment import parse_moment
from engage.language.vocabulary import Vocabulary
from engage.plan import moves


def field_change(vocabulary: Vocabulary, name: str, value: str | int | float | bool | None) -> moves.FieldChange:
    """Return the change of a field; mistakes were found before, by the checks."""
    field = vocabulary.fields[name]
    change = moves.FieldChange(name, field.type, field.custom)
    if isinstance(value, str):
        parts = read_text(value)
        if len(parts) == 1 and isinstance(parts[0], Merge) and _copies(parts[0], field.type, vocabulary):
            return replace(change, copy=parts[0].field, parts=parts)
        if any(isinstance(part, Merge) for part in parts):
            return replace(change, parts=parts)
        if field.type == "datetime":
            return replace(change, value=micros(parse_moment(value, vocabulary.zone, parse_day=True)))
        return replace(change, value=(field.choice(value) or value) if field.choices else value)
    if field.type == "text" and value is not None:
        return replace(change, value=str(value))
    return replace(change, value=value)


def _copies(merge: Merge, kind: FieldType, vocabulary: Vocabulary) -> bool:
    """Tell whether a merge field alone is copied as it is; with a filter, or into a text, it is printed."""
    if merge != Merge("prospect", merge.field):
        return False
    return (vocabulary.fields[merge.field].type, kind) in ((kind, kind), ("integer", "number"))
