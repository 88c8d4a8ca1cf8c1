"""Active enrolments that no timer will wake in time: a lost timer is a lost person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Subquery,
    and_,
    cast,
    column,
    func,
    literal,
    select,
    text,
    type_coerce,
)

from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.packing import is_postgres

#: Later than any moment, FOREVER too.
_NEVER = 2**63 - 1


def untimed(connection: Connection) -> Select[Any]:
    """Return the active enrolments of scenarios that run or are paused and have no timer at or before their due moment.

    The columns: ``id``, ``scenario_id``, ``step_id``, and ``due``, in real microseconds.
    """
    e, s, timed = t.enrolments, t.scenarios, _timed(connection)
    due = type_coerce(e.c.due_at, BigInteger) + s.c.paused_total
    joined = e.join(s, s.c.id == e.c.scenario_id).outerjoin(
        timed, and_(timed.c.key == e.c.id, timed.c.step_id == e.c.step_id)
    )
    return (
        select(e.c.id, e.c.scenario_id, e.c.step_id, due.label("due"))
        .select_from(joined)
        .where(
            e.c.state == int(RunState.ACTIVE),
            s.c.state.in_(("running", "paused")),
            func.coalesce(timed.c.first, literal(_NEVER, BigInteger)) > due,
        )
    )


def _timed(connection: Connection) -> Subquery:
    """Return the first timer of each enrolment in the packed ones, by enrolment and step."""
    w = t.timers
    kinds = w.c.kind.in_((int(TimerKind.STEP), int(TimerKind.WAKE)))
    due = type_coerce(w.c.due_at, BigInteger).label("due")
    if is_postgres(connection):
        each = select(func.unnest(w.c.ids).label("key"), w.c.step_id, due).where(kinds).subquery("each_timed")
    else:
        keys = func.json_each(w.c.ids).table_valued(column("value", BigInteger()))
        joined = w.join(keys, text("true"))
        # Without the cast SQLite compares by another affinity and makes no index: each is looked for among all.
        each = (
            select(cast(keys.c.value, BigInteger).label("key"), w.c.step_id, due)
            .select_from(joined)
            .where(kinds)
            .subquery("each_timed")
        )
    first = func.min(each.c.due).label("first")
    return select(each.c.key, each.c.step_id, first).group_by(each.c.key, each.c.step_id).subquery("timed")
