"""Custom fields are written: one row a value, only where it differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    Table,
    Text,
    and_,
    delete,
    or_,
    select,
    tuple_,
)

from engage.intake.import_kind import Task
from engage.intake.keeping import keep_custom
from engage.intake.prospect_rows import Draft, Shape, folded
from engage.intake.staging import Cell, load
from engage.intake.typed import Value
from engage.language.fields import FieldType
from engage.sql import tables as t
from engage.sql.interning import upsert, word_ids
from engage.sql.scratch import clear, scratch

_KEPT = ("text", "folded", "number", "whole")

#: Values of custom fields, by the place of their person in the batch; empty ones clear.
values = scratch(
    "staged_values",
    Column("n", Integer),
    Column("field_id", Integer),
    Column("empty", Boolean),
    Column("text", Text),
    Column("folded", Text),
    Column("number", Float),
    Column("whole", BigInteger),
)


def write_custom(connection: Connection, people: Table, drafts: Sequence[Draft], shape: Shape, task: Task) -> list[int]:
    """Store the custom fields of drafts; return the prospects that changed."""
    if not shape.custom:
        return []
    clear(connection, values)
    numbers = word_ids(connection, "field", shape.custom)
    rows = [
        (n, numbers[name], value is None, *stored(value, shape.custom[name]))
        for n, draft in enumerate(drafts)
        for name, value in draft.custom.items()
    ]
    load(connection, values, ("n", "field_id", "empty", *_KEPT), rows)
    keep_custom(connection, people, values, task)
    changed = _store(connection, people)
    if task.options.clear_empty:
        changed += _clear(connection, people)
    return changed


def stored(value: Value | None, kind: FieldType) -> tuple[Cell, Cell, Cell, Cell]:
    """Return text, folded text, number and whole number, of which a field's type uses some.

    >>> stored("VIP", "text"), stored(True, "boolean")
    (('VIP', 'vip', None, None), (None, None, None, 1))
    """
    match value:
        case None:
            return None, None, None, None
        case str() if kind == "text":
            return value, folded(value), None, None
        case str():
            return value, None, None, None
        case float():
            return None, None, value, None
        case _:
            return None, None, None, int(value)


def _store(connection: Connection, people: Table) -> list[int]:
    f = t.field_values
    said = (
        select(people.c.prospect_id, values.c.field_id, *(values.c[name] for name in _KEPT))
        .select_from(values.join(people, people.c.n == values.c.n))
        .where(values.c.empty.is_(False), people.c.prospect_id.is_not(None))
    )
    into: Any = upsert(connection.dialect.name, f).from_select(["prospect_id", "field_id", *_KEPT], said)
    differs: list[ColumnElement[bool]] = [f.c[name].is_distinct_from(into.excluded[name]) for name in _KEPT]
    stored_ = into.on_conflict_do_update(
        index_elements=[f.c.prospect_id, f.c.field_id],
        set_={name: into.excluded[name] for name in _KEPT},
        where=or_(*differs),
    )
    return list(connection.scalars(stored_.returning(f.c.prospect_id)))


def _clear(connection: Connection, people: Table) -> list[int]:
    f = t.field_values
    emptied = (
        select(people.c.prospect_id, values.c.field_id)
        .select_from(values.join(people, people.c.n == values.c.n))
        .where(and_(values.c.empty, people.c.prospect_id.is_not(None)))
    )
    gone = delete(f).where(tuple_(f.c.prospect_id, f.c.field_id).in_(emptied))
    return list(connection.scalars(gone.returning(f.c.prospect_id)))
