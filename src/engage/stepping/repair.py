"""Rebuilding lost timers: nobody who waits may be forgotten."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Text, case, func, insert, literal, select

from engage.clock import FOREVER, moment
from engage.intake.inactivity import start_inactivity
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import AGAIN, CHUNK, TimerKind
from engage.sql.packing import pack
from engage.sql.rows import into_timers, timer
from engage.sql.untimed import untimed
from engage.sql.untimed_others import Known, Lost, known_steps, lost_others
from engage.stepping.finish import MINUTE


def repair(connection: Connection, plans: moves.Plans) -> int:
    """Write the timers that are lost, of every kind that can be told; return how many were without.

    Begins its own transactions, and writes only if there is anything to write. Timers are hints, so it may run beside
    a tick, and twice. Who waits for a message's hand-over, which has no date, is looked at by the next tick.
    """
    connection.execution_options(engage_reading=True)
    try:
        with connection.begin():
            count = _count(connection) + sum(number for _, number in _others(connection, plans))
    finally:
        connection.execution_options(engage_reading=False)
    if not count:
        return 0
    with connection.begin():
        count = _count(connection)
        _write(connection)
        for lost, number in _others(connection, plans):
            _write_other(connection, plans, lost)
            count += number
    return count


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(untimed(connection).subquery("lost"))) or 0


def _others(connection: Connection, plans: moves.Plans) -> tuple[tuple[Lost, int], ...]:
    """Return the timers of other kinds that are lost, and how many are without."""
    last = connection.scalar(select(func.max(t.ticks.c.at)))
    known = Known.of(connection.dialect.name, connection.execute(known_steps()), last)
    counted = (
        (lost, select(func.count()).select_from(lost.chosen.subquery("lost"))) for lost in lost_others(plans, known)
    )
    found = ((lost, connection.scalar(asked) or 0) for lost, asked in counted)
    return tuple((lost, number) for lost, number in found if number)


def _write_other(connection: Connection, plans: moves.Plans, lost: Lost) -> None:
    """Write timers of at most a chunk of keys, those of one moment together; inactivity has its own moments."""
    if lost.kind == TimerKind.INACTIVE:
        last = connection.scalar(select(func.max(t.ticks.c.at))) or moment(0)
        start_inactivity(connection, plans, last, select(lost.chosen.subquery("lost").c.key))
        return
    rows = lost.chosen.subquery("lost")
    if lost.kind == TimerKind.LOOK:
        values = select(*_head(lost, TimerKind.LOOK), rows.c.due, literal(0), literal(0, BigInteger))
        names = ["kind", "scenario_id", "step_id", "facet", "due_at", "count", "after_id"]
        connection.execute(insert(t.timers).from_select(names, values))
        return
    place = func.row_number().over(partition_by=rows.c.due, order_by=rows.c.key) - 1
    each = select(rows.c.key, rows.c.due, (place // CHUNK).label("part")).subquery("each_lost")
    kind = TimerKind.WAKE if lost.kind == TimerKind.SETTLED else lost.kind
    values = select(*_head(lost, kind), each.c.due, func.count(), pack(connection.dialect.name, each.c.key))
    names = ["kind", "scenario_id", "step_id", "facet", "due_at", "count", "ids"]
    connection.execute(insert(t.timers).from_select(names, values.group_by(each.c.due, each.c.part)))


def _head(lost: Lost, kind: TimerKind) -> tuple[ColumnElement[Any], ...]:
    """Return what all timers of a kind have in common."""
    facet = AGAIN if kind == TimerKind.CHANGED else None
    ids = (literal(lost.scenario_id, Integer), literal(lost.step_id, Integer))
    return literal(int(kind)), *ids, literal(facet, Text)


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
