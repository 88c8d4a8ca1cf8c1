"""Values as JSON has them: codes are words, moments ISO 8601, kept changes what was before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from engage.clock import moment, never_comes
from engage.language.cells import instant_text
from engage.language.fields import GRADES, STANDARD
from engage.sql import codes

#: A value as JSON has it.
Plain = str | int | float | bool | None | list[Any] | dict[str, Any]
#: One row of a part, by key.
Told = Mapping[str, Plain]
#: The columns of a value that may be of any type.
_KEPT = ("text", "number", "whole")


def code(words: type[IntEnum]) -> Callable[[Any], Plain]:
    """Return a function that says a code in words.

    >>> code(codes.MessageStatus)(2)
    'sent'
    """
    return lambda value: words(value).name.lower()


def outcome(value: Any) -> Plain:
    """Return how a passage ended; the cases of switches and the arms of splits have names of their own."""
    return None if value >= codes.FIRST_NAMED else codes.Outcome(value).name.lower()


#: How values of a part's key are told that are not plain already.
CODES: Mapping[tuple[str, str], Callable[[Any], Plain]] = {
    ("prospect", "grade"): lambda value: GRADES[value],
    ("activities", "properties"): json.loads,
    ("score_entries", "kind"): code(codes.EntryKind),
    ("former_score_entries", "kind"): code(codes.EntryKind),
    ("runs", "state"): code(codes.RunState),
    ("runs", "phase"): code(codes.Phase),
    ("visits", "outcome"): outcome,
    ("messages", "status"): code(codes.MessageStatus),
    ("messages", "kind"): code(codes.MessageKind),
    ("messages", "bounce"): code(codes.Bounce),
    ("messages_heard_of", "kind"): code(codes.HeardKind),
    ("returned_mail", "kind"): code(codes.Returned),
    ("notifications", "status"): code(codes.MessageStatus),
    ("calls", "status"): code(codes.MessageStatus),
    ("calls", "content"): json.loads,
    ("changes", "kind"): code(codes.ChangeKind),
    ("audit_log", "detail"): json.loads,
}


def told(part: str, row: Mapping[str, Any], types: Mapping[str, str], zone: ZoneInfo) -> dict[str, Plain]:
    """Return a row of a part; ``types`` are those of the workspace's own fields, moments have the zone's offset."""
    found = {
        key: value if value is None or (part, key) not in CODES else CODES[part, key](value)
        for key, value in row.items()
    }
    match part:
        case "custom_fields":
            found = {"field": found["field"], "value": _value(found, types.get(str(found["field"])))}
        case "visits":
            found["outcome"] = found.pop("named") or found["outcome"]
        case "changes":
            found = _change(found, types)
    return {key: _plain(value, zone) for key, value in found.items()}


def _plain(value: Any, zone: ZoneInfo) -> Plain:
    if isinstance(value, datetime):
        return None if never_comes(value) else instant_text(value, zone)
    if isinstance(value, dict):
        return {key: _plain(each, zone) for key, each in value.items()}
    return value  # type: ignore[no-any-return]


def _value(row: Mapping[str, Any], kind: str | None) -> Any:
    """Return the value that stands in one of three columns; of a field that is no more, as it stands."""
    value = next((row[name] for name in _KEPT if row[name] is not None), None)
    match kind:
        case "boolean" if value is not None:
            return bool(value)
        case "datetime" if value is not None:
            return moment(value)
        case _:
            return value


def _change(row: dict[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """Return a change with what was before in one place, whatever it was of."""
    there = bool(row["whole"])
    match row["kind"]:
        case "field":
            before = _value(row, _FIELDS.get(row["of"]) or types.get(row["of"]))
            before = GRADES[before] if row["of"] == "grade" and before is not None else before
        case "campaign":
            before = {"member": there, "status": row["text"]}
        case "opportunity":
            before = {"there": there, "status": row["text"], "stage": row["detail"], "amount": row["number"]}
        case _:
            before = there
    kept = (*_KEPT, "detail")
    return {**{key: value for key, value in row.items() if key not in kept}, "before": before}


_FIELDS: Mapping[str, str] = {
    **{field.name: field.type for field in STANDARD if field.name not in ("grade", "owner")},
    "grade": "integer",
    "owner": "text",
}
