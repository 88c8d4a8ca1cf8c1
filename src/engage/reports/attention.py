"""What a person should look at first: what is stopped, failed, stuck or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, select, text, type_coerce

from engage.clock import micros
from engage.reports.calls import Call, failed_calls, last_failed
from engage.reports.health import Hold, MailStop, in_doubt, last_tick, mail_stop, open_hold
from engage.reports.period import Period
from engage.reports.stuck import StuckSend, stuck_sends
from engage.sql import tables as t
from engage.sql.codes import FAILED, RunState, TimerKind
from engage.sql.packing import unpacked

Truth = ColumnElement[bool]
#: Who should have been stepped longer ago than this is stuck.
STUCK = timedelta(hours=1)
#: An engine that ticks each minute has not for so long: it stands.
SILENT = timedelta(minutes=10)
#: So many of each kind are named.
SHOWN = 10
#: So many late wake-ups are looked at one by one; of more, a run that has two counts twice.
_COUNTED = 20_000


@dataclass(frozen=True, slots=True)
class Paused:
    """A scenario that the engine paused itself, and why."""

    key: str
    name: str
    fault: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A step that failed for prospects in the period, and how often."""

    scenario: str
    scenario_name: str
    step: str
    step_name: str
    count: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many prospects of a scenario, by its key, should have gone on and have not, and since when the first."""

    scenario: str
    name: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """All that a person should look at, the worst first."""

    hold: Hold | None
    stop: MailStop | None
    #: the last tick, or the first start if there was none, where it is long ago and scenarios run
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
    """Return since when nothing has ticked, where that is long ago; an engine that was never begun has a start."""
    s = t.scenarios.c
    begun = connection.scalar(select(func.min(s.started_at)).where(s.state == "running"))
    since = last_tick(connection) or begun
    return since if begun is not None and since is not None and now - since > SILENT else None


def _paused(connection: Connection) -> tuple[Paused, ...]:
    s = t.scenarios.c
    found = select(s.key, s.name, s.fault).where(s.fault.is_not(None)).order_by(s.key)
    return tuple(Paused(*row) for row in connection.execute(found))


def _failing(connection: Connection, asked: Period) -> tuple[Failing, ...]:
    v, s, k = t.visits.c, t.scenarios, t.steps
    count = func.count()
    sums = (
        select(v.step_id, count.label("count"))
        .where(text(FAILED), v.left_at >= asked.bounds[0])
        .group_by(v.step_id)
        .order_by(count.desc(), v.step_id)
        .limit(SHOWN)
        .subquery()
    )
    chosen = (
        select(s.c.key, s.c.name, k.c.key, k.c.name, sums.c.count)
        .select_from(sums.join(k, k.c.id == sums.c.step_id).join(s, s.c.id == k.c.scenario_id))
        .order_by(sums.c.count.desc(), s.c.key, k.c.key)
    )
    return tuple(
        Failing(key, name, step, label or step, int(count))
        for key, name, step, label, count in connection.execute(chosen)
    )


def _stuck(connection: Connection, now: datetime) -> tuple[Stuck, ...]:
    """Return the scenarios whose runs are late, those with most of them first."""
    w, s = t.timers.c, t.scenarios
    kinds = (int(TimerKind.STEP), int(TimerKind.WAKE))
    late = (w.kind.in_(kinds), w.due_at < now - STUCK, s.c.state == "running")
    chosen = (
        select(s.c.id, s.c.key, s.c.name, func.sum(w.count).label("stuck"), func.min(w.due_at).label("since"))
        .select_from(t.timers.join(s, s.c.id == w.scenario_id))
        .where(*late)
        .group_by(s.c.id, s.c.key, s.c.name)
        .order_by(func.sum(w.count).desc(), s.c.key)
        .limit(SHOWN)
    )
    found = [
        Stuck(row.key, row.name, _late_runs(connection, row.id, kinds, now, int(row.stuck)), row.since)
        for row in connection.execute(chosen).all()
    ]
    return tuple(sorted((each for each in found if each.count), key=lambda each: (-each.count, each.scenario)))


def _late_runs(connection: Connection, scenario: int, kinds: tuple[int, ...], now: datetime, wakes: int) -> int:
    """Return how many runs of a scenario are late; ``wakes`` is how often they are to be woken.

    A wake-up is only a hint: a run may have two, and one that has ended or gone on keeps its own until it is due.
    """
    if wakes > _COUNTED:
        return wakes
    w, e = t.timers.c, t.enrolments.c
    timers = select(w.id).where(w.kind.in_(kinds), w.due_at < now - STUCK, w.scenario_id == scenario)
    keys = unpacked(connection.dialect.name, connection.scalars(timers).all())
    due = type_coerce(e.due_at, BigInteger) < micros(now - STUCK)
    late = select(e.id).where(e.id.in_(select(keys.c.key)), e.state == int(RunState.ACTIVE), due)
    return connection.scalar(select(func.count()).select_from(late.subquery())) or 0
