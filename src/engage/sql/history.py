"""Changes are kept: the rows of ``changes`` that say what was before, written in the transaction of the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Insert,
    Integer,
    cast,
    insert,
    literal,
    select,
    type_coerce,
)

from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.columns import Instant

Column = ColumnElement[Any]
#: Values of a change by the column that keeps them.
Was = dict[str, Column]


def kept(
    joined: FromClause, prospect_id: Column, at: Column, kind: ChangeKind, ref: Column, *wheres: Column, **was: Column
) -> Insert:
    """Return the INSERT that keeps what was before a change; run it before the change.

    ``was`` are the old values by their column, and ``enrolment_id`` and ``step_id`` of the step that changes them.
    """
    names = ["prospect_id", "at", "kind", "ref", *was]
    rows = select(prospect_id, at, literal(int(kind)), ref, *was.values()).select_from(joined).where(*wheres)
    return insert(t.changes).from_select(names, rows)


def value_of(column: Column) -> Was:
    """Return a standard field's old value under the column of ``changes`` that keeps its type.

    >>> [list(value_of(t.prospects.c[name])) for name in ("city", "annual_revenue", "employees", "do_not_call")]
    [['text'], ['number'], ['whole'], ['whole']]
    """
    if isinstance(column.type, Instant):
        return {"whole": type_coerce(column, BigInteger)}
    if isinstance(column.type, Boolean):
        return {"whole": cast(column, Integer)}
    kind = column.type.python_type
    return {{str: "text", float: "number"}.get(kind, "whole"): column}


def custom_value() -> Was:
    """Return a custom field's old value; empty where there is no row."""
    v = t.field_values.c
    return {"text": v.text, "number": v.number, "whole": v.whole}
