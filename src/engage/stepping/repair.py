"""Those whom no timer would wake: found by one scan and timed again. A lost timer is a lost person."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Integer, Select, and_, exists, func, insert, literal, not_, select
from sqlalchemy import UniqueConstraint, column, text

from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.columns import Key
from engage.sql.packing import is_postgres, pack
from engage.sql.scratch import analyse, clear, scratch
from engage.stepping.finish import MINUTE

#: Enrolments that some timer names, with the timer's step.
timed = scratch(
    "timed",
    Column("step_id", Integer, nullable=False),
    Column("enrolment_id", Key, nullable=False),
    UniqueConstraint("enrolment_id", "step_id"),
)


def repair_timers(connection: Connection) -> int:
    """Write a timer for each active enrolment that has none at its step; return how many there were.

    Nobody may tick meanwhile: hold ``exclusive(engine, "tick")``. The caller has begun the transaction.
    """
    clear(connection, timed)
    connection.execute(insert(timed).from_select(["step_id", "enrolment_id"], _timed(connection)))
    analyse(connection, timed)
    e, s = t.enrolments, t.scenarios
    lost = and_(
        e.c.state == int(RunState.ACTIVE),
        not_(exists(select(1).where(timed.c.enrolment_id == e.c.id, timed.c.step_id == e.c.step_id))),
    )
    joined = e.join(s, s.c.id == e.c.scenario_id)
    count = connection.scalar(select(func.count()).select_from(joined).where(lost)) or 0
    if count:
        values = select(
            literal(int(TimerKind.STEP)), func.min(e.c.due_at + s.c.paused_total, type_=BigInteger()), e.c.scenario_id,
            e.c.step_id, func.count(), pack(connection, e.c.id),
        ).select_from(joined).where(lost)  # fmt: skip
        grouped = values.group_by(e.c.scenario_id, e.c.step_id, e.c.due_at.op("/")(MINUTE))
        names = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
        connection.execute(insert(t.timers).from_select(names, grouped))
    return count


def _timed(connection: Connection) -> Select[tuple[int, int]]:
    """Return every enrolment that a timer of its own names, with the timer's step, once."""
    timers = t.timers
    of_steps = and_(timers.c.kind == int(TimerKind.STEP), timers.c.ids.is_not(None))
    if is_postgres(connection):
        named = select(timers.c.step_id, func.unnest(timers.c.ids).label("key")).where(of_steps).subquery()
        return select(named.c.step_id, named.c.key).distinct()
    keys = func.json_each(timers.c.ids).table_valued(column("value", BigInteger()))
    joined = timers.join(keys, text("true"))
    return select(timers.c.step_id, keys.c.value).select_from(joined).where(of_steps).distinct()
