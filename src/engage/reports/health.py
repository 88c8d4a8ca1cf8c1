"""What an administrator asks first: does the database answer, does the engine keep up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from engage.clock import micros
from engage.language.zones import zone
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, TimerKind


@dataclass(frozen=True, slots=True)
class Health:
    """Figures of a database that is in use."""

    #: the last tick's moment, and whether it came to its end
    last_tick: datetime | None
    finished: bool
    scenarios_running: int
    queued: int
    in_doubt: int
    notifications: int
    #: activities that no tick has learnt yet
    unlearnt: int
    #: timers of running scenarios that are past due
    overdue: int
    #: time zones of prospects that are none
    strange_zones: tuple[str, ...]


def health(connection: Connection, now: datetime) -> Health:
    """Return how things stand at a moment."""
    last = connection.execute(select(t.ticks.c.at, t.ticks.c.finished)).first()
    by_status = select(t.messages.c.status, func.count()).group_by(t.messages.c.status)
    messages = dict(connection.execute(by_status).tuples().all())
    queued = int(MessageStatus.QUEUED)
    return Health(
        last_tick=None if last is None else last.at,
        finished=last is None or bool(last.finished),
        scenarios_running=_count(connection, t.scenarios.c.state == "running"),
        queued=messages.get(queued, 0),
        in_doubt=messages.get(int(MessageStatus.IN_DOUBT), 0),
        notifications=_count(connection, t.notifications.c.status == queued),
        unlearnt=_count(connection, t.unlearnt.c.occurred_at <= now),
        overdue=_overdue(connection, now),
        strange_zones=_strange_zones(connection),
    )


def server(connection: Connection) -> dict[str, str]:
    """Return what the database says of itself: its version, and on SQLite how durable it is."""
    if connection.dialect.name == "postgresql":
        return {"version": f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"}
    levels = {0: "off", 1: "normal", 2: "full", 3: "extra"}
    level = int(connection.scalar(text("PRAGMA synchronous")) or 0)
    return {
        "version": f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}",
        "journal": str(connection.scalar(text("PRAGMA journal_mode"))),
        "synchronous": levels.get(level, str(level)),
    }


def _count(connection: Connection, where) -> int:  # type: ignore[no-untyped-def]
    return connection.scalar(select(func.count()).where(where)) or 0


def _overdue(connection: Connection, now: datetime) -> int:
    timers, running = t.timers, select(t.scenarios.c.id).where(t.scenarios.c.state == "running")
    late = (timers.c.kind == int(TimerKind.STEP)) & (timers.c.due_at < micros(now)) & timers.c.scenario_id.in_(running)
    return connection.scalar(select(func.coalesce(func.sum(timers.c.count), 0)).where(late)) or 0


def _strange_zones(connection: Connection) -> tuple[str, ...]:
    p = t.prospects
    named = connection.scalars(select(p.c.timezone).where(p.c.timezone.is_not(None)).distinct().order_by(p.c.timezone))
    return tuple(name for name in named if name and not _is_zone(name))


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True
