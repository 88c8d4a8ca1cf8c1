"""The rolled-up figures of a scenario, gathered for each step, and for each period of a series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, Connection, Select, func, literal, select, type_coerce

from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, Figure
from engage.sql.waits import median_seconds

Series = Literal["day", "week", "month"]
_EPOCH = date(1970, 1, 1)
#: Finished visits.
OUTCOMES = frozenset(range(7))
#: Visits, finished or not.
VISITS = OUTCOMES | {int(Figure.WAITING), int(Figure.HELD)}


@dataclass(slots=True)
class Tally:
    """The figures of a step, in a period."""

    step: str
    kind: str = ""
    name: str = ""
    period: str = ""
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: finished visits by the class of their waiting time
    waits: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: passages by the names of a switch's or a split's outcomes
    named: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: the first arrival and the last passage, in microseconds
    first: int | None = None
    last: int | None = None

    @classmethod
    def empty(cls, step: str) -> Tally:
        """Return the figures of a step where nobody has been."""
        return cls(step)

    def count(self, figure: Figure) -> int:
        """Return one figure."""
        return self.counts.get(int(figure), 0)

    @property
    def visited(self) -> bool:
        """Whether anybody has been there."""
        return any(count for figure, count in self.counts.items() if figure in VISITS or figure >= FIRST_NAMED)

    @property
    def any(self) -> bool:
        """Whether any figure is not zero."""
        return any(self.counts.values())

    @property
    def median(self) -> float | None:
        """The median of waiting times, in seconds."""
        return median_seconds(self.waits)

    def add(self, figure: int, wait: int, count: int, first: int | None, last: int | None) -> None:
        """Add some rows of totals that are alike."""
        self.counts[figure] += count
        if figure in OUTCOMES or figure >= FIRST_NAMED:
            self.waits[wait] += count
        if (figure in VISITS or figure >= FIRST_NAMED) and count > 0:
            if first is not None and (self.first is None or first < self.first):
                self.first = first
            if last is not None and (self.last is None or last > self.last):
                self.last = last

    def merge(self, other: Tally) -> None:
        """Add the figures of another period."""
        for mine, theirs in ((self.counts, other.counts), (self.waits, other.waits)):
            for key, count in theirs.items():
                mine[key] += count
        for name, count in other.named.items():
            self.named[name] += count
        self.first = min((at for at in (self.first, other.first) if at is not None), default=None)
        self.last = max((at for at in (self.last, other.last) if at is not None), default=None)


def tallies(
    connection: Connection,
    scenario: str,
    *,
    since: date | None = None,
    until: date | None = None,
    by: Series | None = None,
    step: str | None = None,
) -> list[Tally]:
    """Return the figures of each step that has any, or of one, in the order in which the steps first appeared."""
    sums = connection.execute(_sums(scenario, since, until, step, by_day=by is not None)).all()
    steps = _steps(connection, {row.step_id for row in sums})
    names = outcome_names(connection, {row.step_id for row in sums if row.figure >= FIRST_NAMED})
    periods = {
        day: period_of(_EPOCH + timedelta(days=day), by) if by is not None else "" for day in {row.day for row in sums}
    }
    found: dict[tuple[str, int], Tally] = {}
    for step_id, day, figure, bucket, total, first, last in sums:
        key = (periods[day], step_id)
        if key not in found:
            found[key] = Tally(*steps[step_id], period=periods[day])
        found[key].add(figure, bucket, int(total), first, last)
        if figure >= FIRST_NAMED:
            found[key].named[names[step_id, figure]] += int(total)
    return [found[key] for key in sorted(found)]


def regrouped(days: Iterable[Tally], by: Series | None) -> list[Tally]:
    """Return figures of days as those of longer periods, or of the whole time."""
    found: dict[tuple[str, str], Tally] = {}
    for day in days:
        period = "" if by is None else period_of(date.fromisoformat(day.period), by)
        whole = found.setdefault((period, day.step), Tally(day.step, day.kind, day.name, period))
        whole.merge(day)
    return [found[key] for key in sorted(found)]


def outcome_names(connection: Connection, numbers: Iterable[int]) -> dict[tuple[int, int], str]:
    """Return the names of the outcomes of some switches and splits, by the step's number and the outcome's."""
    n = t.outcome_names
    found = connection.execute(select(n.c.step_id, n.c.number, n.c.name).where(n.c.step_id.in_(list(numbers))))
    return {(row.step_id, FIRST_NAMED + row.number): row.name for row in found}


def _steps(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Return the key, kind and name of steps, by their numbers."""
    s = t.steps
    found = connection.execute(select(s.c.id, s.c.key, s.c.kind, s.c.name).where(s.c.id.in_(list(numbers))))
    return {row.id: (row.key, row.kind, row.name) for row in found}


def _sums(scenario: str, since: date | None, until: date | None, step: str | None, *, by_day: bool) -> Select[Any]:
    """Return the sums for each step, figure and class of waiting time, and for each day of a series."""
    n = t.totals
    number = select(t.scenarios.c.id).where(t.scenarios.c.key == scenario).scalar_subquery()
    wheres = [n.c.scenario_id == number]
    if step is not None:
        own = select(t.steps.c.id).where(t.steps.c.scenario_id == number, t.steps.c.key == step)
        wheres.append(n.c.step_id == own.scalar_subquery())
    if since is not None:
        wheres.append(n.c.day >= (since - _EPOCH).days)
    if until is not None:
        wheres.append(n.c.day <= (until - _EPOCH).days)
    day = n.c.day if by_day else literal(0)
    keys = [n.c.step_id, n.c.figure, n.c.bucket, *([n.c.day] if by_day else [])]
    return (
        select(
            n.c.step_id, day.label("day"), n.c.figure, n.c.bucket, func.sum(n.c.count).label("total"),
            func.min(type_coerce(n.c.first_at, BigInteger)).label("first_at"),
            func.max(type_coerce(n.c.last_at, BigInteger)).label("last_at"),
        )
        .where(*wheres)
        .group_by(*keys)
    )  # fmt: skip


def period_of(day: date, by: Series) -> str:
    """Return the name of the period in which a day lies; names sort as their periods do.

    >>> [period_of(date(2026, 12, 31), by) for by in ("day", "week", "month")]
    ['2026-12-31', '2026-W53', '2026-12']
    """
    match by:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{day:%Y-%m}"
