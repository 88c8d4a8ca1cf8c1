"""Tests of a scenario as they are written (SPEC section 13): a prospect, what happens, and what is expected."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.criteria import Numbers
from engage.language.fields import GRADES
from engage.language.model import AsTuple, Filled, Ident, Model, StepRef, Text, by_shape, several_of
from engage.language.scalars import Plain
from engage.language.when import When

#: When the prospect of a test appears unless it says otherwise: a Monday.
START = "2026-01-05T09:00"
#: Days that a test without ``until`` may last.
MOST_DAYS = 400

Status = Literal["open", "won", "lost"]
Amount = Annotated[int | float, Field(ge=0)]


def _plain(value: object) -> object:
    if isinstance(value, dict | list):
        raise PydanticCustomError("one_value", "this must be one value: text, a number, true, false or null")
    return value


#: What a field of a prospect can be given.
Given = Annotated[str | int | float | bool | None, BeforeValidator(_plain)]
#: None, one or several names.
Names = Annotated[tuple[Text, ...], several_of(Text)]


class GivenOpportunity(Model):
    """An opportunity of the prospect."""

    id: Ident = Field(description="its id")
    status: Status = Field("open", description="open, won or lost")
    stage: Text | None = Field(None, description="its stage")
    amount: Amount | None = Field(None, description="its amount")


class ChangedOpportunity(Model):
    """An opportunity that is made, or what changes in it."""

    id: Ident = Field(description="its id")
    status: Status | None = Field(None, description="open, won or lost; a new one is open")
    stage: Text | None = Field(None, description="its stage")
    amount: Amount | None = Field(None, description="its amount")


class ChangedMembership(Model):
    """The membership of a campaign."""

    id: Ident = Field(description="the campaign")
    status: Text | None = Field(None, description="the member's status; default: the campaign's first")


class Subject(Model):
    """The prospect of a test. A key that is none of these words is a field."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Given]

    email: Filled = Field("prospect@example.com", description="the address")
    score: int = Field(0, ge=-1_000_000_000, le=1_000_000_000, description="the score, one adjustment")
    owner: Text | None = Field(None, description="user:x or queue:x")
    tags: Names = Field((), description="tags")
    lists: Names = Field((), description="static lists")
    opted_out: bool = Field(False, description="true: wants no marketing mail")
    do_not_email: bool = Field(False, description="true: nothing can be mailed")
    opportunities: Annotated[tuple[GivenOpportunity, ...], AsTuple] = Field((), description="opportunities")
    campaigns: dict[Ident, Text | None] = Field({}, description="campaign: status")

    @property
    def fields(self) -> dict[str, Plain]:
        """What is given besides the words of this table, by name."""
        return dict(self.__pydantic_extra__ or {})


class MailEventTarget(Model):
    """The message that an event tells of, and the link."""

    email: Text = Field(description="a send_email step's id, or a template: the latest message of it")
    link: Filled | None = Field(None, description="the address of the link that was clicked")


EventTarget = Annotated[
    Annotated[Given, Tag("value")] | Annotated[MailEventTarget, Tag("mapping")], Discriminator(by_shape)
]


class CaseEvent(Model):
    """Something that happens. A key that is none of these words is an activity: ``form_submitted: demo``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, EventTarget]

    at: When = Field(description="when it happens: a duration since start (0 days …), or a moment")
    learnt_at: When | None = Field(None, description="when an activity reaches us, if later")
    add_to_list: Names | None = Field(None, description="static lists the prospect is put on")
    remove_from_list: Names | None = Field(None, description="static lists the prospect is taken off")
    add_tag: Names | None = Field(None, description="tags the prospect gets")
    remove_tag: Names | None = Field(None, description="tags the prospect loses")
    set_: Annotated[dict[str, Given], Field(min_length=1)] | None = Field(
        None, alias="set", description="field: value; null clears"
    )
    opt_out: Literal[True] | None = Field(None, description="true: no marketing mail from now on")
    bounce: Literal["hard", "soft"] | None = Field(None, description="the latest message comes back")
    opportunity: ChangedOpportunity | None = Field(None, description="an opportunity is made or changed")
    campaign: ChangedMembership | None = Field(None, description="the membership of a campaign is made or changed")
    pause: Literal[True] | None = Field(None, description="true: the scenario is paused")
    resume: Literal[True] | None = Field(None, description="true: the paused scenario goes on")
    apply: Filled | None = Field(None, description="a file with another version of this scenario, which is applied")

    @model_validator(mode="after")
    def _one_event(self) -> CaseEvent:
        if len(self._words()) != 1:
            raise PydanticCustomError(
                "one_event", "an event needs exactly one thing that happens, for example form_submitted: demo"
            )
        return self

    @property
    def word(self) -> str:
        """What happens: a word of this table, or the name of an activity."""
        return self._words()[0]

    def _words(self) -> list[str]:
        own = [name.rstrip("_") for name in OWN_WORDS if getattr(self, name) is not None]
        return [*own, *(self.__pydantic_extra__ or {})]

    @property
    def is_activity(self) -> bool:
        """Whether it is an activity."""
        return bool(self.__pydantic_extra__)

    @property
    def target(self) -> object:
        """What an activity happened to."""
        return next(iter((self.__pydantic_extra__ or {}).values()))


#: The attributes that hold what can happen besides activities.
OWN_WORDS = tuple(name for name in CaseEvent.model_fields if name not in ("at", "learnt_at"))
#: The same as they are written.
EVENT_WORDS = tuple(name.rstrip("_") for name in OWN_WORDS)


class Outage(Model):
    """A time without ticks."""

    from_: When = Field(alias="from", description="no tick from here on")
    to: When = Field(description="the next tick is here")


class TextTest(Model):
    """A comparison of a text, without regard to case and width."""

    eq: Text | None = Field(None, description="is")
    contains: Text | None = Field(None, description="contains")
    starts_with: Text | None = Field(None, description="begins with")
    ends_with: Text | None = Field(None, description="ends with")
    matches: Text | None = Field(None, description="matches this glob")

    @model_validator(mode="after")
    def _says_something(self) -> TextTest:
        if not self.model_fields_set:
            raise PydanticCustomError("no_text_operator", "a comparison needs an operator, for example contains: demo")
        return self


TextWord = Annotated[Annotated[Text, Tag("value")] | Annotated[TextTest, Tag("mapping")], Discriminator(by_shape)]
NumberWord = Annotated[Annotated[int, Tag("value")] | Annotated[Numbers, Tag("mapping")], Discriminator(by_shape)]
ValueWord = Annotated[Annotated[Given, Tag("value")] | Annotated[TextTest, Tag("mapping")], Discriminator(by_shape)]


class ExpectedMail(Model):
    """An e-mail that went out."""

    step: StepRef | None = Field(None, description="the step that sent it; in a loop any round, or one: `id#2`")
    at: When | None = Field(None, description="when")


class ExpectedTodo(Model):
    """A ToDo that was made."""

    subject: TextWord | None = Field(None, description="its subject, or a comparison such as {contains: demo}")
    to: Text | None = Field(None, description="user:x or queue:x")
    priority: Literal["high", "normal", "low"] | None = Field(None, description="its priority")
    due: When | None = Field(None, description="when it is due; null: no due date")
    status: Literal["not_started", "in_progress", "waiting", "deferred", "completed"] | None = Field(
        None, description="its status"
    )


def _grade(value: str) -> str:
    if value not in GRADES:
        raise PydanticCustomError("no_grade", "this is no grade; there are: {grades}", {"grades": ", ".join(GRADES)})
    return value


class Expectation(Model):
    """What must be so; what is left out is not asked."""

    entered: bool | None = Field(None, description="whether there was a run")
    path: Annotated[tuple[Text, ...], AsTuple] | None = Field(
        None, description="what the last run passed, flow steps left out: `step`, `step.yes`, `step.skipped` …"
    )
    at: dict[When, StepRef | None] | None = Field(
        None, description="moment: the step where the open run stands after the last tick until then; null: no open run"
    )
    emails: Annotated[tuple[ExpectedMail, ...], AsTuple] | None = Field(None, description="all e-mails, in order")
    todos: Annotated[tuple[ExpectedTodo, ...], AsTuple] | None = Field(None, description="all ToDos, in order")
    score: NumberWord | None = Field(None, description="the score at the end")
    grade: Annotated[Text, AfterValidator(_grade)] | None = Field(None, description="the grade at the end; null: none")
    owner: Text | None = Field(None, description="the owner at the end; null: none")
    fields: dict[str, ValueWord] | None = Field(None, description="field: value at the end; null: empty")
    tags: Names | None = Field(None, description="all tags at the end")
    lists: Names | None = Field(None, description="all static lists at the end")
    state: Literal["active", "held", "completed", "goal", "left"] | None = Field(
        None, description="the last run's state"
    )
    ends_at: When | None = Field(None, description="when the last run ended; null: it has not")
    runs: int | None = Field(None, ge=0, description="how many runs there were")


class Case(Model):
    """One test: a prospect, what happens, what is expected."""

    name: Filled = Field(description="what it shows, in a sentence")
    start: Filled = Field(START, description="when the prospect appears, in the workspace's time zone")
    prospect: Subject = Field(Subject(), description="how the prospect stands at start")
    events: Annotated[tuple[CaseEvent, ...], AsTuple] = Field((), description="what happens")
    outage: Outage | None = Field(None, description="a time without ticks")
    arms: dict[Ident, Text] = Field({}, description="split: the arm that is taken")
    until: When | None = Field(
        None, description=f"the end; else when all is learnt and no run is open, at most {MOST_DAYS} days"
    )
    expect: Expectation = Field(description="what must be so")
