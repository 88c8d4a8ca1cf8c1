"""What ``engage explain`` tells: why the score, the grade, each step taken, what comes next, who does not enter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engage.rehearse.mirror import Verdict


@dataclass(frozen=True, slots=True)
class Points:
    """A row of the score ledger and why it stands there."""

    at: datetime
    points: int
    category: str | None
    #: rule, step, manual, import, expiry or inactivity
    kind: str
    #: the rule's own words, the note, or None
    reason: str | None
    #: the activity that a rule counted: its type, its target, its moment
    activity: str | None
    target: str | None
    happened_at: datetime | None
    scenario: str | None
    step: str | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of the grade."""

    name: str
    state: Literal["matched", "not matched", "unknown"]
    #: thirds of a letter that it adds now, what it would add, and what it would take
    adds: int
    worth: int
    mismatch: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class GradeCard:
    """A grade, and the criteria of the profile that gave it."""

    grade: str | None
    profile: str | None
    #: why this profile: the choices asked, up to the one that held
    chosen: tuple[Verdict, ...]
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """A condition that decided, as it stood at that moment."""

    #: rule, case NAME, audience, suppress, goal or exit
    role: str
    verdict: Verdict
    #: False: the values that were kept do not give what was decided then
    agrees: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """One step taken."""

    step: str
    name: str
    kind: str
    #: the scenario's version that made the visit
    version: int | None
    outcome: str
    arrived_at: datetime
    left_at: datetime
    reason: str | None
    grounds: tuple[Ground, ...]
    #: what else decided or was done: event, deadline, message, owner … with its text
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Next:
    """Where an open run stands and what it waits for."""

    step: str
    name: str
    kind: str
    #: stays, waits or arrives
    phase: str
    since: datetime
    #: None: it waits for its message to be handed over
    due_at: datetime | None
    #: what a trigger waits for
    details: tuple[tuple[str, str], ...]
    #: why it is held
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run through a scenario."""

    run: int
    state: str
    entered_at: datetime
    ended_at: datetime | None
    #: the event that let it begin, if one did
    entered_by: str | None
    #: the step of another scenario that enrolled, if one did
    enrolled_by: str | None
    #: why it began
    entry: tuple[Ground, ...]
    steps: tuple[Taken, ...]
    next: Next | None


@dataclass(frozen=True, slots=True)
class Journey:
    """One scenario and the prospect."""

    scenario: str
    name: str
    #: the scenario's own state: draft, running, paused, stopped
    state: str
    version: int
    #: inside, was inside, may enter or does not enter
    standing: str
    #: what keeps the prospect out, or lets it in at the next look
    entry: tuple[Ground, ...]
    #: what bars the way in that is no condition: not running, outside its schedule, waits for an event, was inside
    #: before, too early to run again, has to begin to match anew; for one inside, that it is paused
    bars: tuple[str, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one prospect, and why."""

    email: str
    at: datetime
    score: int
    ledger: tuple[Points, ...]
    grade: GradeCard
    scenarios: tuple[Journey, ...]
