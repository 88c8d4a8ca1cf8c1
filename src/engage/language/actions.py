"""The words of a path that act on a prospect, and what every step may have (SPEC section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.criteria import Scalar
from engage.language.model import Filled, Ident, Idents, Model, Text, Texts, by_shape
from engage.language.moment import Duration, parse_wall
from engage.wording import sentence


class Step(Model):
    """What every step may have."""

    id: Ident | None = Field(None, description="stable name in reports and across edits")
    name: Filled | None = Field(None, description="label in drawings and reports")


class Staying(Step):
    """A step that may be stayed at before it acts."""

    after: Duration | None = Field(None, description="stay this long; then act on that moment's data")


def _wall(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(sentence("this must be text; put it in quotes"))
    return parse_wall(value)


_WallText = Annotated[str, Field(examples=["2026-12-01T10:00"])]
#: A moment as it is written: naive, unless it has an offset.
WallMoment = Annotated[datetime, BeforeValidator(_wall, json_schema_input_type=_WallText)]


class Mailing(Model):
    """An e-mail and how it is sent."""

    template: Ident = Field(description="the template's name")
    from_: Literal["sender", "owner"] | None = Field(
        None, alias="from", description="whose name and address it bears: sender or owner; default: the template's"
    )
    on_date: WallMoment | None = Field(
        None,
        description="only on this day, from this moment on, for example 2026-12-01T10:00; who comes later is skipped",
    )
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
