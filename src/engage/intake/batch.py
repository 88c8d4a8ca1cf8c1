"""The batch: the activities that are learnt together, in the order in which they happened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Delete,
    Insert,
    Integer,
    Select,
    Update,
    delete,
    insert,
    select,
    tuple_,
    type_coerce,
    update,
)

from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.columns import Instant, Key
from engage.sql.scratch import analyse, clear, counted, keyless, scratch, spanned
from engage.sql.standing import NOW, run, standing, whole

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


def take(connection: Connection, asked: Now, limit: int) -> tuple[int, int]:
    """Fill ``batch`` with the next activities and mark them learnt; return how many, and how many count."""
    clear(connection, batch)
    taken = run(connection, _filled(), asked, most=limit).rowcount
    if not taken:
        return 0, 0
    analyse(connection, batch)
    run(connection, _forgotten(), asked)
    run(connection, _learnt(), asked)
    bots = run(connection, _bots(), asked).rowcount
    return taken, taken - bots


@standing
def _filled() -> Insert:
    u, a = t.unlearnt, t.activities
    order = (u.c.occurred_at, u.c.activity_id)
    happened = type_coerce(u.c.occurred_at, BigInteger) <= NOW
    following = select(*order).where(happened).order_by(*order).limit(whole("most")).subquery("following")
    joined = following.join(a, a.c.id == following.c.activity_id)
    columns = (a.c.id, a.c.prospect_id, a.c.type_id, a.c.target_id, a.c.message_id, a.c.occurred_at, a.c.bot)
    names = [column.name for column in batch.c]
    return counted(insert(batch).from_select(names, select(*columns).select_from(joined)))


@standing
def _forgotten() -> Delete:
    """Take the batch off the list of what is not learnt yet; the bounds keep what lies ahead unread."""
    at, key = t.unlearnt.c.occurred_at, t.unlearnt.c.activity_id
    keys = select(batch.c.occurred_at, batch.c.activity_id)
    return delete(t.unlearnt).where(spanned(at, batch.c.occurred_at), tuple_(at, key).in_(keys))


@standing
def _learnt() -> Update:
    a = t.activities
    return update(a).where(a.c.id.in_(select(batch.c.activity_id))).values(learnt_at=NOW)


@standing
def _bots() -> Delete:
    return delete(batch).where(batch.c.bot)


def types_present(connection: Connection) -> dict[str, int]:
    """Return the types of the batch's activities, with their numbers."""
    return {row.text: row.id for row in connection.execute(_types())}


@standing
def _types() -> Select[Any]:
    present = select(batch.c.type_id).distinct()
    return select(t.words.c.text, t.words.c.id).where(t.words.c.id.in_(present))
