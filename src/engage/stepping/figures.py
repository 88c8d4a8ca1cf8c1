"""The report's figures, counted from groups of rows and written in the step's own transaction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from engage.clock import EPOCH, moment
from engage.language.zones import local_day
from engage.sql import tables as t
from engage.sql.codes import Figure
from engage.sql.waits import bucket
from engage.stepping.walk import Place

_EPOCH = EPOCH.date()


def day_number(at: int, zone: ZoneInfo) -> int:
    """Return the local day of a moment in microseconds, as days since 1970-01-01."""
    return (local_day(moment(at), zone) - _EPOCH).days


@dataclass(slots=True)
class Count:
    """How many, from when to when."""

    count: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, count: int, first: int | None = None, last: int | None = None) -> None:
        """Add to the figure."""
        self.count += count
        self.first = first if self.first is None else min(self.first, first if first is not None else self.first)
        self.last = last if self.last is None else max(self.last, last if last is not None else self.last)


@dataclass(slots=True)
class Figures:
    """Differences of one scenario's totals, gathered and then written."""

    scenario_id: int
    zone: ZoneInfo
    counts: dict[tuple[int, int, int, int], Count] = field(default_factory=lambda: defaultdict(Count))

    def _add(self, step_id: int, at: int, figure: int, count: int, wait: int = 0, last: int | None = None) -> None:
        key = (step_id, day_number(at, self.zone), figure, wait)
        self.counts[key].add(count, at, last)

    def passed(self, place: Place, arrived_at: int, now: int, count: int) -> None:
        """Count the passages of rows that arrived at their first step at a moment, and at the others now."""
        for ordinal, passage in enumerate(place.passed):
            begun = arrived_at if ordinal == 0 else now
            if ordinal == 0 and not place.written:
                self._add(passage.step_id, begun, Figure.WAITING, -count)
            self._add(passage.step_id, begun, int(passage.outcome), count, bucket(now - begun), now)

    def waits(self, step_id: int, arrived_at: int, count: int) -> None:
        """Count rows that now wait at a step; fewer than none take them off."""
        self._add(step_id, arrived_at, Figure.WAITING, count)

    def entered(self, step_id: int, at: int, count: int) -> None:
        """Count runs that begin at a step, where they wait."""
        self._add(step_id, at, Figure.ENTERED, count)
        self.waits(step_id, at, count)

    def left(self, step_id: int, arrived_at: int, now: int, count: int, figure: int, *, held: bool) -> None:
        """Count rows that leave the scenario at a step where they waited or were held."""
        self._add(step_id, arrived_at, Figure.HELD if held else Figure.WAITING, -count)
        self._add(step_id, arrived_at, figure, count, bucket(now - arrived_at), now)

    def held(self, step_id: int, arrived_at: int, count: int) -> None:
        """Count rows that waited and are now held; fewer than none are released."""
        self._add(step_id, arrived_at, Figure.WAITING, -count)
        self._add(step_id, arrived_at, Figure.HELD, count)

    def write(self, connection: Connection) -> None:
        """Insert the differences; the end of the tick folds them."""
        rows = [
            {
                "scenario_id": self.scenario_id, "step_id": step, "day": day, "figure": figure, "bucket": wait,
                "count": c.count, "first_at": c.first, "last_at": c.last,
            }
            for (step, day, figure, wait), c in self.counts.items()
            if c.count
        ]  # fmt: skip
        if rows:
            connection.execute(insert(t.totals), rows)
        self.counts.clear()
