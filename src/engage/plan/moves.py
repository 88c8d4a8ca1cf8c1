"""What a scenario does, step by step, as frozen values.

A ``Plan`` is one applied version of a scenario. ``Plans`` are all that a tick needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engage.language.conditions import ALWAYS, Condition
from engage.language.expressions import Parts
from engage.language.fields import FieldType
from engage.language.hours import Hours
from engage.language.moment import Duration


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Queue an e-mail."""

    template: str
    marketing: bool
    from_owner: bool
    once: bool


@dataclass(frozen=True, slots=True)
class ChangeLists:
    """Put on static lists or take off them."""

    lists: tuple[str, ...]
    add: bool


@dataclass(frozen=True, slots=True)
class ChangeTags:
    """Add tags or take them."""

    tags: tuple[str, ...]
    add: bool


@dataclass(frozen=True, slots=True)
class AdjustScore:
    """Add points, or bring the score to a figure; exactly one of ``by`` and ``to``."""

    by: int | None
    to: int | None
    category: str | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A new value: None clears; ``parts`` is a text with merge fields; ``copy`` names a field to copy."""

    field: str
    type: FieldType
    custom: bool
    value: str | int | float | bool | None = None
    parts: Parts | None = None
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class SetField:
    """Set or clear fields."""

    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """Give an owner: ``kind`` is user, group or queue."""

    kind: Literal["user", "group", "queue"]
    name: str
    reassign: bool


@dataclass(frozen=True, slots=True)
class CreateTodo:
    """Make a ToDo."""

    subject: Parts
    comments: Parts | None
    due: Duration | None
    priority: str
    to: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Mail the team."""

    to: str
    subject: Parts
    text: Parts


@dataclass(frozen=True, slots=True)
class AddToCampaign:
    """Make a member of a campaign."""

    campaign: str
    status: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """No marketing mail from now on."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event a trigger waits for: targets and links are folded globs; none means any.

    An e-mail event names the steps of this scenario whose messages are meant.
    """

    #: event types: a click also counts as an open
    types: tuple[str, ...]
    targets: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """Wait for an event: ``patient`` stays the full time (``after``), else yes comes at the event."""

    events: tuple[Event, ...]
    length: Duration
    patient: bool
    since_entry: bool

    @property
    def mails(self) -> tuple[str, ...]:
        """The e-mail steps whose hand-over begins the time."""
        return tuple(dict.fromkeys(mail for event in self.events for mail in event.mails))


@dataclass(frozen=True, slots=True)
class Rule:
    """Ask a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay for a time."""

    length: Duration


@dataclass(frozen=True, slots=True)
class End:
    """End the run."""


Act = (
    SendEmail | ChangeLists | ChangeTags | AdjustScore | SetField | Assign | CreateTodo | Notify | AddToCampaign
    | OptOut | Trigger | Rule | Wait | End
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does, how long one stays before, and where each outcome leads."""

    key: str
    #: the step key of the YAML, shown as the type
    kind: str
    name: str
    act: Act
    stay: Duration | None = None
    #: outcome → the next step's key; None ends the run. ``""`` is the only way out of an action or a wait.
    ways: tuple[tuple[str, str | None], ...] = (("", None),)

    def way(self, outcome: str = "") -> str | None:
        """Return where an outcome leads."""
        return dict(self.ways)[outcome]


@dataclass(frozen=True, slots=True)
class Window:
    """The moments at which one may enter; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the window; the end is excluded."""
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Plan:
    """One applied version of a scenario."""

    key: str
    name: str
    version: int
    priority: int
    #: steps in the order of the graph: each stands before all that it leads to
    steps: tuple[Step, ...]
    audience: Condition
    suppress: Condition | None
    goal: Condition | None
    exit: Condition | None
    unmatched: Literal["hold", "exit", "continue"]
    window: Window
    backfill: bool
    campaign: str | None
    campaign_status: str | None

    @property
    def first(self) -> Step:
        """The step where a run begins."""
        return self.steps[0]

    def step(self, key: str) -> Step:
        """Return a step by its key."""
        return next(step for step in self.steps if step.key == key)


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """Points for an activity."""

    #: the rule's own words, which name it in the ledger
    label: str
    event: str
    target: str | None
    points: int
    category: str | None
    limit: int | None
    limit_by: Literal["ever", "day", "target"]
    expires_after: Duration | None


@dataclass(frozen=True, slots=True)
class Inactivity:
    """Points taken for each full span without activity."""

    every: Duration
    points: int
    floor: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """scoring.yaml as applied."""

    rules: tuple[ScoreRule, ...] = ()
    inactivity: Inactivity | None = None


@dataclass(frozen=True, slots=True)
class GradeCriterion:
    """A property and what it is worth, in thirds of a letter."""

    name: str
    condition: Condition
    worth: int
    mismatch: int


@dataclass(frozen=True, slots=True)
class Grading:
    """grading.yaml as applied; the first choice that holds names the profile, else ``default``."""

    profiles: Mapping[str, tuple[GradeCriterion, ...]] = field(default_factory=dict)
    choices: tuple[tuple[str, Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """What holds for all scenarios."""

    name: str
    locale: Literal["ja", "en"]
    hours: Hours
    require_consent: bool = False
    first_queue: str | None = None


@dataclass(frozen=True, slots=True)
class Plans:
    """All that a tick needs to know."""

    house: House
    #: the applied plan of each scenario, by its key
    scenarios: Mapping[str, Plan] = field(default_factory=dict)
    scoring: Scoring = Scoring()
    grading: Grading = Grading()


__all__ = [
    "ALWAYS",
    "Act",
    "AddToCampaign",
    "AdjustScore",
    "Assign",
    "ChangeLists",
    "ChangeTags",
    "CreateTodo",
    "End",
    "Event",
    "FieldChange",
    "GradeCriterion",
    "Grading",
    "House",
    "Inactivity",
    "Notify",
    "OptOut",
    "Plan",
    "Plans",
    "Rule",
    "ScoreRule",
    "Scoring",
    "SendEmail",
    "SetField",
    "Step",
    "Trigger",
    "Wait",
    "Window",
]
