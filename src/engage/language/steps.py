"""The words of a path (SPEC section 5): each step is a mapping with exactly one step key.

Triggers, rules and the flow stand here, the actions in ``actions``; this module names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, RootModel, Tag, model_validator
from pydantic_core import PydanticCustomError

from engage.language.actions import (
    AddTag,
    AddToCampaign,
    AddToList,
    AdjustScore,
    Assign,
    Assignment,
    CreateTodo,
    Mailing,
    Membership,
    Notice,
    Notify,
    OptOut,
    RemoveFromList,
    RemoveTag,
    ScoreChange,
    SendEmail,
    SetField,
    Staying,
    Step,
    Todo,
)
from engage.language.criteria import Condition
from engage.language.model import AsTuple, Filled, Idents, Model, Text, by_shape
from engage.language.moment import Duration

__all__ = [
    "STEPS",
    "AddTag",
    "AddToCampaign",
    "AddToList",
    "AdjustScore",
    "AnyStep",
    "Assign",
    "Assignment",
    "CreateTodo",
    "End",
    "MailTarget",
    "Mailing",
    "Membership",
    "Notice",
    "Notify",
    "Occurrence",
    "Occurrences",
    "OptOut",
    "RemoveFromList",
    "RemoveTag",
    "Rule",
    "ScoreChange",
    "SendEmail",
    "SetField",
    "Staying",
    "Step",
    "StepWord",
    "Steps",
    "Target",
    "Todo",
    "Trigger",
    "Wait",
    "step_key",
]


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
        Union[tuple(Annotated[model, Tag(key)] for key, model in STEPS.items())],  # noqa: UP007 - made from a table
        Discriminator(step_key),
    ]
Steps = Annotated[tuple[StepWord, ...], AsTuple]

for _model in (Trigger, Rule):
    _model.model_rebuild()
