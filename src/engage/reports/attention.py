"""What a person should look at first: what is stopped, failed, stuck or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, text

from engage.reports.calls import Call, failed_calls, last_failed
from engage.reports.health import Hold, MailStop, in_doubt, last_tick, mail_stop, open_hold
from engage.reports.period import Period
from engage.reports.stuck import StuckSend, stuck_sends
from engage.sql import tables as t
from engage.sql.codes import Figure, TimerKind
from engage.sql.tables.journey import DAY_FIGURES

Truth = ColumnElement[bool]
#: Who should have been stepped longer ago than this is stuck.
STUCK = timedelta(hours=1)
#: An engine that ticks each minute has not for so long: it stands.
SILENT = timedelta(minutes=10)
#: So many of each kind are named.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Paused:
    """A scenario that the engine paused itself, and why."""

    key: str
    name: str
    fault: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A step that failed in the period, and how often."""

    scenario: str
    scenario_name: str
    step: str
    step_name: str
    count: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many prospects of a scenario should have gone on and have not, and since when the first."""

    scenario: str
    name: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """All that a person should look at, the worst first."""

    hold: Hold | None
    stop: MailStop | None
    #: the last tick, where it is long ago and scenarios run
    silent: datetime | None
    paused: tuple[Paused, ...]
    failing: tuple[Failing, ...]
    stuck: tuple[Stuck, ...]
    in_doubt: int
    failed_calls: int
    last_failed: tuple[Call, ...]
    sends: tuple[StuckSend, ...]
    #: open ToDos whose due date has passed
    overdue: int

    @property
    def calm(self) -> bool:
        """Whether there is nothing to look at."""
        bad = (self.hold, self.stop, self.silent, self.paused, self.failing, self.stuck, self.in_doubt)
        return not any((*bad, self.failed_calls, self.sends, self.overdue))


def attention(connection: Connection, now: datetime, asked: Period) -> Attention:
    """Return what a person should look at.

    The cost follows the scenarios, their timers, and the ToDos that are open.
    """
    return Attention(
        hold=open_hold(connection),
        stop=mail_stop(connection),
        silent=_silent(connection, now),
        paused=_paused(connection),
        failing=_failing(connection, asked),
        stuck=_stuck(connection, now),
        in_doubt=in_doubt(connection),
        failed_calls=failed_calls(connection),
        last_failed=last_failed(connection, SHOWN),
        sends=stuck_sends(connection),
        overdue=overdue(connection, now),
    )


def overdue(connection: Connection, now: datetime, visible: Truth | None = None) -> int:
    """Return how many open ToDos are late; ``visible`` bounds those that are counted."""
    d = t.todos.c
    # Written out, not bound: only so does SQLite see that the index of open ToDos serves.
    late = select(func.count()).select_from(t.todos).where(d.status != literal_column("'completed'"), d.due_at < now)
    return connection.scalar(late if visible is None else late.where(visible)) or 0


def _silent(connection: Connection, now: datetime) -> datetime | None:
    last = last_tick(connection)
    running = select(t.scenarios.c.id).where(t.scenarios.c.state == "running").limit(1)
    return last if last is not None and now - last > SILENT and connection.scalar(running) is not None else None


def _paused(connection: Connection) -> tuple[Paused, ...]:
    s = t.scenarios.c
    found = select(s.key, s.name, s.fault).where(s.fault.is_not(None)).order_by(s.key)
    return tuple(Paused(*row) for row in connection.execute(found))


def _failing(connection: Connection, asked: Period) -> tuple[Failing, ...]:
    n, s, k, days = t.totals.c, t.scenarios, t.steps, asked.numbers
    failed = func.sum(n.count)
    # Grouped by a sum, so that SQLite looks for the figure and the days, and not at all that a step ever had.
    step = (n.step_id + literal_column("0")).label("step_id")
    sums = (
        select(step, failed.label("count"))
        .where(text(DAY_FIGURES), n.figure == int(Figure.FAILED), n.day >= days[0], n.day <= days[-1])
        .group_by(step)
        .having(failed > 0)
        .subquery()
    )
    chosen = (
        select(s.c.key, s.c.name, k.c.key, k.c.name, sums.c.count)
        .select_from(sums.join(k, k.c.id == sums.c.step_id).join(s, s.c.id == k.c.scenario_id))
        .order_by(sums.c.count.desc(), s.c.key, k.c.key)
        .limit(SHOWN)
    )
    return tuple(
        Failing(key, name, step, label or step, int(count))
        for key, name, step, label, count in connection.execute(chosen)
    )


def _stuck(connection: Connection, now: datetime) -> tuple[Stuck, ...]:
    w, s = t.timers.c, t.scenarios
    kinds = (int(TimerKind.STEP), int(TimerKind.WAKE))
    late = (w.kind.in_(kinds), w.due_at < now - STUCK, s.c.state == "running")
    chosen = (
        select(s.c.key, s.c.name, func.sum(w.count).label("stuck"), func.min(w.due_at).label("since"))
        .select_from(t.timers.join(s, s.c.id == w.scenario_id))
        .where(*late)
        .group_by(s.c.key, s.c.name)
        .order_by(func.sum(w.count).desc(), s.c.key)
        .limit(SHOWN)
    )
    return tuple(Stuck(row.key, row.name, int(row.stuck), row.since) for row in connection.execute(chosen))
