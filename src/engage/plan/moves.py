"""What a scenario does, step by step, as frozen values.

A ``Plan`` is one applied version of a scenario. ``Plans`` are all that a tick needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engage.language.conditions import Condition
from engage.language.moment import Duration
from engage.plan.acts import (
    Act,
    AddToCampaign,
    AdjustScore,
    Assign,
    Break,
    ChangeLists,
    ChangeTags,
    CreateTodo,
    End,
    Event,
    FieldChange,
    GoTo,
    Notify,
    OptOut,
    Repeat,
    Rule,
    SendEmail,
    SetField,
    Split,
    Switch,
    Trigger,
    Wait,
    WaitDay,
    WaitUntil,
    Zone,
)
from engage.plan.models import (
    Cap,
    GradeCriterion,
    Grading,
    House,
    Inactivity,
    Mail,
    Mailing,
    ScoreRule,
    Scoring,
    Tracking,
)
from engage.plan.reaching import Call, Enrol, Leave


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does, how long one stays before, and where each outcome leads."""

    key: str
    #: the step key of the YAML, shown as the type
    kind: str
    name: str
    act: Act
    stay: Duration | None = None
    #: outcome → the next step's key; None ends the run. ``""`` is the only way out of an action or a wait; the ways
    #: of a switch or a split bear the names of its cases or arms.
    ways: tuple[tuple[str, str | None], ...] = (("", None),)
    #: the loops around it that an event may end, outermost first
    breaks: tuple[Break, ...] = ()

    @property
    def branches(self) -> bool:
        """Whether several ways lead out of it."""
        return isinstance(self.act, Trigger | Rule | Switch | Split | Repeat) and len(self.ways) > 1

    @property
    def named(self) -> tuple[str, ...]:
        """The outcomes that bear names of the user's own."""
        return tuple(outcome for outcome, _ in self.ways) if isinstance(self.act, Switch | Split) else ()

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
class Reentry:
    """When one may run through a scenario again; ``after`` None: each time one begins to match, or each event."""

    after: Duration | None = None
    #: at most this many runs of one prospect
    most: int | None = None


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
    #: the events that let one enter; none: one enters by matching
    on: tuple[Event, ...] = ()
    #: None: never again
    reentry: Reentry | None = None
    #: the lists of the audience, with what it means to be on each
    lists: tuple[tuple[str, Condition], ...] = ()

    @property
    def remembers(self) -> bool:
        """Whether it is kept who matches, so that it is seen who begins to."""
        anew = self.reentry is not None and self.reentry.after is None
        return not self.on and (anew or not self.backfill)

    @property
    def first(self) -> Step:
        """The step where a run begins."""
        return self.steps[0]

    @property
    def others(self) -> frozenset[str]:
        """The other scenarios into which its steps reach."""
        return frozenset(step.act.scenario for step in self.steps if isinstance(step.act, Enrol | Leave))

    def step(self, key: str) -> Step:
        """Return a step by its key."""
        return next(step for step in self.steps if step.key == key)


@dataclass(frozen=True, slots=True)
class Plans:
    """All that a tick needs to know."""

    house: House
    #: the applied plan of each scenario, by its key
    scenarios: Mapping[str, Plan] = field(default_factory=dict)
    scoring: Scoring = field(default_factory=Scoring)
    grading: Grading = field(default_factory=Grading)
    #: the applied scenarios that cannot be read or compiled, with the reason
    broken: Mapping[str, str] = field(default_factory=dict)
    #: what one-off sends name
    mailing: Mailing = field(default_factory=Mailing)


__all__ = [
    "Act",
    "AddToCampaign",
    "AdjustScore",
    "Assign",
    "Break",
    "Call",
    "Cap",
    "ChangeLists",
    "ChangeTags",
    "CreateTodo",
    "End",
    "Enrol",
    "Event",
    "FieldChange",
    "GoTo",
    "GradeCriterion",
    "Grading",
    "House",
    "Inactivity",
    "Leave",
    "Mail",
    "Mailing",
    "Notify",
    "OptOut",
    "Plan",
    "Plans",
    "Reentry",
    "Repeat",
    "Rule",
    "ScoreRule",
    "Scoring",
    "SendEmail",
    "SetField",
    "Split",
    "Step",
    "Switch",
    "Tracking",
    "Trigger",
    "Wait",
    "WaitDay",
    "WaitUntil",
    "Window",
    "Zone",
]
