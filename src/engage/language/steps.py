"""The words of a path (SPEC section 5): each step is a mapping with exactly one step key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, RootModel, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.criteria import Condition, Scalar
from engage.language.model import AsTuple, Filled, Ident, Idents, Model, Text, Texts, by_shape
from engage.language.moment import Duration


class Step(Model):
    """What every step may have."""

    id: Ident | None = Field(None, description="stable name in reports and across edits")
    name: Filled | None = Field(None, description="label in drawings and reports")


class Staying(Step):
    """A step that may be stayed at before it acts."""

    after: Duration | None = Field(None, description="stay this long; then act on that moment's data")


class Mailing(Model):
    """An e-mail and how it is sent."""

    template: Ident = Field(description="the template's name")
    from_: Literal["sender", "owner"] = Field("sender", alias="from", description="whose name and address it bears")
    once: bool = Field(False, description="skip who was ever mailed this template")


class SendEmail(Staying):
    """Queue an e-mail to the prospect; completed when it is queued."""

    send_email: Annotated[
        Annotated[Ident, Tag("value")] | Annotated[Mailing, Tag("mapping")], Discriminator(by_shape)
    ] = Field(description="a template, or a template and how it is sent")

    @property
    def mailing(self) -> Mailing:
        """The e-mail in its long form."""
        word = self.send_email
        return word if isinstance(word, Mailing) else Mailing(template=word)


class AddToList(Staying):
    """Put the prospect on static lists."""

    add_to_list: Idents = Field(description="one or several static lists")


class RemoveFromList(Staying):
    """Take the prospect off static lists."""

    remove_from_list: Idents = Field(description="one or several static lists")


class AddTag(Staying):
    """Tag the prospect."""

    add_tag: Texts = Field(description="one or several tags")


class RemoveTag(Staying):
    """Take tags from the prospect."""

    remove_tag: Texts = Field(description="one or several tags")


class ScoreChange(Model):
    """A change of the score."""

    by: int | None = Field(None, ge=-1_000_000, le=1_000_000, description="points to add; negative ones are taken")
    to: int | None = Field(None, ge=-1_000_000_000, le=1_000_000_000, description="the score that results")
    category: Ident | None = Field(None, description="the category the points belong to")

    @model_validator(mode="after")
    def _one_way(self) -> ScoreChange:
        if (self.by is None) == (self.to is None):
            raise PydanticCustomError("by_or_to", "write either by or to")
        return self


def _points(value: object) -> object:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


_PointsText = int | Annotated[str, Field(pattern=r"^[+-][0-9]+$")]
_Points = Annotated[
    int,
    BeforeValidator(_points, json_schema_input_type=_PointsText),
    Field(ge=-1_000_000, le=1_000_000),
]


class AdjustScore(Staying):
    """Add or take points; an entry in the score ledger."""

    adjust_score: Annotated[
        Annotated[_Points, Tag("value")] | Annotated[ScoreChange, Tag("mapping")], Discriminator(by_shape)
    ] = Field(description="`+10`, `-5`, or {by, to, category}")

    @property
    def change(self) -> ScoreChange:
        """The change in its long form."""
        word = self.adjust_score
        return word if isinstance(word, ScoreChange) else ScoreChange(by=word)


class SetField(Staying):
    """Set or clear fields of the prospect."""

    set_field: Annotated[dict[str, Scalar | None], Field(min_length=1)] = Field(
        description="field: value; null clears; a text may be one whole expression, which copies a field"
    )


class Assignment(Model):
    """Who becomes the owner."""

    to: Text = Field(description="user:x, group:x (round robin) or queue:x")
    reassign: bool = Field(False, description="also when there is an owner already")


class Assign(Staying):
    """Give the prospect an owner; one who has an owner is skipped."""

    assign: Annotated[
        Annotated[Text, Tag("value")] | Annotated[Assignment, Tag("mapping")], Discriminator(by_shape)
    ] = Field(description="user:x, group:x (round robin) or queue:x; or {to, reassign}")

    @property
    def assignment(self) -> Assignment:
        """The assignment in its long form."""
        word = self.assign
        return word if isinstance(word, Assignment) else Assignment(to=word)


class Todo(Model):
    """A follow-up task for sales."""

    subject: Filled = Field(description="what is to be done; may hold expressions")
    due: Duration | None = Field(
        None, description="counts from the tick, for example 1 business day; none: no due date"
    )
    priority: Literal["high", "normal", "low"] = Field("normal", description="high, normal or low")
    to: Text = Field("owner", description="owner, user:x or queue:x")
    comments: Filled | None = Field(None, description="more about it; may hold expressions")


class CreateTodo(Staying):
    """Make a ToDo, once for each visit."""

    create_todo: Todo = Field(description="the ToDo")


class Notice(Model):
    """A mail to the team."""

    to: Text = Field(description="owner, user:x, group:x, queue:x or an e-mail address")
    subject: Filled = Field(description="may hold expressions")
    text: Filled = Field(description="may hold expressions")


class Notify(Staying):
    """Mail somebody of the team about the prospect."""

    notify: Notice = Field(description="the mail")


class Membership(Model):
    """A campaign and the prospect's status in it."""

    campaign: Ident = Field(description="the campaign")
    status: Filled | None = Field(None, description="one of the campaign's statuses; default: its first")


class AddToCampaign(Staying):
    """Make the prospect a member of a campaign, or change the status."""

    add_to_campaign: Membership = Field(description="the campaign and the status")


class OptOut(Staying):
    """No marketing mail from now on."""

    opt_out: Literal[True] = Field(description="true")


class MailTarget(Model):
    """An e-mail of this scenario and one link in it."""

    email: Idents = Field(description="a send_email step's id, or a template")
    link: Filled | None = Field(None, description="only this link, or a glob")


Target = Annotated[
    Annotated[Text, Tag("value")]
    | Annotated[tuple[Text, ...], AsTuple, Field(min_length=1), Tag("list")]
    | Annotated[MailTarget, Tag("mapping")],
    Discriminator(by_shape),
]


class Occurrence(RootModel[Annotated[dict[str, Target], Field(min_length=1, max_length=1)]]):
    """One event and its target: ``{form_submitted: demo}``; ``any`` is every target."""

    @property
    def event(self) -> str:
        """The event's name."""
        return next(iter(self.root))

    @property
    def target(self) -> str | tuple[str, ...] | MailTarget:
        """What the event happened to."""
        return next(iter(self.root.values()))


Occurrences = Annotated[
    Annotated[Occurrence, Tag("mapping")]
    | Annotated[tuple[Occurrence, ...], AsTuple, Field(min_length=1), Tag("list")],
    Discriminator(by_shape),
]


class Trigger(Step):
    """Wait for an event: yes when it happened, no when the time is over."""

    trigger: Occurrences = Field(description="{EVENT: TARGET}, or a list of such mappings (any of them)")
    within: Duration | None = Field(None, description="yes at the event, no when this time is over")
    after: Duration | None = Field(None, description="always this long, then yes or no")
    since: Literal["entry", "step"] = Field(
        "entry", description="events from this run's entry on, or from the arrival at this step"
    )
    yes: Steps = Field((), description="the steps if it happened")
    no: Steps = Field((), description="the steps if it did not")

    @model_validator(mode="after")
    def _one_time(self) -> Trigger:
        if (self.within is None) == (self.after is None):
            raise PydanticCustomError(
                "within_or_after", "a trigger needs either within or after, for example within: 4 days"
            )
        return self

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """The events, any of which is meant."""
        return self.trigger if isinstance(self.trigger, tuple) else (self.trigger,)


class Rule(Staying):
    """Ask a condition of the data of this moment."""

    rule: Condition = Field(description="the condition")
    yes: Steps = Field((), description="the steps if it holds")
    no: Steps = Field((), description="the steps if it does not")


class Wait(Step):
    """Stay here for an elapsed time."""

    wait: Duration = Field(description="for example 3 days, or 1 day 2 hours")


class End(Step):
    """End the run."""

    end: Literal[True] = Field(description="true")


AnyStep = (
    SendEmail | AddToList | RemoveFromList | AddTag | RemoveTag | AdjustScore | SetField | Assign | CreateTodo
    | Notify | AddToCampaign | OptOut | Trigger | Rule | Wait | End
)  # fmt: skip

#: Each step key and its model, in the order of the documentation.
STEPS: dict[str, type[Step]] = {
    "send_email": SendEmail,
    "add_to_list": AddToList,
    "remove_from_list": RemoveFromList,
    "add_tag": AddTag,
    "remove_tag": RemoveTag,
    "adjust_score": AdjustScore,
    "set_field": SetField,
    "assign": Assign,
    "create_todo": CreateTodo,
    "notify": Notify,
    "add_to_campaign": AddToCampaign,
    "opt_out": OptOut,
    "trigger": Trigger,
    "rule": Rule,
    "wait": Wait,
    "end": End,
}


def step_key(value: Any) -> str | None:
    """Return the one step key of a mapping, or None when there is none or there are several."""
    if isinstance(value, Step):
        return next(key for key, model in STEPS.items() if type(value) is model)
    keys = [key for key in value if key in STEPS] if isinstance(value, dict) else []
    return keys[0] if len(keys) == 1 else None


if TYPE_CHECKING:
    StepWord = AnyStep
else:
    StepWord = Annotated[
        Union[tuple(Annotated[model, Tag(key)] for key, model in STEPS.items())],  # noqa: UP007
        Discriminator(step_key),
    ]
Steps = Annotated[tuple[StepWord, ...], AsTuple]

for _model in (Trigger, Rule):
    _model.model_rebuild()
