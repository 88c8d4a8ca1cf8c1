"""Checks of what ``set_field`` puts into a field: a value of its type, or a copy of a field of that type."""

from __future__ import annotations

from engage.language.expressions import BadExpression, Merge, Parts, read_text
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.language.values import typed
from engage.language.vocabulary import FieldMeaning
from engage.wording import sentence


def field_change(name: str, value: str | int | float | bool | None, path: Path, reader: Reader) -> None:
    """Note what is wrong with the new value of a field."""
    fields = reader.vocabulary.fields
    settable = [field.name for field in fields.values() if not field.read_only]
    if not reader.known("field", name, settable if name not in fields else fields, path, key=True):
        return
    field = fields.get(name)
    if field is None:
        return
    if field.read_only:
        reader.wrong(path, sentence("{field} is read-only: no step can set it", field=name), key=True)
    elif value is None:
        if name == "email":
            reader.wrong(path, sentence("a prospect is known by the e-mail address: it cannot be cleared"))
    elif isinstance(value, str) and "{" in value:
        _text(field, value, path, reader)
    elif field.type == "integer" and isinstance(value, float):
        reader.wrong(path, sentence("{field} is a field of type integer; write a whole number", field=name))
    else:
        typed(field, value, path, reader)


def _text(field: FieldMeaning, value: str, path: Path, reader: Reader) -> None:
    """Read a text that may be an expression; expressions that cannot be read are told by another check."""
    try:
        parts = read_text(value)
    except BadExpression:
        return
    if not any(isinstance(part, Merge) for part in parts):
        typed(field, value, path, reader)
    elif field.type != "text":
        _copy(field, parts, path, reader)


def _copy(field: FieldMeaning, parts: Parts, path: Path, reader: Reader) -> None:
    """Check that a field which is no text gets a whole field of its own type."""
    merge = parts[0] if len(parts) == 1 else None
    if not isinstance(merge, Merge) or merge != Merge("prospect", merge.field):
        reader.wrong(
            path,
            sentence(
                "{field} is a field of type {type}; only one whole expression without filters can be copied into it",
                field=field.name,
                type=field.type,
            ),
        )
        return
    other = reader.vocabulary.fields.get(merge.field)
    fits = other is None or other.type == field.type or (other.type, field.type) == ("integer", "number")
    if other is not None and not fits:
        reader.wrong(
            path,
            sentence(
                "{other} is of type {other_type} and cannot be copied into {field}, which is of type {type}",
                other=other.name,
                other_type=other.type,
                field=field.name,
                type=field.type,
            ),
        )
