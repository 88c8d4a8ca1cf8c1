"""Private copies of tables, on which one can try out what would be while the real rows stay as they are.

Both databases look for a temporary table before a real one of the same name: every statement that runs after
``shadow`` reads and writes the copy. The copies end with the transaction, which the caller rolls back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, Table, insert, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from engage.sql.connect import reading
from engage.sql.packing import is_postgres
from engage.sql.scratch import analyse

#: Tables whose keys count up, and so go on counting in the copy.
_COUNTING = frozenset(("score_entries", "words"))


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose transaction takes no lock that others wait for, and leaves nothing behind."""
    with reading(engine).connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()
            if is_postgres(connection):
                _find_tables_anew(connection)
                connection.rollback()


def shadow(connection: Connection, *tables: Table) -> None:
    """Have the rest of the transaction see copies of tables instead of them."""
    for table in tables:
        original, copy = real(connection, table), table.to_metadata(MetaData())
        copy._prefixes = ["TEMPORARY"]
        connection.execute(CreateTable(copy))
        connection.execute(insert(copy).from_select([c.name for c in copy.c], select(original)))
        for index in sorted(copy.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))
        if is_postgres(connection) and table.name in _COUNTING:
            last = f"SELECT setval('{table.name}_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM {table.name}))"
            connection.execute(text(last))
    analyse(connection, *tables)
    if is_postgres(connection):
        _find_tables_anew(connection)


def real(connection: Connection, table: Table) -> Table:
    """Return a table by its full name, which no copy hides."""
    schema = (connection.dialect.default_schema_name or "public") if is_postgres(connection) else "main"
    return table.to_metadata(MetaData(), schema=schema)


def _find_tables_anew(connection: Connection) -> None:
    """Have PostgreSQL forget which tables the prepared statements of this connection meant."""
    connection.execute(text("DISCARD PLANS"))
