"""What all words of the language share: strict, frozen, nothing unknown."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from engage.language.moment import parse_date

_IDENT = re.compile(r"[\w-]+", re.UNICODE)


class Model(BaseModel):
    """A mapping of the language: its keys are fixed, its values are not changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_name=False, validate_by_alias=True)


def _text(value: object) -> object:
    """Take a whole number as the text it was written as; refuse what YAML may have rounded."""
    if isinstance(value, bool) or value is None:
        raise PydanticCustomError("quote_it", "this is read as {kind}; put it in quotes", {"kind": _kind(value)})
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        raise PydanticCustomError("quote_it", "this is read as {kind}; put it in quotes", {"kind": "a number"})
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else "true or false"


def _filled(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty_text", "this text is empty")
    return value


def is_ident(value: str) -> bool:
    """Tell whether a text (NFC) is an id: letters of any script, digits, ``-``, ``_``, at most 100 of them."""
    return _IDENT.fullmatch(value) is not None and len(value) <= 100


def _ident(value: str) -> str:
    value = unicodedata.normalize("NFC", value)
    if not is_ident(value):
        raise PydanticCustomError(
            "bad_id",
            "an id is made of letters, digits, - and _, at most 100 of them; {value} is not",
            {"value": repr(value)},
        )
    return value


def _step_ref(value: str) -> str:
    base, *rounds = value.split("#")
    if not all(turn.isascii() and turn.isdigit() for turn in rounds):
        raise PydanticCustomError("bad_round", "the round of a step is written as in remind#2")
    return "#".join((_ident(base), *rounds))


def one_or_several(value: object) -> tuple[object, ...]:
    """Return a list's values, or the one value as a list."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _day(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("bad_day", "a day is written as 2026-12-01")
    return parse_date(value)


def several_of(kind: Any) -> BeforeValidator:
    """Return what lets one value stand for a list of one; ``kind`` tells editors what a value is."""
    return BeforeValidator(one_or_several, json_schema_input_type=kind | tuple[kind, ...])


_DayText = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-12-01"])]
_AS_TEXT = BeforeValidator(_text, json_schema_input_type=str | int)
#: A day, written as 2026-12-01.
LocalDay = Annotated[date, BeforeValidator(_day, json_schema_input_type=_DayText)]
#: Makes the list of a file a tuple.
AsTuple = BeforeValidator(_as_tuple)
#: Text; a number is taken as written.
Text = Annotated[str, _AS_TEXT]
#: Text that is not empty.
Filled = Annotated[str, _AS_TEXT, AfterValidator(_filled), Field(max_length=10_000)]
#: A name of something: letters of any script (NFC), digits, ``-``, ``_``.
Ident = Annotated[str, _AS_TEXT, AfterValidator(_ident)]
#: The id of a step; in a loop it may name the round: ``remind#2``.
StepRef = Annotated[str, _AS_TEXT, AfterValidator(_step_ref)]
#: One id or a list of ids.
Idents = Annotated[tuple[Ident, ...], several_of(Ident), Field(min_length=1)]
#: One text or a list of texts.
Texts = Annotated[tuple[Text, ...], several_of(Text), Field(min_length=1)]


def by_shape(value: Any) -> str:
    """Name the shape of a value, so that only the errors of the alternative meant are shown."""
    if isinstance(value, dict | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else "value"
