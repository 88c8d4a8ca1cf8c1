"""How the scenarios stand, and what waits to be done: for ``engage status`` and the dashboard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select

from engage.clock import FOREVER
from engage.reports.calls import Call, failed_calls, last_failed, queued_calls
from engage.reports.health import Hold, MailStop, in_doubt, mail_stop, open_hold
from engage.reports.stuck import StuckSend, stuck_sends
from engage.sql import tables as t
from engage.sql.codes import Figure, TimerKind

#: So many failed calls are shown.
SHOWN = 5
#: The figures of totals that count runs.
_FIGURES = (Figure.ENTERED, Figure.WAITING, Figure.HELD, Figure.GOAL, Figure.LEFT)


@dataclass(frozen=True, slots=True)
class ScenarioStatus:
    """One scenario. The figures count runs."""

    key: str
    name: str
    #: draft, running, paused, stopped
    state: str
    #: why the engine paused it itself: it could not be run
    fault: str | None
    version: int
    entered: int
    active: int
    held: int
    completed: int
    goal: int
    left: int
    #: when the next step is due; None while nothing is, or the scenario does not run
    next_due: datetime | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """All scenarios, by key, and what waits."""

    scenarios: tuple[ScenarioStatus, ...]
    last_tick: datetime | None
    #: the last tick was begun and not finished
    tick_open: bool
    queued_messages: int
    queued_notices: int
    queued_webhooks: int
    queued_actions: int
    failed_calls: int
    #: the last of them, latest first
    last_failed: tuple[Call, ...]
    #: messages that nobody knows of whether they left
    in_doubt: int
    #: a mail server that takes nothing from us
    mail_stop: MailStop | None
    #: the database was restored or copied, so nothing goes out
    hold: Hold | None
    #: one-off sends that wait for a person
    stuck_sends: tuple[StuckSend, ...]
    #: activities that no tick has learnt yet, with those of public pages
    unlearnt: int
    #: timers due at or before now, of scenarios that run
    overdue: int


def status(connection: Connection, now: datetime) -> Status:
    """Return how everything stands; its cost follows the number of steps and timers, not of runs."""
    s = t.scenarios
    counted, due = _counts(connection), _next_due(connection)
    scenarios = tuple(
        _scenario(row, counted.get(row.id, {}), due.get(row.id))
        for row in connection.execute(select(s).order_by(s.c.key))
    )
    tick = connection.execute(select(t.ticks.c.at, t.ticks.c.finished)).one_or_none()
    return Status(
        scenarios=scenarios,
        last_tick=tick.at if tick is not None else None,
        tick_open=tick is not None and not tick.finished,
        queued_messages=_queued(connection, "messages"),
        queued_notices=_queued(connection, "notifications"),
        queued_webhooks=queued_calls(connection, "webhook"),
        queued_actions=queued_calls(connection, "action"),
        failed_calls=failed_calls(connection),
        last_failed=last_failed(connection, SHOWN),
        in_doubt=in_doubt(connection),
        mail_stop=mail_stop(connection),
        hold=open_hold(connection),
        stuck_sends=stuck_sends(connection),
        unlearnt=sum(connection.scalar(select(func.count()).select_from(each)) or 0 for each in (t.unlearnt, t.heard)),
        overdue=_overdue(connection, now),
    )


def _scenario(row: Row[Any], counts: Mapping[int, int], due: datetime | None) -> ScenarioStatus:
    entered, active, held, goal, left = (counts.get(int(figure), 0) for figure in _FIGURES)
    return ScenarioStatus(
        key=row.key,
        name=row.name,
        state=row.state,
        fault=row.fault,
        version=row.version,
        entered=entered,
        active=active,
        held=held,
        completed=entered - active - held - goal - left,
        goal=goal,
        left=left,
        next_due=due if row.state == "running" else None,
        started_at=row.started_at,
    )


def _counts(connection: Connection) -> dict[int, dict[int, int]]:
    """Return the sum of each figure that counts runs, by scenario."""
    n = t.totals
    sums = (
        select(n.c.scenario_id, n.c.figure, func.sum(n.c.count).label("total"))
        .where(n.c.figure.in_([int(figure) for figure in _FIGURES]))
        .group_by(n.c.scenario_id, n.c.figure)
    )
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(sums):
        found[row.scenario_id][row.figure] = int(row.total)
    return found


def _next_due(connection: Connection) -> dict[int, datetime]:
    """Return the first moment at which a step is due, by scenario."""
    w = t.timers
    kinds = (int(TimerKind.STEP), int(TimerKind.WAKE))
    first = select(w.c.scenario_id, func.min(w.c.due_at).label("due_at")).where(
        w.c.kind.in_(kinds), w.c.due_at < FOREVER
    )
    return {row.scenario_id: row.due_at for row in connection.execute(first.group_by(w.c.scenario_id))}


def _queued(connection: Connection, table: str) -> int:
    """Return how many messages are queued, by the partial index: the status is written out for SQLite to see it."""
    queued = t.metadata.tables[table]
    chosen = select(func.count()).select_from(queued).where(queued.c.status == literal_column("0"))
    return connection.scalar(chosen) or 0


def _overdue(connection: Connection, now: datetime) -> int:
    w, s = t.timers, t.scenarios
    stopped = select(s.c.id).where(s.c.state != "running")
    due = select(func.count()).select_from(w).where(w.c.due_at <= now)
    return connection.scalar(due.where(w.c.scenario_id.is_(None) | w.c.scenario_id.not_in(stopped))) or 0
