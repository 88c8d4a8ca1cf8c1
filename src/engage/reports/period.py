"""What a period came to, day by day: new prospects, MQLs, hand-overs to sales, mails; and how each scenario did.

An MQL is a prospect who was given an owner and had none. A hand-over is a ToDo that a scenario made. Mails stand at the
day on which their readers came to the step that sent them, as in report cards; those of one-off sends at the day on
which they were queued.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)

from engage.clock import EPOCH, micros
from engage.language.calendar import day_start, local_day
from engage.sql import tables as t
from engage.sql.codes import DAY_FIGURES, RUN_FIGURES, Figure
from engage.sql.interning import word
from engage.sql.standing import big, run, standing

Truth = ColumnElement[bool]
Series = Literal["made", "assigned", "handed"]
SERIES: tuple[Series, ...] = ("made", "assigned", "handed")
_DAY = timedelta(days=1)
_MAILS = (Figure.SENT, Figure.OPENED, Figure.CLICKED, Figure.OPTED_OUT, Figure.HARD_BOUNCED, Figure.SOFT_BOUNCED)
_RUNS = (Figure.ENTERED, Figure.GOAL)


@dataclass(frozen=True, slots=True)
class Period:
    """Some local days up to today, which is among them."""

    days: tuple[date, ...]
    zone: ZoneInfo

    @property
    def bounds(self) -> list[datetime]:
        """The moment at which each day begins, and that at which the last ends."""
        return [day_start(day, self.zone) for day in (*self.days, self.days[-1] + _DAY)]

    @property
    def numbers(self) -> list[int]:
        """The days as figures know them: since 1970-01-01."""
        return [(day - EPOCH.date()).days for day in self.days]


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to; ``opened`` and the rest are of the mails of that day."""

    day: date
    prospects: int
    mqls: int
    hand_overs: int
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    opted_out: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0

    @property
    def delivered(self) -> int:
        """How many mails did not come back."""
        return self.sent - self.hard_bounced - self.soft_bounced


@dataclass(frozen=True, slots=True)
class Result:
    """What a period came to for a scenario; the figures count runs that began and goals that were reached in it."""

    key: str
    name: str
    state: str
    entered: int
    goal: int

    @property
    def rate(self) -> float:
        """The share of goals; late ones of earlier runs may make it more than all."""
        return self.goal / self.entered


def period(now: datetime, days: int, zone: ZoneInfo) -> Period:
    """Return the last days, today included."""
    today = local_day(now, zone)
    return Period(tuple(today - _DAY * back for back in reversed(range(days))), zone)


def overview(connection: Connection, asked: Period) -> tuple[Day, ...]:
    """Return every day of a period, for the whole company; its work follows what happened in the period."""
    series = (_counted(connection, each, asked) for each in SERIES)
    mails = _mails(connection, asked)
    figures = zip(asked.days, *series, asked.numbers, strict=True)
    return tuple(
        Day(day, new, mqls, todos, *(mails[number].get(int(figure), 0) for figure in _MAILS))
        for day, new, mqls, todos, number in figures
    )


def own_overview(connection: Connection, asked: Period, user: str, queues: Sequence[str]) -> tuple[Day, ...]:
    """Return every day of a period for one who sells: the own prospects, and ToDos for the user and its queues."""
    s, c, d = t.standings, t.changes, t.todos
    first, mine = asked.bounds[0], s.c.owner == f"user:{user}"
    theirs = [f"user:{user}", *(f"queue:{queue}" for queue in queues)]
    made = select(s.c.created_at).where(mine, s.c.created_at >= first)
    assigned = select(c.c.at).join_from(s, c, c.c.prospect_id == s.c.prospect_id)
    assigned = assigned.where(mine, c.c.at >= first, *_first_owner())
    # Joined to nothing, so that SQLite looks for the days, whose index holds the assignee, and not for all ever handed.
    whose = d.c.assignee + literal_column("''")
    handed = select(d.c.created_at).where(whose.in_(theirs), d.c.created_at >= first, d.c.step_id.is_not(None))
    series = [_daily(connection.scalars(chosen), asked) for chosen in (made, assigned, handed)]
    return tuple(Day(*figures) for figures in zip(asked.days, *series, strict=True))


def queues_of(connection: Connection, user: str) -> tuple[str, ...]:
    """Return the queues that a user serves."""
    q = t.queue_members.c
    return tuple(connection.scalars(select(q.queue_key).where(q.user_id == user).order_by(q.queue_key)))


def results(connection: Connection, asked: Period, with_goal: Iterable[str]) -> tuple[Result, ...]:
    """Return the scenarios that have a goal and began runs in a period, the best first."""
    n, s, days = t.totals.c, t.scenarios, asked.numbers
    # A sum for each scenario and figure, from its span of an index: ten times as quick as all rows in groups.
    sums = [
        select(func.coalesce(func.sum(n.count), 0))
        .where(text(RUN_FIGURES), n.scenario_id == s.c.id, n.figure == int(figure), n.day.between(days[0], days[-1]))
        .scalar_subquery()
        for figure in _RUNS
    ]
    rows = connection.execute(select(s.c.key, s.c.name, s.c.state, *sums).where(s.c.key.in_(list(with_goal))))
    found = [Result(key, name, state, *(int(count) for count in counts)) for key, name, state, *counts in rows]
    return tuple(sorted((each for each in found if each.entered > 0), key=lambda each: (-each.rate, each.key)))


def _first_owner() -> tuple[Truth, ...]:
    """Return that a change gave a prospect an owner who had none."""
    c = t.changes.c
    # Written out, not bound: only so does SQLite see that the partial index serves.
    return c.kind == literal_column("0"), c.ref == word("field", "owner"), c.text.is_(None)


def _mails(connection: Connection, asked: Period) -> defaultdict[int, dict[int, int]]:
    """Return the figures of mails, by the number of the day."""
    n, days = t.totals.c, asked.numbers
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    figures = text(DAY_FIGURES), n.figure.in_([int(each) for each in _MAILS])
    chosen = select(n.day, n.figure, func.sum(n.count)).where(*figures, n.day.between(days[0], days[-1]))
    chosen = chosen.group_by(n.day, n.figure)
    for day, figure, count in connection.execute(chosen):
        found[day][figure] = int(count)
    return found


def _counted(connection: Connection, series: Series, asked: Period) -> Sequence[int]:
    """Return how many rows of a series have their moment on each day."""
    values = {f"b{n}": micros(bound) for n, bound in enumerate(asked.bounds)}
    return run(connection, _counts(series, len(asked.days)), None, **values).one()


@standing
def _counts(series: Series, days: int) -> Select[Any]:
    """Select the counts of so many days, each from its span of an index, whose bounds are ``b0`` and following."""
    s, c, d = t.standings.c, t.changes.c, t.todos.c
    column, wheres = {
        "made": (s.created_at, ()),
        "assigned": (c.at, _first_owner()),
        "handed": (d.created_at, (d.step_id.is_not(None),)),
    }[series]
    moment = type_coerce(column, BigInteger)
    return select(
        *(
            select(func.count()).where(moment >= big(f"b{n}"), moment < big(f"b{n + 1}"), *wheres).scalar_subquery()
            for n in range(days)
        )
    )


def _daily(moments: Iterable[datetime], asked: Period) -> list[int]:
    """Return how many moments lie on each day."""
    bounds, counts = asked.bounds, [0] * len(asked.days)
    for moment in moments:
        place = bisect_right(bounds, moment) - 1
        if 0 <= place < len(counts):
            counts[place] += 1
    return counts
