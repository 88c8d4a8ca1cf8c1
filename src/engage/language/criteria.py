"""The words of a condition (SPEC section 4): one grammar for rules, audiences, lists, grading and exports."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.fields import GRADES
from engage.language.model import AsTuple, Filled, Ident, Idents, Model, Text, Texts, by_shape, several_of

Scalar = str | int | float | bool
Number = int | float
Grade = Literal["F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+"]
assert get_args(Grade) == GRADES


class Comparison(Model):
    """Operators on a field; several must all hold."""

    eq: Scalar | None = Field(None, description="equals")
    ne: Scalar | None = Field(None, description="differs; an empty field differs")
    gt: Scalar | None = Field(None, description="greater than")
    gte: Scalar | None = Field(None, description="at least")
    lt: Scalar | None = Field(None, description="less than")
    lte: Scalar | None = Field(None, description="at most")
    in_: Annotated[tuple[Scalar, ...], AsTuple, Field(min_length=1)] | None = Field(
        None, alias="in", description="one of"
    )
    not_in: Annotated[tuple[Scalar, ...], AsTuple, Field(min_length=1)] | None = Field(
        None, description="none of; an empty field is none of them"
    )
    contains: Filled | None = Field(None, description="holds this text")
    starts_with: Filled | None = Field(None, description="begins with this text")
    ends_with: Filled | None = Field(None, description="ends with this text")
    matches: Filled | None = Field(None, description="a glob: * stands for any characters, also /")
    exists: bool | None = Field(None, description="true: has a value; false: is empty")
    before: Text | None = Field(None, description="before this date or moment")
    after: Text | None = Field(None, description="after this date or moment")
    within: Text | None = Field(
        None, description="`7 days` looks back (today and the 6 days before), `next 30 days` forward"
    )
    older_than: Text | None = Field(None, description="`30 days`: before the 30th day back")

    @model_validator(mode="after")
    def _says_something(self) -> Comparison:
        if not self.model_fields_set:
            raise PydanticCustomError("no_operator", "a comparison needs an operator, for example gte: 10")
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise PydanticCustomError(
                "null_compare", "nothing can be compared with an empty value; write exists: false"
            )
        return self


FieldTest = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[tuple[Scalar, ...], AsTuple, Field(min_length=1), Tag("list")]
    | Annotated[Comparison, Tag("mapping")],
    Discriminator(by_shape),
]


class Numbers(Model):
    """A comparison of a number."""

    eq: Number | None = Field(None, description="equals")
    ne: Number | None = Field(None, description="differs")
    gt: Number | None = Field(None, description="greater than")
    gte: Number | None = Field(None, description="at least")
    lt: Number | None = Field(None, description="less than")
    lte: Number | None = Field(None, description="at most")

    @model_validator(mode="after")
    def _says_something(self) -> Numbers:
        if not {"eq", "ne", "gt", "gte", "lt", "lte"} & self.model_fields_set:
            raise PydanticCustomError("no_operator", "a comparison needs an operator, for example gte: 10")
        return self


class ScoreTest(Numbers):
    """A comparison of the score, or of one category's part of it."""

    category: Ident | None = Field(None, description="only this category's points")


class GradeTest(Model):
    """A comparison of the grade: F < D- < D < … < A < A+; without a grade none holds."""

    eq: Grade | None = Field(None, description="is")
    ne: Grade | None = Field(None, description="is another, or there is none")
    gt: Grade | None = Field(None, description="better than")
    gte: Grade | None = Field(None, description="at least")
    lt: Grade | None = Field(None, description="worse than")
    lte: Grade | None = Field(None, description="at most")
    in_: Annotated[tuple[Grade, ...], AsTuple, Field(min_length=1)] | None = Field(
        None, alias="in", description="one of"
    )
    exists: bool | None = Field(None, description="true: has a grade")

    @model_validator(mode="after")
    def _says_something(self) -> GradeTest:
        if not self.model_fields_set:
            raise PydanticCustomError("no_operator", "a comparison needs an operator, for example gte: B-")
        return self


class OwnerTest(Model):
    """Whether there is an owner."""

    exists: bool = Field(description="true: has an owner")


class CampaignTest(Model):
    """Membership of a campaign, with a status."""

    id: Ident = Field(description="the campaign")
    status: Texts | None = Field(None, description="one of these statuses")


OpportunityStatuses = Annotated[
    tuple[Literal["open", "won", "lost"], ...], several_of(Literal["open", "won", "lost"]), Field(min_length=1)
]


class OpportunityTest(Model):
    """Some opportunity of the prospect that matches all of this."""

    status: OpportunityStatuses | None = Field(None, description="open, won or lost, or a list")
    stage: Texts | None = Field(None, description="one of these stages")
    amount: Numbers | None = Field(None, description="its amount")


class ActivityTest(Model):
    """Activities of the prospect, counted."""

    type: Filled = Field(description="the event")
    target: Filled | None = Field(None, description="the target, or a glob")
    count: Numbers | None = Field(None, description="how many; default: at least one")
    within: Text | None = Field(None, description="only in the last days, for example 7 days")


class TodoTest(Model):
    """A ToDo of the prospect."""

    status: Literal["open", "not_started", "in_progress", "waiting", "deferred", "completed"] | None = Field(
        None, description="its status; open = not completed"
    )
    scenario: Ident | None = Field(None, description="`this` or a scenario's id")


class ScenarioTest(Model):
    """A run of the prospect in a scenario."""

    id: Ident = Field(description="the scenario, or `this`")
    state: Literal["active", "held", "completed", "goal", "left", "ever"] = Field(
        "ever", description="the state of some run"
    )


class EmailedTest(Model):
    """Marketing messages queued or sent to the prospect, counted."""

    count: Numbers = Field(description="how many")
    within: Text | None = Field(None, description="only in the last days, for example 7 days")


ScoreWord = Annotated[Annotated[Number, Tag("value")] | Annotated[ScoreTest, Tag("mapping")], Discriminator(by_shape)]
GradeWord = Annotated[
    Annotated[Grade, Tag("value")]
    | Annotated[tuple[Grade, ...], AsTuple, Field(min_length=1), Tag("list")]
    | Annotated[GradeTest, Tag("mapping")],
    Discriminator(by_shape),
]
OwnerWord = Annotated[
    Annotated[Text, Tag("value")]
    | Annotated[tuple[Text, ...], AsTuple, Field(min_length=1), Tag("list")]
    | Annotated[OwnerTest, Tag("mapping")],
    Discriminator(by_shape),
]
CampaignWord = Annotated[
    Annotated[Ident, Tag("value")] | Annotated[CampaignTest, Tag("mapping")], Discriminator(by_shape)
]


class Criteria(Model):
    """A condition: every key must hold. A key that is no word of this table is a field of the prospect."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FieldTest]

    any: Annotated[tuple[Condition, ...], AsTuple, Field(min_length=1)] | None = Field(
        None, description="at least one of these holds"
    )
    all: Annotated[tuple[Condition, ...], AsTuple, Field(min_length=1)] | None = Field(
        None, description="all of these hold"
    )
    not_: Condition | None = Field(None, alias="not", description="this does not hold")
    score: ScoreWord | None = Field(None, description="the score, or one category's part")
    grade: GradeWord | None = Field(None, description="the grade")
    list: Idents | None = Field(None, description="on this list, or on one of these")
    tag: Texts | None = Field(None, description="has this tag, or one of these")
    owner: OwnerWord | None = Field(None, description="an addressee such as user:sato, or exists: false")
    mailable: bool | None = Field(None, description="marketing mail may go to this prospect")
    campaign: CampaignWord | None = Field(None, description="is a member of this campaign")
    opportunity: OpportunityTest | None = Field(None, description="has such an opportunity")
    activity: ActivityTest | None = Field(None, description="did this")
    todo: TodoTest | None = Field(None, description="has such a ToDo")
    scenario: ScenarioTest | None = Field(None, description="has such a run of a scenario")
    emailed: EmailedTest | None = Field(None, description="was mailed this often")

    @model_validator(mode="after")
    def _says_something(self) -> Criteria:
        if not self.model_fields_set and not self.__pydantic_extra__:
            raise PydanticCustomError(
                "no_criterion", "a condition needs at least one criterion, for example country: JP"
            )
        return self


Condition = Annotated[
    Annotated[Criteria, Tag("mapping")] | Annotated[tuple[Criteria, ...], AsTuple, Field(min_length=1), Tag("list")],
    Discriminator(by_shape),
]

Criteria.model_rebuild()

#: Words of a condition that no field may bear.
RESERVED = frozenset(("any", "all", "not", *(name for name in Criteria.model_fields if name != "not_")))
