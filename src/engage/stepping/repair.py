"""Rebuilding lost timers: nobody who waits may be forgotten."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, case, func, literal, select

from engage.clock import FOREVER
from engage.sql.codes import CHUNK, TimerKind
from engage.sql.rows import into_timers, timer
from engage.sql.untimed import untimed
from engage.stepping.finish import MINUTE


def repair(connection: Connection) -> int:
    """Write a timer for each active enrolment that has none in time; return how many enrolments had none.

    Begins its own transactions, and writes only if there is anything to write. Timers are hints, so it may run beside
    a tick, and twice. Who waits for a message's hand-over, which has no date, is looked at by the next tick.
    """
    connection.execution_options(engage_reading=True)
    try:
        with connection.begin():
            count = _count(connection)
    finally:
        connection.execution_options(engage_reading=False)
    if not count:
        return 0
    with connection.begin():
        count = _count(connection)
        _write(connection)
    return count


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(untimed(connection).subquery("lost"))) or 0


def _write(connection: Connection) -> None:
    """Write timers of at most a chunk of enrolments, those of one step and one minute together."""
    lost = untimed(connection).subquery("lost")
    due = case((lost.c.due >= FOREVER, 0), else_=lost.c.due)
    minute = (due // literal(MINUTE, BigInteger)).label("minute")
    keys = (lost.c.scenario_id, lost.c.step_id)
    place = func.row_number().over(partition_by=(*keys, minute), order_by=lost.c.id) - 1
    each = select(lost.c.id, *keys, due.label("due"), minute, (place // CHUNK).label("part")).subquery("each_lost")
    here = (each.c.scenario_id, each.c.step_id)
    values = timer(connection.dialect.name, TimerKind.STEP, func.min(each.c.due), *here, each.c.id)
    connection.execute(into_timers(values.group_by(*here, each.c.minute, each.c.part)))
