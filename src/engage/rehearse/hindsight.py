"""Hindsight: conditions asked of a prospect as it was when a run passed a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from engage.language.conditions import Condition
from engage.plan.moves import House
from engage.rehearse.explained import Ground
from engage.rehearse.mirror import Mirror
from engage.reports.past import Cut, past
from engage.reports.record import Record, Row
from engage.sql import tables as t
from engage.sql.asked import Now


@dataclass(frozen=True, slots=True)
class Hindsight:
    """A prospect's record and the mirror in which its past is shown."""

    record: Record
    mirror: Mirror
    house: House
    #: each scenario's place in the order in which they step, by its number
    order: Mapping[int, int]

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which moments are written."""
        return self.mirror.zone

    def step(self, run: Row, move: int, at: datetime) -> Iterator[Cut]:
        """Yield where in the order of things a run's step may have decided, likeliest first."""
        moves = {v["step_id"]: v["move"] for v in self.record.of(t.visits) if v["enrolment_id"] == run["id"]}
        earlier = frozenset(
            other["id"]
            for other in self.record.of(t.enrolments)
            if self.order.get(other["scenario_id"], 0) < self.order.get(run["scenario_id"], 0)
        )
        cut = Cut(at, run["id"], move, moves, earlier)
        if (until := self._round(cut, run)) is not None:
            early = replace(cut, until=until)
            yield from (early, replace(early, others="before"), replace(early, others="after"))
        yield from (cut, replace(cut, others="before"), replace(cut, others="after"))
        yield from (replace(cut, outside=False), replace(cut, others="before", outside=False))
        yield replace(cut, others="after", outside=False)

    def _round(self, cut: Cut, run: Row) -> int | None:
        """Return the number of the change that tells best how far the tick had come, if any tells.

        A run passes its steps without a pause: what it had changed before, else what it or others changed next.
        """
        steps = [c for c in self.record.of(t.changes) if c["at"] == cut.at and c["step_id"] is not None]
        own = [c for c in steps if c["enrolment_id"] == run["id"]]
        done = [c["id"] for c in own if cut.before(c["at"], c["enrolment_id"], c["step_id"])]
        later = [c["id"] for c in own or steps]
        return max(done) if done else min(later, default=None)

    def look(self, run: Row, move: int, at: datetime) -> Iterator[Cut]:
        """Yield where a look at a run may have decided: before any step of the tick, else after others' steps."""
        cuts = list(self.step(run, move, at))
        yield from sorted(cuts, key=lambda cut: cut.others != "after")

    def ground(self, role: str, condition: Condition, cuts: Iterable[Cut], *, decided: bool) -> Ground:
        """Return why a condition was decided as it was.

        Where what happened in one tick leaves the order open, the first order that gives the decision is taken.
        """
        first: Ground | None = None
        for cut in cuts:
            self.mirror.show(past(self.record, cut))
            verdict = self.mirror.ask(condition, Now.of(self.house, cut.at))
            if bool(verdict.holds) == decided:
                return Ground(role, verdict)
            first = first or Ground(role, verdict, agrees=False)
        assert first is not None
        return first

    def now(self, role: str, condition: Condition, at: datetime) -> Ground:
        """Return a condition as it stands after all that has happened until a moment."""
        self.mirror.show(past(self.record, Cut(at)))
        return Ground(role, self.mirror.ask(condition, Now.of(self.house, at)))
