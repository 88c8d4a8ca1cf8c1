"""A private copy of a live database, which is only read, made ready to walk one scenario forward."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select, update

from engage.sql import tables as t
from engage.sql.codes import MessageStatus, TimerKind
from engage.sql.columns import written
from engage.sql.connect import connect, reading

#: Rows copied at a time from PostgreSQL.
_ROWS = 5_000
#: Kept of the timers: what the mere passing of time does to scores.
_KEPT_TIMERS = (int(TimerKind.INACTIVE),)


def empty(file: Path) -> Engine:
    """Return an empty database of our own in a file."""
    engine = _ours(file)
    t.metadata.create_all(engine)
    return engine


def copied(live: Engine, file: Path) -> Engine:
    """Return a copy of a database in a file; the database itself is only read."""
    if live.dialect.name == "sqlite":
        uri = f"file:{Path(str(live.url.database)).absolute().as_posix()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        return _ours(file)
    engine = empty(file)
    with reading(live).connect() as source, engine.begin() as target:
        source = source.execution_options(stream_results=True, isolation_level="REPEATABLE READ")
        for table in t.metadata.sorted_tables:
            for rows in source.execute(select(*written(table))).mappings().partitions(_ROWS):
                target.execute(insert(table), [dict(row) for row in rows])
    return engine


def _ours(file: Path) -> Engine:
    return connect(f"sqlite:///{file}")


def make_ready(connection: Connection, scenario: str) -> None:
    """Let nothing run in the copy, and nobody ever have been in the scenario: the forecast starts it anew."""
    s, m = t.scenarios, t.messages
    connection.execute(update(s).values(state="stopped", paused_at=None))
    connection.execute(update(t.sends).values(due_at=None))
    connection.execute(delete(t.timers).where(t.timers.c.kind.not_in(_KEPT_TIMERS)))
    connection.execute(delete(t.ticks))
    queued = (int(MessageStatus.QUEUED), int(MessageStatus.HELD))
    connection.execute(update(m).where(m.c.status.in_(queued)).values(status=int(MessageStatus.CANCELLED)))
    waiting = t.notifications.c.status == int(MessageStatus.QUEUED)
    connection.execute(update(t.notifications).where(waiting).values(status=int(MessageStatus.CANCELLED)))
    number = connection.scalar(select(s.c.id).where(s.c.key == scenario))
    if number is not None:
        _forget_runs(connection, number)


def _forget_runs(connection: Connection, number: int) -> None:
    e = t.enrolments
    runs = select(e.c.id).where(e.c.scenario_id == number)
    for table in (t.messages, t.todos, t.notifications, t.score_entries):
        connection.execute(update(table).where(table.c.enrolment_id.in_(runs)).values(enrolment_id=None))
    for table in (t.visits, t.reasons):
        connection.execute(delete(table).where(table.c.enrolment_id.in_(runs)))
    for table in (e, t.totals, t.audience_members, t.pauses, t.lifetimes):
        connection.execute(delete(table).where(table.c.scenario_id == number))
    fresh = {"state": "draft", "started_at": None, "paused_total": 0}
    connection.execute(update(t.scenarios).where(t.scenarios.c.id == number).values(fresh))
