"""The words of a path (SPEC section 5): each step is a mapping with exactly one step key.

Triggers, rules and the flow stand here, the actions in ``actions``; this module names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Tag, model_validator
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
from engage.language.branches import ELSE, Arm, Case, GoTo, Split, Switch
from engage.language.criteria import Condition
from engage.language.crossing import Enrol, Leave
from engage.language.looping import Heard, Loop, Repeat
from engage.language.model import AsTuple
from engage.language.moment import Duration
from engage.language.occurrences import MailTarget, Occurrence, Occurrences, Target
from engage.language.outward import Action, Webhook
from engage.language.waiting import UntilDay, UntilMoment, Wait

__all__ = [
    "ELSE",
    "STEPS",
    "Action",
    "AddTag",
    "AddToCampaign",
    "AddToList",
    "AdjustScore",
    "AnyStep",
    "Arm",
    "Assign",
    "Assignment",
    "Block",
    "Case",
    "CreateTodo",
    "End",
    "Enrol",
    "GoTo",
    "Heard",
    "Leave",
    "Loop",
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
    "Repeat",
    "Rule",
    "ScoreChange",
    "SendEmail",
    "SetField",
    "Split",
    "Staying",
    "Step",
    "StepWord",
    "Steps",
    "Switch",
    "Target",
    "Todo",
    "Trigger",
    "UntilDay",
    "UntilMoment",
    "Wait",
    "Webhook",
    "blocks",
    "step_key",
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


class End(Staying):
    """End the run."""

    end: Literal[True] = Field(description="true")


AnyStep = (
    SendEmail | AddToList | RemoveFromList | AddTag | RemoveTag | AdjustScore | SetField | Assign | CreateTodo
    | Notify | AddToCampaign | OptOut | Enrol | Leave | Webhook | Action | Trigger | Rule | Wait | Switch | Split
    | Repeat | GoTo | End
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
    "enrol": Enrol,
    "leave": Leave,
    "webhook": Webhook,
    "action": Action,
    "trigger": Trigger,
    "rule": Rule,
    "wait": Wait,
    "switch": Switch,
    "split": Split,
    "repeat": Repeat,
    "go_to": GoTo,
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

for _model in (Trigger, Rule, Case, Switch, Arm, Split, Loop, Repeat):
    _model.model_rebuild(_types_namespace={"Steps": Steps})

#: A way out of a step: its outcome, where its steps stand below the step, and the steps.
Block = tuple[str, tuple[str | int, ...], Steps]


def blocks(word: StepWord) -> tuple[Block, ...]:
    """Return the ways out of a step that parts the path, in order; none for any other step."""
    match word:
        case Trigger() | Rule():
            return ("yes", ("yes",), word.yes), ("no", ("no",), word.no)
        case Switch():
            cases = zip(word.outcomes, word.switch, strict=True)
            found = ((name, ("switch", place, "steps"), case.steps) for place, (name, case) in enumerate(cases))
            return *found, (ELSE, (ELSE,), word.else_)
        case Split():
            return tuple((name, ("split", name, "steps"), arm.steps) for name, arm in word.split.items())
        case _:
            return ()
