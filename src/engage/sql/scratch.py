"""Temporary tables: a transaction's scratch paper, made once for each connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Executable,
    Insert,
    MetaData,
    Table,
    UniqueConstraint,
    Update,
    func,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateTable

from engage.sql.packing import is_postgres

#: Under this name a connection remembers which temporary tables it has.
MADE = "engage_scratch"


def scratch(name: str, *columns: Column[Any] | UniqueConstraint) -> Table:
    """Return the definition of a temporary table; PostgreSQL empties it at each commit."""
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS")


def keyless(table: Table) -> Table:
    """Have PostgreSQL keep no index on a temporary table's key: its rows are read all at once."""
    table.info["keyless"] = True
    return table


def _made(connection: Connection, table: Table) -> Executable:
    """Return the statement that makes a temporary table where there is none."""
    if not (table.info.get("keyless") and is_postgres(connection)):
        return CreateTable(table, if_not_exists=True)
    columns = ", ".join(f"{c.name} {c.type.compile(connection.dialect)}" for c in table.columns)
    return text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table.name} ({columns}) ON COMMIT DELETE ROWS")


def clear(connection: Connection, *tables: Table) -> None:
    """Make temporary tables where the connection has none yet, and empty them."""
    made: set[str] = connection.info.setdefault(MADE, set())
    for table in tables:
        if table.name not in made:
            connection.execute(_made(connection, table))
            if not is_postgres(connection):
                _call_small(connection, table, first=not made)
            made.add(table.name)
        connection.exec_driver_sql(f"DELETE FROM {table.name}")


def _call_small(connection: Connection, table: Table, *, first: bool) -> None:
    """Have SQLite take a temporary table for a small one: it is to be read first, the others by its keys.

    Of tables of which it knows nothing SQLite thinks that they hold a million rows. So once ANALYZE was run, it would
    read every enrolment there is rather than those of the ten prospects who are looked at.
    """
    if first:
        connection.exec_driver_sql("ANALYZE temp")  # makes the table of the figures, where there is none
    connection.exec_driver_sql("INSERT INTO temp.sqlite_stat1 VALUES (?, NULL, '100')", (table.name,))
    connection.exec_driver_sql("ANALYZE temp.sqlite_master")


def forget(connection: Connection) -> None:
    """Know no longer which temporary tables a connection has: a rollback takes those made before it."""
    # A connection that was lost has forgotten already, and asking for its notes would hide why it was lost.
    if not connection.invalidated:
        connection.info.pop(MADE, None)


def analyse(connection: Connection, *tables: Table) -> None:
    """Tell PostgreSQL how many rows temporary tables hold; autovacuum never does."""
    if is_postgres(connection):
        for table in tables:
            connection.execute(text(f"ANALYZE {table.name}"))


def counted(statement: Insert) -> Insert:
    """Have an INSERT tell how many rows it made, on every database."""
    return statement.execution_options(preserve_rowcount=True)


def spanned(key: ColumnElement[Any], same: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether a key lies between the lowest and the highest of a temporary table.

    It says nothing new of rows that are joined by the key. PostgreSQL begins to read an index there and not at its
    first entry, so that 50,000 activities cost the same beside a million prospects.
    """
    lowest, highest = (select(edge(same)).correlate(None).scalar_subquery() for edge in (func.min, func.max))
    return key.between(lowest, highest)


def update_from(database: str, table: Table, source: Table, values: Mapping[str, ColumnElement[Any]]) -> Update:
    """Return an UPDATE of a table's rows by the rows of a temporary table with the same primary key.

    SQLite's own UPDATE FROM first writes both rows to a third place; asking for each value is thrice as fast.
    """
    key, same = table.primary_key.columns[0], source.primary_key.columns[0]
    if database == "postgresql":
        return update(table).where(key == same, spanned(key, same)).values(dict(values))
    asked = {
        name: select(value).select_from(source).where(same == key).correlate(table).scalar_subquery()
        for name, value in values.items()
    }
    return update(table).where(key.in_(select(same))).values(asked)
