"""All scenarios side by side: how they stand, how many reached the goal, and how many entered day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from engage.clock import EPOCH
from engage.sql import tables as t
from engage.sql.codes import RUN_FIGURES, Figure

#: So many days make a trend, and the same number before them is what it is compared with.
DAYS = 28


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario. The figures count runs."""

    key: str
    name: str
    #: draft, running, paused, stopped
    state: str
    #: why the engine paused it itself: it could not be run
    fault: str | None
    version: int
    started_at: datetime | None
    entered: int
    waiting: int
    held: int
    completed: int
    goal: int
    left: int
    #: how many entered on each of the last days, today last
    trend: tuple[int, ...]
    #: how many entered in as many days before
    earlier: int

    @property
    def recent(self) -> int:
        """How many entered in the days of the trend."""
        return sum(self.trend)

    @property
    def goal_rate(self) -> float | None:
        """The share of the runs begun that reached the goal; None where nobody entered."""
        return self.goal / self.entered if self.entered else None


@dataclass(frozen=True, slots=True)
class Named:
    """A scenario without its figures."""

    key: str
    name: str
    state: str


def named(connection: Connection) -> tuple[Named, ...]:
    """Return every scenario, by key."""
    s = t.scenarios
    found = connection.execute(select(s.c.key, s.c.name, s.c.state).order_by(s.c.key))
    return tuple(Named(*row) for row in found)


def overview(connection: Connection, today: date, keys: Sequence[str] | None = None) -> tuple[Line, ...]:
    """Return every scenario, or some by their keys, by name; ``today`` is the local day.

    The cost follows the number of these scenarios and of days: an index holds just these figures.
    """
    s, last = t.scenarios, (today - EPOCH.date()).days
    chosen = select(s.c.id, s.c.key, s.c.name, s.c.state, s.c.fault, s.c.version, s.c.started_at)
    if keys is not None:
        chosen = chosen.where(s.c.key.in_(keys))
    found = connection.execute(chosen.order_by(s.c.name, s.c.key)).all()
    only = None if keys is None else [row.id for row in found]
    sums, days = _sums(connection, only), _days(connection, last - 2 * DAYS + 1, only)
    return tuple(_line(row, sums.get(row.id, {}), days.get(row.id, {}), last) for row in found)


def _line(row: Row[*tuple[Any, ...]], sums: Mapping[int, int], days: Mapping[int, int], last: int) -> Line:
    entered, waiting, held, goal, left = (
        sums.get(int(figure), 0) for figure in (Figure.ENTERED, Figure.WAITING, Figure.HELD, Figure.GOAL, Figure.LEFT)
    )
    first = last - DAYS + 1
    return Line(
        key=row.key,
        name=row.name,
        state=row.state,
        fault=row.fault,
        version=row.version,
        started_at=row.started_at,
        entered=entered,
        waiting=waiting,
        held=held,
        completed=entered - waiting - held - goal - left,
        goal=goal,
        left=left,
        trend=tuple(days.get(day, 0) for day in range(first, last + 1)),
        earlier=sum(count for day, count in days.items() if day < first),
    )


def _sums(connection: Connection, only: Sequence[int] | None) -> dict[int, dict[int, int]]:
    """Return the sum of each figure that counts runs, by scenario."""
    n = t.totals
    sums = (
        select(n.c.scenario_id, n.c.figure, func.sum(n.c.count).label("total"))
        .where(text(RUN_FIGURES))
        .group_by(n.c.scenario_id, n.c.figure)
    )
    if only is not None:
        sums = sums.where(n.c.scenario_id.in_(only))
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(sums):
        found[row.scenario_id][row.figure] = int(row.total)
    return found


def _days(connection: Connection, first: int, only: Sequence[int] | None) -> dict[int, dict[int, int]]:
    """Return how many runs began on each day from the first on, by scenario."""
    n = t.totals
    sums = (
        select(n.c.scenario_id, n.c.day, func.sum(n.c.count).label("total"))
        .where(text(RUN_FIGURES), n.c.figure == int(Figure.ENTERED), n.c.day >= first)
        .group_by(n.c.scenario_id, n.c.day)
    )
    if only is not None:
        sums = sums.where(n.c.scenario_id.in_(only))
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(sums):
        found[row.scenario_id][row.day] = int(row.total)
    return found
