"""A prospect's fields as templates see them: plain values, None where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from engage.clock import moment
from engage.effects.post import Post
from engage.language.fields import GRADES, STANDARD
from engage.plan.moves import House
from engage.sql import tables as t

#: What a template may meet: nothing that has methods worth calling.
Plain = str | int | float | bool | date | None
#: Names of fields; None: of all.
Names = frozenset[str] | None
#: Standard fields that are neither stored nor a standing, but derived here, and what of.
_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "full_name": ("first_name", "last_name"),
    "mailable": ("opted_out", "do_not_email", "consent_at"),
}
_DERIVED = frozenset(_MADE_OF)
#: The other standard fields, with the columns in which they are read.
_KEPT = tuple((field.name, f"f_{field.name}") for field in STANDARD if field.name not in _DERIVED)


def plain_prospect(
    row: Mapping[str, Any], custom: Mapping[str, Plain], house: House, names: Names = None
) -> dict[str, Plain]:
    """Return fields by name, every one or some; ``row`` holds the standard ones as ``f_NAME``."""
    values = {
        name: None if (value := row[column]) is None else _plain(value, house)
        for name, column in (_KEPT if names is None else _kept(names))
    }
    if names is None or "grade" in names:
        values["grade"] = None if (grade := row["f_grade"]) is None else GRADES[grade]
    if names is None or "full_name" in names:
        values["full_name"] = full_name(row["f_first_name"], row["f_last_name"], house)
    if names is None or "mailable" in names:
        free = not row["f_opted_out"] and not row["f_do_not_email"]
        values["mailable"] = free and not (house.require_consent and row["f_consent_at"] is None)
    return {**values, **custom} if custom else values


@lru_cache(maxsize=16)
def _kept(names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, column) for name, column in _KEPT if name in names)


def columns_of(names: Names) -> Names:
    """Return the standard fields that must be read to tell some fields.

    >>> sorted(columns_of(frozenset({"full_name"})))
    ['first_name', 'full_name', 'last_name']
    """
    if names is None:
        return None
    return names.union(*(_MADE_OF[name] for name in names & _DERIVED))


def full_name(first: str | None, last: str | None, house: House) -> str | None:
    """Return the full name: family name first in a Japanese house; None where both are empty."""
    parts = (last, first) if house.locale == "ja" else (first, last)
    return " ".join(part.strip() for part in parts if part and part.strip()) or None


def custom_values(
    connection: Connection, post: Post, prospects: Sequence[int], names: Names = None
) -> dict[int, dict[str, Plain]]:
    """Return the workspace's own fields of some prospects, every one or some; None where there is no value."""
    fields = {name: field for name, field in post.company.fields.items() if names is None or name in names}
    if not fields:
        return {}
    empty: dict[str, Plain] = dict.fromkeys(fields)
    found = {key: dict(empty) for key in prospects}
    v, w = t.field_values.c, t.words.c
    chosen = select(v.prospect_id, w.text, v.text, v.number, v.whole).join(t.words, w.id == v.field_id)
    for key, name, text, number, whole in connection.execute(chosen.where(v.prospect_id.in_(found))):
        if name in fields:
            found[key][name] = _plain(_typed(fields[name].type, text, number, whole), post.house)
    return found


def _typed(kind: str, text: str | None, number: float | None, whole: int | None) -> object:
    """Return a kept value as its field's type; a value kept under another type is None."""
    match kind:
        case "number":
            return number
        case "date":
            return _day(text)
        case "text":
            return text
        case _ if whole is None:
            return None
        case "boolean":
            return bool(whole)
        case "datetime":
            return moment(whole)
        case _:
            return whole


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def _plain(value: Any, house: House) -> Plain:
    """Return a value as a template prints it: moments local; empty texts and no-numbers are None."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, datetime):
        return value.astimezone(house.hours.zone)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value  # type: ignore[no-any-return]
