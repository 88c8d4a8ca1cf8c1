"""The rolled-up figures of a scenario, gathered for each step, and for each period of a series."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, Connection, Row, Select, func, literal, select, type_coerce

from engage.sql import tables as t
from engage.sql.codes import Figure
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
    period: str = ""
    kind: str = ""
    name: str = ""
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: finished visits by the class of their waiting time
    waits: dict[int, int] = field(default_factory=lambda: defaultdict(int))
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
        return any(self.counts.get(figure, 0) for figure in VISITS)

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
        if figure in OUTCOMES:
            self.waits[wait] += count
        if figure in VISITS and count > 0:
            self.first = min((at for at in (self.first, first) if at is not None), default=None)
            self.last = max((at for at in (self.last, last) if at is not None), default=None)


def tallies(
    connection: Connection,
    scenario: str,
    *,
    since: date | None = None,
    until: date | None = None,
    by: Series | None = None,
) -> list[Tally]:
    """Return the figures of each step that has any, in the order in which the steps first appeared."""
    found: dict[tuple[str, int], Tally] = {}
    for row in connection.execute(_sums(scenario, since, until, by_day=by is not None)):
        period = period_of(_EPOCH + timedelta(days=row.day), by) if by is not None else ""
        key = (period, row.step_id)
        if key not in found:
            found[key] = Tally(row.key, period, row.kind, row.name)
        _add(found[key], row)
    return list(found.values())


def _add(tally: Tally, row: Row[Any]) -> None:
    tally.add(row.figure, row.bucket, int(row.total), row.first_at, row.last_at)


def _sums(scenario: str, since: date | None, until: date | None, *, by_day: bool) -> Select[Any]:
    """Return the sums for each step, figure and class of waiting time, and for each day of a series."""
    n, s = t.totals, t.steps
    number = select(t.scenarios.c.id).where(t.scenarios.c.key == scenario).scalar_subquery()
    wheres = [n.c.scenario_id == number]
    if since is not None:
        wheres.append(n.c.day >= (since - _EPOCH).days)
    if until is not None:
        wheres.append(n.c.day <= (until - _EPOCH).days)
    day = n.c.day if by_day else literal(0)
    keys = [n.c.step_id, n.c.figure, n.c.bucket, *([n.c.day] if by_day else [])]
    sums = (
        select(
            n.c.step_id, day.label("day"), n.c.figure, n.c.bucket, func.sum(n.c.count).label("total"),
            func.min(type_coerce(n.c.first_at, BigInteger)).label("first_at"),
            func.max(type_coerce(n.c.last_at, BigInteger)).label("last_at"),
        )
        .where(*wheres)
        .group_by(*keys)
        .subquery("sums")
    )  # fmt: skip
    return select(sums, s.c.key, s.c.kind, s.c.name).join(s, s.c.id == sums.c.step_id).order_by(sums.c.day, s.c.id)


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
