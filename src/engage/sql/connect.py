"""The database connection: the same promises on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, StaticPool

from engage.clock import monotonic, pause
from engage.sql.scratch import forget

#: How long a writer waits for another on SQLite, and how often it asks, in seconds.
TIMEOUT = 10
POLL = 0.003
#: So many compiled statements an engine keeps: twenty scenarios' ticks run about a thousand.
STATEMENTS = 2_000
#: Errors tell their statement, and nothing of the people it was about.
_OPTIONS: Mapping[str, Any] = {"query_cache_size": STATEMENTS, "hide_parameters": True}
#: SQLite: durable write-ahead log; a page cache of 64 MB; temporary tables in memory.
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={TIMEOUT * 1000}",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA wal_autocheckpoint=8000",
    "PRAGMA foreign_keys=OFF",
)


def connect(url: str | URL, *, apart: bool = False) -> Engine:
    """Return an engine for a database address; nothing is opened yet.

    On SQLite every transaction that is begun with ``engine.begin()`` takes the write lock at once, so that a
    read is never upgraded; use ``reading(engine)`` for reads. ``apart``: on SQLite, each connection to a database
    in memory opens one of its own, which is gone when the connection is closed.
    """
    address = make_url(url)
    engine = _sqlite(address, apart=apart) if address.get_backend_name() == "sqlite" else _postgresql(address)
    event.listen(engine, "rollback", forget)
    event.listen(engine, "rollback_savepoint", lambda connection, name, context: forget(connection))  # noqa: ARG005
    return engine


def _postgresql(address: URL) -> Engine:
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 5, **_OPTIONS}
    return create_engine(address, connect_args={"connect_timeout": 10}, **options)


def _sqlite(address: URL, *, apart: bool) -> Engine:
    memory = address.database in (None, "", ":memory:")
    options: dict[str, Any] = {**_OPTIONS}
    if memory:
        options["poolclass"] = NullPool if apart else StaticPool
    engine = create_engine(address, connect_args={"timeout": TIMEOUT, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        reads = connection.get_execution_options().get("engage_reading", False)
        if reads or memory:  # a database in memory has one connection, so nobody else can hold the lock
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection)

    return engine


def _begin_writing(connection: Connection) -> None:
    """Take SQLite's write lock, asking every few milliseconds for as long as the timeout.

    SQLite's own waiting grows to steps of 100 ms and would miss the short pauses of a long tick.
    """
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    last = monotonic() + TIMEOUT
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if "locked" not in str(error.orig) or monotonic() > last:
                    raise
                pause(POLL)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={TIMEOUT * 1000}")
        cursor.close()


def reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read."""
    return engine.execution_options(engage_reading=True)
