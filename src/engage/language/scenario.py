"""A scenario as it is written (SPEC section 3)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.cases import Case
from engage.language.criteria import Condition
from engage.language.model import AsTuple, Filled, Ident, Idents, LocalDay, Model, StepRef, by_shape
from engage.language.moment import Duration
from engage.language.opening import ScenarioHours
from engage.language.steps import Occurrence, Occurrences, Steps


class Suppression(Model):
    """Who stays out and, inside, is held."""

    lists: Idents | None = Field(None, description="on any of these")
    where: Condition | None = Field(None, description="or matching this")

    @model_validator(mode="after")
    def _says_something(self) -> Suppression:
        if self.lists is None and self.where is None:
            raise PydanticCustomError("empty_suppress", "suppress needs lists or where")
        return self


class Audience(Model):
    """Who enters: lists, where and on are joined by and."""

    lists: Idents | None = Field(None, description="on any of these lists")
    where: Condition | None = Field(None, description="and matching this")
    on: Occurrences | None = Field(
        None, description="and when this happens: {EVENT: TARGET}, or a list of such mappings (any of them)"
    )
    suppress: Suppression | None = Field(None, description="these do not enter and, inside, are held")
    unmatched: Literal["hold", "exit", "continue"] | None = Field(
        None, description="when one inside stops matching: default hold where lists is given, else continue"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Audience:
        if self.lists is None and self.where is None and self.on is None:
            raise PydanticCustomError("empty_audience", "an audience needs lists, where or on")
        return self

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """The events that let one enter, any of which is enough; none: one enters by matching."""
        if self.on is None:
            return ()
        return self.on if isinstance(self.on, tuple) else (self.on,)


class Schedule(Model):
    """The entry window, whole local days, both included; running enrolments finish."""

    from_: LocalDay | None = Field(None, alias="from", description="the first day of entry")
    until: LocalDay | None = Field(None, description="the last day of entry")

    @model_validator(mode="after")
    def _in_order(self) -> Schedule:
        first, last = self.from_, self.until
        if isinstance(first, date) and isinstance(last, date) and last < first:
            raise PydanticCustomError("never_open", "this window never opens: until is before from")
        return self


class Again(Model):
    """When a prospect may run through a scenario again."""

    after: Duration | None = Field(None, description="once this time has passed since the end of the last run")
    max: int | None = Field(None, ge=1, le=10_000, description="at most this many runs of one prospect, the first too")

    @model_validator(mode="after")
    def _says_something(self) -> Again:
        if self.after is None and self.max is None:
            raise PydanticCustomError("empty_reentry", "write after, max or both, for example {after: 14 days}")
        if self.after is not None and self.after.business_days:
            raise PydanticCustomError("elapsed_only", "re-entry counts elapsed time; write for example 14 days")
        return self


class Scenario(Model):
    """A journey: audience, steps, goal."""

    name: Filled = Field(description="the scenario's name")
    description: Filled | None = Field(None, description="what it is for")
    campaign: Ident | None = Field(None, description="every enrolment becomes a member of this campaign")
    priority: int = Field(50, ge=0, le=1000, description="higher first")
    audience: Audience = Field(description="who enters")
    schedule: Schedule | None = Field(None, description="the entry window")
    backfill: bool = Field(True, description="true: those who match when the scenario starts enter too")
    reentry: Annotated[
        Annotated[Literal["never", "always"], Tag("value")] | Annotated[Again, Tag("mapping")], Discriminator(by_shape)
    ] = Field("never", description="may one run through it again: never, always, or {after, max}")
    hours: ScenarioHours = Field(
        "always",
        description="when its e-mails may go: `business` (the workspace's hours), `always`, or hours of its own",
    )
    goal: Condition | None = Field(None, description="met: leave at once, counted as goal reached")
    exit: Condition | None = Field(None, description="met: leave at once")
    moved: dict[StepRef, StepRef] | None = Field(None, description="where waiters of a removed step go")
    steps: Annotated[Steps, AsTuple, Field(min_length=1)] = Field(description="the path")
    tests: Annotated[tuple[Case, ...], AsTuple] = Field((), description="tests, run by engage test")
