"""The step ``wait`` as it is written (SPEC section 5): a time, until a moment, until a field's day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, InstanceOf, Tag

from engage.language.actions import Step
from engage.language.appointments import Until, parse_offset, parse_until
from engage.language.model import Ident, Model
from engage.language.moment import Duration, parse_time
from engage.wording import sentence


def _read(parse: Callable[[str], object]) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(sentence("this must be text; put it in quotes"))
        return parse(value)

    return read


def _text(*examples: str) -> Any:
    return Annotated[str, Field(examples=list(examples))]


#: A moment, a weekday and time, or a time of day.
UntilText = Annotated[
    InstanceOf[Until],
    BeforeValidator(_read(parse_until), json_schema_input_type=_text("2026-12-24T09:00", "next monday 09:00", "09:00")),
]
#: A time of day.
ClockTime = Annotated[time, BeforeValidator(_read(parse_time), json_schema_input_type=_text("09:00"))]
#: Calendar days, to and fro.
Offset = Annotated[int, BeforeValidator(_read(parse_offset), json_schema_input_type=_text("-30 days"))]
_OnPast = Literal["go_on", "leave"]


class UntilMoment(Model):
    """A moment that is waited for."""

    until: UntilText = Field(
        description="`2026-12-24T09:00`, `next monday 09:00` or `09:00`: the first after the arrival"
    )
    on_past: _OnPast = Field("go_on", description="when the date is past on arrival: go on at once, or end the run")


class UntilDay(Model):
    """A day that a field of the prospect says; the wait follows the field."""

    field: Ident = Field(description="a field of type date or datetime")
    offset: Offset = Field(0, description="moves the day by calendar days, for example `-30 days`")
    at: ClockTime | None = Field(None, description="the time of day; default: the opening of the workspace's hours")
    yearly: bool = Field(False, description="the day's next return, each year")
    on_past: _OnPast = Field("go_on", description="when the day is past: go on at once, or end the run")
    on_missing: Literal["leave", "go_on"] = Field(
        "leave", description="when the field is empty or cleared: end the run, or go on at once"
    )


def _form(value: Any) -> str:
    """Name the form of a wait; no name is a key of the form, or it would be taken for one in messages."""
    if isinstance(value, BaseModel):
        return "day" if isinstance(value, UntilDay) else "moment"
    if isinstance(value, dict):
        return "day" if "field" in value and "until" not in value else "moment"
    return "list" if isinstance(value, list | tuple) else "value"


class Wait(Step):
    """Stay here for an elapsed time, until a moment, or until a day that a field says."""

    wait: Annotated[
        Annotated[Duration, Tag("value")] | Annotated[UntilMoment, Tag("moment")] | Annotated[UntilDay, Tag("day")],
        Discriminator(_form),
    ] = Field(description="for example 3 days, or 1 day 2 hours; or one of the forms below")
