"""The scoring and grading models, and what holds for the whole house, as applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engage.language.conditions import Condition
from engage.language.hours import Hours
from engage.language.moment import Duration


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
class Cap:
    """At most so many marketing messages for one prospect today and on the days before."""

    count: int
    #: today included
    days: int


@dataclass(frozen=True, slots=True)
class Tracking:
    """What of mail is tracked, and of whom; None: of everybody."""

    opens: bool = True
    clicks: bool = True
    only_where: Condition | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What holds for all scenarios."""

    name: str
    locale: Literal["ja", "en"]
    hours: Hours
    require_consent: bool = False
    first_queue: str | None = None
    cap: Cap | None = None
    tracking: Tracking = Tracking()


@dataclass(frozen=True, slots=True)
class Mail:
    """What of a template decides who may get it, and from whom."""

    marketing: bool
    from_owner: bool


@dataclass(frozen=True, slots=True)
class Mailing:
    """What one-off sends name: the e-mails, and the meaning of the lists of lists.yaml."""

    mails: Mapping[str, Mail] = field(default_factory=dict)
    lists: Mapping[str, Condition] = field(default_factory=dict)
