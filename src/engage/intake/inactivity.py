"""Inactivity: each full span without activity takes points, never below a floor (SPEC section 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Select,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    type_coerce,
)

from engage.clock import MICROSECOND, micros
from engage.intake.ledger import begin_earning, earn, entry, lock_standings, post
from engage.plan.moves import Inactivity, Plans
from engage.sql import tables as t
from engage.sql.codes import CHUNK, EntryKind, TimerKind
from engage.sql.columns import Key
from engage.sql.packing import pack, unpacked
from engage.sql.scratch import analyse, clear, keyless, scratch, update_from
from engage.sql.standing import NOW, run, standing

#: Timers of one minute are packed together.
_MINUTE = literal(60_000_000, BigInteger)

#: Those whose inactivity is counted: since when (microseconds), how many periods are full, how many of them
#: have been counted, and how far the score lies above the floor.
idle = keyless(
    scratch(
        "idle",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("since", BigInteger, nullable=False),
        Column("periods", Integer, nullable=False),
        Column("counted", Integer, nullable=False),
        Column("room", BigInteger, nullable=False),
    )
)


def start_inactivity(connection: Connection, plans: Plans, now: datetime, prospects: Select[Any]) -> None:
    """Write timers for prospects that have none: new ones, or all when the rule is first applied."""
    if plans.scoring.inactivity is not None:
        time_inactivity(connection, _beginning(plans.scoring.inactivity, prospects), now)


@standing
def _beginning(rule: Inactivity, prospects: Select[Any]) -> Select[Any]:
    s = t.standings
    since = type_coerce(func.coalesce(s.c.last_activity_at, s.c.created_at), BigInteger)
    due = since + (s.c.inactive_periods + 1) * _span(rule)
    return select(s.c.prospect_id, due.label("due_at")).where(s.c.prospect_id.in_(prospects))


def count_inactive(connection: Connection, plans: Plans, now: datetime, timer_ids: list[int]) -> None:
    """Take points for each period that has become full, and write the next timers for those of claimed ones.

    Who lost points stands in ``ledger.earned`` until the transaction ends. The claimed timers are deleted.
    """
    rule = plans.scoring.inactivity
    begin_earning(connection)
    if rule is not None:
        _fill(connection, rule, now, timer_ids)
        _take_points(connection, rule, now)
        values = {"inactive_periods": idle.c.periods}
        connection.execute(update_from(connection.dialect.name, t.standings, idle, values))
        time_inactivity(connection, _again(rule), now)
    connection.execute(delete(t.timers).where(t.timers.c.id.in_(timer_ids)))


@standing
def _again(rule: Inactivity) -> Select[Any]:
    """Select when the next period of those in ``idle`` is full."""
    due = idle.c.since + (idle.c.periods + 1) * _span(rule)
    return select(idle.c.prospect_id, due.label("due_at"))


def _span(rule: Inactivity) -> ColumnElement[int]:
    return literal(rule.every.length // MICROSECOND, BigInteger)


def _fill(connection: Connection, rule: Inactivity, now: datetime, timer_ids: list[int]) -> None:
    """Fill ``idle`` with the prospects packed in some timers."""
    clear(connection, idle)
    s = t.standings
    claimed = select(unpacked(connection.dialect.name, timer_ids).c.key)
    lock_standings(connection, claimed)
    since = type_coerce(func.coalesce(s.c.last_activity_at, s.c.created_at), BigInteger)
    full = (literal(micros(now), BigInteger) - since) // _span(rule)
    # A period counted before stays counted, though the span may have become longer since.
    periods = case((full > s.c.inactive_periods, full), else_=s.c.inactive_periods)
    values = (s.c.prospect_id, since, periods, s.c.inactive_periods, s.c.score - rule.floor)
    chosen = select(*values).where(s.c.prospect_id.in_(claimed))
    connection.execute(insert(idle).from_select([column.name for column in idle.c], chosen))
    analyse(connection, idle)


def _take_points(connection: Connection, rule: Inactivity, now: datetime) -> None:
    """Write one entry a period, each at the period's end, until the floor is reached."""
    if not rule.points:
        return
    for number in range(1, _most(connection) + 1):
        at = idle.c.since + (idle.c.counted + number) * _span(rule)
        room = idle.c.room + (number - 1) * rule.points
        points: ColumnElement[Any] = literal(rule.points, BigInteger)
        here = [idle.c.counted + number <= idle.c.periods]
        if rule.points < 0:
            points = case((room < -rule.points, -room), else_=points)
            here.append(room > 0)
        if not earn(connection, entry(idle.c.prospect_id, at, points, EntryKind.INACTIVITY).where(*here)):
            break
    post(connection, now)


def _most(connection: Connection) -> int:
    """Return the largest number of periods to be counted for one prospect."""
    return connection.scalar(select(func.max(idle.c.periods - idle.c.counted))) or 0


def time_inactivity(connection: Connection, who: Select[Any], now: datetime) -> None:
    """Write timers for a standing SELECT of prospects, packed by the minute of ``due_at``; the overdue are due now."""
    run(connection, _timed(connection.dialect.name, who), None, now=micros(now))


@standing
def _timed(database: str, who: Select[Any]) -> Insert:
    chosen = who.subquery("chosen")
    each = select(
        chosen.c.prospect_id, case((chosen.c.due_at < NOW, NOW), else_=chosen.c.due_at).label("due_at")
    ).subquery("each")
    minute = each.c.due_at // _MINUTE
    place = func.row_number().over(partition_by=minute, order_by=each.c.prospect_id)
    placed = select(*each.c, minute.label("minute"), ((place - 1) // CHUNK).label("part")).subquery("placed")
    rows = select(
        literal(int(TimerKind.INACTIVE)), func.min(placed.c.due_at), func.count(), pack(database, placed.c.prospect_id)
    ).group_by(placed.c.minute, placed.c.part)  # fmt: skip
    return insert(t.timers).from_select(["kind", "due_at", "count", "ids"], rows)
