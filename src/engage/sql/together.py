"""Many rows of values for one statement: on PostgreSQL they come as arrays, and one run serves them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.type_api import TypeEngine

from engage.sql.standing import run, run_each


def given(kinds: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """Return the rows of values as a table of these columns (PostgreSQL)."""
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    columns = [column(name, kind) for name, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="given")


def run_together(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """Run a standing statement for all rows of values: at once where it reads them from ``given``, else one by one."""
    if connection.dialect.name != "postgresql":
        run_each(connection, statement, rows)
    elif rows:
        run(connection, statement, None, **{name: [row[name] for row in rows] for name in rows[0]})
