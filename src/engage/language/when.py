"""A moment of a test, written as a duration since its start or as a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from engage.language.calendar import after
from engage.language.hours import Hours
from engage.language.moment import Duration, parse_moment
from engage.wording import sentence

_MOMENT = re.compile(r"\s*[0-9]{4}-")
_NOT_TEXT = sentence("a moment of a test is a duration since its start, for example `2 days`, or 2026-12-01T09:00")


def _checked(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(_NOT_TEXT)
    if _MOMENT.match(value):
        parse_moment(value.strip(), ZoneInfo("UTC"), parse_day=True)
    else:
        Duration.parse(value, zero=True)
    return value.strip()


_WhenText = Annotated[str, Field(examples=["2 days", "2026-12-01T09:00"])]
#: A duration since the start of a test (``0 days`` is its start), or a moment.
When = Annotated[str, BeforeValidator(_checked, json_schema_input_type=_WhenText)]


def instant(when: str, start: datetime, hours: Hours) -> datetime:
    """Return the moment that a test means, in UTC; local times are those of the workspace.

    Raises ValueError for a moment after the year 9999.
    """
    if _MOMENT.match(when):
        return parse_moment(when, hours.zone, parse_day=True)
    return after(Duration.parse(when, zero=True), start.astimezone(UTC), hours)
