"""Temporary tables: a transaction's scratch paper, made once for each connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, UniqueConstraint, delete, text
from sqlalchemy.schema import CreateTable

from engage.sql.packing import is_postgres


def scratch(name: str, *columns: Column[Any] | UniqueConstraint) -> Table:
    """Return the definition of a temporary table; PostgreSQL empties it at each commit."""
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS")


def clear(connection: Connection, *tables: Table) -> None:
    """Make temporary tables where the connection has none yet, and empty them."""
    for table in tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        connection.execute(delete(table))


def analyse(connection: Connection, *tables: Table) -> None:
    """Tell PostgreSQL how many rows temporary tables hold; autovacuum never does."""
    if is_postgres(connection):
        for table in tables:
            connection.execute(text(f"ANALYZE {table.name}"))
