"""How full and how late everything is, as numbers for machines that watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from engage.reports.attention import overdue
from engage.reports.calls import failed_calls, queued_calls
from engage.reports.health import MailHealth, last_tick, mail_health
from engage.sql import tables as t
from engage.sql.codes import RUN_FIGURES, Figure


@dataclass(frozen=True, slots=True)
class Gauges:
    """The numbers, all of one moment."""

    mail: MailHealth
    last_tick: datetime | None
    #: what waits to go out, by kind
    queued: Mapping[str, int]
    failed_calls: int
    #: activities and events of public pages that no tick has learnt
    unlearnt: int
    #: runs that wait at a step, and that are held
    waiting: int
    held: int
    overdue_todos: int
    #: scenarios by their state, and how many the engine paused itself
    scenarios: Mapping[str, int]
    faulty: int


def gauges(connection: Connection, now: datetime) -> Gauges:
    """Return the numbers; their cost follows what waits, and the scenarios."""
    mail, s = mail_health(connection, now), t.scenarios.c
    runs = _runs(connection)
    states = connection.execute(select(s.state, func.count(), func.count(s.fault)).group_by(s.state)).all()
    return Gauges(
        mail=mail,
        last_tick=last_tick(connection),
        queued={
            "message": mail.queued,
            "notification": mail.notices,
            "webhook": queued_calls(connection, "webhook"),
            "action": queued_calls(connection, "action"),
        },
        failed_calls=failed_calls(connection),
        unlearnt=sum(connection.scalar(select(func.count()).select_from(each)) or 0 for each in (t.unlearnt, t.heard)),
        waiting=runs.get(int(Figure.WAITING), 0),
        held=runs.get(int(Figure.HELD), 0),
        overdue_todos=overdue(connection, now),
        scenarios={"draft": 0, "running": 0, "paused": 0, "stopped": 0} | {row[0]: row[1] for row in states},
        faulty=sum(row[2] for row in states),
    )


def _runs(connection: Connection) -> dict[int, int]:
    """Return how many runs wait and how many are held, by figure."""
    n = t.totals.c
    asked = (int(Figure.WAITING), int(Figure.HELD))
    sums = select(n.figure, func.sum(n.count)).where(text(RUN_FIGURES), n.figure.in_(asked)).group_by(n.figure)
    return {figure: int(count) for figure, count in connection.execute(sums)}
