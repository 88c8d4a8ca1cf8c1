"""Moments that Python reckons for many rows at once: one for each distinct field value, zone and beginning.

The cohort's distinct values are asked for, the moments come back through a temporary table, and one statement gives
each row its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    Update,
    cast,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from engage.language.fields import FieldType
from engage.sql import tables as t
from engage.sql.cohort import cohort
from engage.sql.interning import word
from engage.sql.scratch import analyse, clear, scratch
from engage.sql.standing import standing, whole

#: What a row is told apart by, and its moment or a small negative number that says otherwise.
appointments = scratch(
    "appointments",
    Column("value", Text, primary_key=True),
    Column("zone", Text, primary_key=True),
    Column("begun", BigInteger, primary_key=True, autoincrement=False),
    Column("due_at", BigInteger, nullable=False),
)
#: A field: its name, its type, and whether it is a custom one.
FieldRef = tuple[str, FieldType, bool]
#: What of a row its moment depends on: a field, the prospect's zone, a column that says when the waiting began.
Basis = tuple[FieldRef | None, bool, Literal["arrived_at", "due_at"] | None]
_HERE = cohort.c.place == whole("here")


def _value(field: FieldRef | None) -> ColumnElement[str]:
    """Return a row's field as text: a day as it is, a moment in microseconds; empty where there is none."""
    if field is None:
        return literal("", Text())
    name, kind, custom = field
    if custom:
        v = t.field_values
        kept = v.c.text if kind == "date" else cast(v.c.whole, Text())
        found = select(kept).where(v.c.prospect_id == cohort.c.prospect_id, v.c.field_id == word("field", name))
    else:
        table, key = (t.standings, "prospect_id") if name in t.standings.c else (t.prospects, "id")
        column = table.c[name] if kind == "date" else cast(type_coerce(table.c[name], BigInteger()), Text())
        found = select(column).where(table.c[key] == cohort.c.prospect_id)
    return func.coalesce(found.correlate(cohort).scalar_subquery(), "")


def _zone(asked: bool) -> ColumnElement[str]:
    if not asked:
        return literal("", Text())
    p = t.prospects
    found = select(p.c.timezone).where(p.c.id == cohort.c.prospect_id).correlate(cohort)
    return func.coalesce(found.scalar_subquery(), "")


def _columns(basis: Basis) -> tuple[ColumnElement[Any], ...]:
    field, zoned, begun = basis
    return _value(field), _zone(zoned), literal(0, BigInteger()) if begun is None else cohort.c[begun]


@standing
def different(basis: Basis) -> Select[Any]:
    """Select what the rows at one place, ``here``, are told apart by."""
    return select(*_columns(basis)).where(_HERE).distinct()


def give_moments(connection: Connection, rows: Iterable[tuple[str, str, int, int]]) -> None:
    """Keep the moments that were reckoned: value, zone, beginning, moment."""
    clear(connection, appointments)
    names = [column.name for column in appointments.c]
    connection.execute(insert(appointments), [dict(zip(names, row, strict=True)) for row in rows])
    analyse(connection, appointments)


@standing
def given(basis: Basis) -> Update:
    """Give each row at one place the moment kept for it."""
    a = appointments
    value, zone, begun = _columns(basis)
    kept = select(a.c.due_at).where(a.c.value == value, a.c.zone == zone, a.c.begun == begun)
    return update(cohort).values(due_at=kept.correlate(cohort).scalar_subquery()).where(_HERE)
