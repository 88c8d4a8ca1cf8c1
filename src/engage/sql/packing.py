"""Packed keys as SQL: many keys of one row become rows, and rows become one packed row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Subquery, column, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.types import BigInteger

from engage.sql import tables as t


def is_postgres(connection: Connection) -> bool:
    """Tell whether the connection is to PostgreSQL."""
    return connection.dialect.name == "postgresql"


def pack(database: str, key: ColumnElement[int]) -> ColumnElement[Any]:
    """Return an aggregate that packs keys into one value, in order of the key on PostgreSQL.

    ``database`` is the name of its kind: sqlite or postgresql.
    """
    if database == "postgresql":
        return func.array_agg(aggregate_order_by(key, key), type_=ARRAY(BigInteger()))
    return func.json_group_array(key)


def unpacked(database: str, timer_ids: Sequence[int] | BindParameter[Any]) -> Subquery:
    """Return the keys packed in some timers, as ``key`` beside their timer's ``step_id``; one may come twice."""
    chosen = t.timers.c.id.in_(timer_ids)
    if database == "postgresql":
        return select(func.unnest(t.timers.c.ids).label("key"), t.timers.c.step_id).where(chosen).subquery("packed")
    keys = func.json_each(t.timers.c.ids).table_valued(column("value", BigInteger()))
    joined = t.timers.join(keys, text("true"))
    return select(keys.c.value.label("key"), t.timers.c.step_id).select_from(joined).where(chosen).subquery("packed")


def greatest(database: str, *columns: ColumnElement[int]) -> ColumnElement[int]:
    """Return the greatest of some values, none of them NULL."""
    return func.greatest(*columns) if database == "postgresql" else func.max(*columns)
