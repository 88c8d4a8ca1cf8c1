"""The batch: the activities that are learnt together, in the order in which they happened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from engage.sql import tables as t
from engage.sql.columns import Instant, Key
from engage.sql.scratch import analyse, clear, inserted, keyless, scratch

#: What is learnt at this moment. Those of bots are gone from it once they are marked as learnt.
batch = keyless(
    scratch(
        "batch",
        Column("activity_id", Key, primary_key=True, autoincrement=False),
        Column("prospect_id", Key, nullable=False),
        Column("type_id", Integer, nullable=False),
        Column("target_id", Integer),
        Column("message_id", Key),
        Column("occurred_at", Instant, nullable=False),
        Column("bot", Boolean, nullable=False),
    )
)


def take(connection: Connection, now: datetime, limit: int) -> tuple[int, int]:
    """Fill ``batch`` with the next activities and mark them learnt; return how many, and how many count."""
    clear(connection, batch)
    taken = _fill(connection, now, limit)
    if not taken:
        return 0, 0
    analyse(connection, batch)
    _forget(connection)
    a = t.activities
    ids = select(batch.c.activity_id)
    connection.execute(update(a).where(a.c.id.in_(ids)).values(learnt_at=now))
    bots = connection.execute(delete(batch).where(batch.c.bot)).rowcount
    return taken, taken - bots


def _fill(connection: Connection, now: datetime, limit: int) -> int:
    u, a = t.unlearnt, t.activities
    order = (u.c.occurred_at, u.c.activity_id)
    following = select(*order).where(u.c.occurred_at <= now).order_by(*order).limit(limit).subquery("following")
    joined = following.join(a, a.c.id == following.c.activity_id)
    columns = (a.c.id, a.c.prospect_id, a.c.type_id, a.c.target_id, a.c.message_id, a.c.occurred_at, a.c.bot)
    names = [column.name for column in batch.c]
    return inserted(connection, insert(batch).from_select(names, select(*columns).select_from(joined)))


def _forget(connection: Connection) -> None:
    """Take the batch off the list of what is not learnt yet; the bounds keep what lies ahead unread."""
    at, key = t.unlearnt.c.occurred_at, t.unlearnt.c.activity_id
    keys = select(batch.c.occurred_at, batch.c.activity_id)
    first, last = (select(edge(batch.c.occurred_at)).scalar_subquery() for edge in (func.min, func.max))
    connection.execute(delete(t.unlearnt).where(at >= first, at <= last, tuple_(at, key).in_(keys)))


def types_present(connection: Connection) -> dict[str, int]:
    """Return the types of the batch's activities, with their numbers."""
    present = select(batch.c.type_id).distinct()
    rows = connection.execute(select(t.words.c.text, t.words.c.id).where(t.words.c.id.in_(present)))
    return {row.text: row.id for row in rows}
