"""What applying the files would change: shown before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engage.language.conditions import Condition
from engage.plan import moves
from engage.plan.difference import Difference
from engage.sql import tables as t
from engage.sql.codes import RunState
from engage.sql.predicates import holds
from engage.stepping.journeys import Tick
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class ScenarioChange:
    """A scenario that is new or differs from what runs."""

    after: moves.Plan
    before: moves.Plan | None = None
    state: str = "draft"
    steps: Difference | None = None
    #: enrolments that stand at each step, held ones too
    waiting: Mapping[str, int] | None = None
    #: how many prospects match the audience, by the old and by the new version
    audience_now: int | None = None
    audience_then: int | None = None
    #: e-mails that would be queued in the next tick for those moved
    mails: int = 0
    refusals: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs between the files and what was applied."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    scenarios: tuple[ScenarioChange, ...]
    scoring: bool = False
    grading: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to apply."""
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


def audience_size(connection: Connection, plans: moves.Plans, audience: Condition, now: datetime) -> int:
    """Return how many prospects match an audience at a moment."""
    asked = Tick(now, plans, (), frozenset(), 0).asked
    s = t.standings
    return connection.scalar(select(func.count()).select_from(s).where(holds(audience, s.c.prospect_id, asked))) or 0


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


def mails_at_once(change: Difference, after: moves.Plan, waiting: Mapping[str, int]) -> int:
    """Return how many e-mails the next tick would queue for those whose step was removed."""
    mails = {step.key for step in after.steps if isinstance(step.act, moves.SendEmail) and step.stay is None}
    return sum(waiting.get(key, 0) for key, target in change.targets.items() if target in mails)
