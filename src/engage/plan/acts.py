"""What a step does: one frozen value for each kind of act, nothing left to look up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from engage.language.appointments import DayRule, Until
from engage.language.conditions import Condition
from engage.language.expressions import Parts
from engage.language.fields import FieldType
from engage.language.hours import Hours
from engage.language.lots import Mixer
from engage.language.moment import Duration
from engage.plan.reaching import Call, Enrol, Leave


@dataclass(frozen=True, slots=True)
class Zone:
    """Where local times are told: in one zone, or in each prospect's own, the one being for those without."""

    zone: ZoneInfo
    of_prospect: bool = False


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Queue an e-mail."""

    template: str
    marketing: bool
    from_owner: bool
    once: bool
    #: only on this day, from this moment on; naive: local
    on_date: datetime | None = None
    #: when it may go; None: always
    hours: Hours | None = None
    zone: Zone = Zone(ZoneInfo("UTC"))


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
class WaitUntil:
    """Stay until a moment that is fixed on arrival; ``leave_past`` ends the run where it lies behind."""

    until: Until
    zone: Zone
    leave_past: bool


@dataclass(frozen=True, slots=True)
class WaitDay:
    """Stay until a day that a field says; a changed field moves the moment, a cleared one ends the wait."""

    field: str
    type: FieldType
    custom: bool
    rule: DayRule
    zone: Zone
    leave_past: bool
    leave_missing: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """Ask several conditions; the first that holds decides, none is ``else``."""

    #: each case's outcome and condition
    cases: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Part the prospects by their lots, as this step mixes them."""

    #: each arm and its percent; they add up to 100
    arms: tuple[tuple[str, int], ...]
    mixer: Mixer


@dataclass(frozen=True, slots=True)
class Repeat:
    """Begin a round of a loop, or end the loop."""

    #: the time since the round before began; None: begin at once
    every: Duration | None = None
    #: the step that began the round before
    before: str | None = None
    #: what ends the loop; of a trigger only its events count
    until: Condition | Trigger | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """An event that ends a loop at any step inside it."""

    trigger: Trigger
    #: where the flow goes on behind the loop; None ends the run
    target: str | None


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go on at another step."""


@dataclass(frozen=True, slots=True)
class End:
    """End the run."""


Act = (
    SendEmail | ChangeLists | ChangeTags | AdjustScore | SetField | Assign | CreateTodo | Notify | AddToCampaign
    | OptOut | Enrol | Leave | Call | Trigger | Rule | Wait | WaitUntil | WaitDay | Switch | Split | Repeat
    | GoTo | End
)  # fmt: skip
