"""What applying the files would change: shown before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from engage.language.conditions import Condition
from engage.plan import moves
from engage.plan.difference import Difference
from engage.sql import tables as t
from engage.sql.codes import RunState
from engage.sql.predicates import holds
from engage.stepping.effect import Effects
from engage.stepping.journeys import Tick
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class ScenarioChange:
    """A scenario that is new or differs from what runs."""

    after: moves.Plan
    before: moves.Plan | None = None
    state: str = "draft"
    steps: Difference | None = None
    #: where ``moved`` sends the waiters of removed steps
    moved: Mapping[str, str] = field(default_factory=dict)
    #: enrolments that stand at each step, held ones too
    waiting: Mapping[str, int] | None = None
    #: how many prospects match the audience, by the old and by the new version
    audience_now: int | None = None
    audience_then: int | None = None
    #: e-mails that the next tick would queue at most: for those moved, those whose wait is over, those who enter
    mails: int = 0
    refusals: tuple[Sentence, ...] = ()

    @property
    def new(self) -> bool:
        """Whether the scenario was never applied."""
        return self.steps is None

    @property
    def edited(self) -> bool:
        """Whether the scenario's own text changed, so that it has a new version."""
        return self.before is None or self.before.version != self.after.version


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs between the files and what was applied."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    scenarios: tuple[ScenarioChange, ...] = ()
    #: scenarios' files whose text differs but says the same journey: tests, description, comments, layout
    reworded: tuple[str, ...] = ()
    scoring: bool = False
    grading: bool = False
    #: who would enter, leave or be held
    effects: Effects = field(default_factory=lambda: Effects({}))
    #: users whom team.yaml no longer names, and who can still log in
    left: tuple[str, ...] = ()
    #: one-off sends that could not go on, and why
    sends: tuple[Sentence, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing that runs would be other; texts may still be kept anew."""
        return not (self.added or self.changed or self.removed)

    @property
    def refusals(self) -> tuple[Sentence, ...]:
        """Why the changes cannot be applied as they are."""
        return tuple(refusal for change in self.scenarios for refusal in change.refusals)


def waiting_at(connection: Connection, key: str) -> dict[str, int]:
    """Return how many open enrolments stand at each step of a scenario."""
    e, s = t.enrolments, t.steps
    number = select(t.scenarios.c.id).where(t.scenarios.c.key == key).scalar_subquery()
    counted = (
        select(s.c.key, func.count())
        .select_from(e.join(s, s.c.id == e.c.step_id))
        .where(e.c.scenario_id == number, e.c.state < int(RunState.COMPLETED))
        .group_by(s.c.key)
    )
    return dict(connection.execute(counted).all())


def audience_size(connection: Connection, plans: moves.Plans, audience: Condition, now: datetime) -> int | None:
    """Return how many prospects match an audience at a moment; None where the database cannot ask it."""
    asked = Tick(now, plans, (), frozenset(), 0).asked
    s = t.standings
    counted = select(func.count()).select_from(s).where(holds(audience, s.c.prospect_id, asked))
    try:
        with connection.begin_nested():
            return connection.scalar(counted) or 0
    except DBAPIError:
        return None


def refusals_of(change: Difference, waiting: Mapping[str, int], key: str) -> tuple[Sentence, ...]:
    """Return why a change of steps cannot be applied while some wait there (SPEC section 7, editing)."""
    found = [
        sentence(
            "{scenario}: the branching step {step} was removed while {count} wait there; say in moved: where they go",
            scenario=key, step=step, count=waiting[step],
        )
        for step in change.branching
        if waiting.get(step)
    ]  # fmt: skip
    found += [
        sentence(
            "{scenario}: {step} has no id of its own and would mean another step to the {count} who wait there; "
            "give the steps ids",
            scenario=key, step=step, count=waiting[step],
        )
        for step in change.doubtful
        if waiting.get(step)
    ]  # fmt: skip
    return tuple(found)
