"""Fresh databases on the run's one PostgreSQL, started here or named by the environment."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import URL, make_url

from tests.support.server import installed, started_server

#: The variable that names another server (PostgreSQL 15 or later) by a URL; its user may create databases.
VARIABLE = "ENGAGE_TEST_POSTGRES"


@contextmanager
def running_server(environ: Mapping[str, str]) -> Iterator[str]:
    """Give the URL of the server named by the environment, else of one started here and stopped after."""
    named = environ.get(VARIABLE)
    if named:
        url = make_url(named).set(drivername="postgresql+psycopg")
        yield written(url if url.database else url.set(database="postgres"))
        return
    with started_server(installed()) as started:
        yield started


@contextmanager
def fresh_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """Give the URL of a new database, empty or a copy of the template's; it is dropped afterwards."""
    name = f"engage_test_{secrets.token_hex(6)}"
    origin = "template0" if template is None else make_url(template).database
    # Copying files takes half the time of the default way, which writes every page to the log.
    execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{origin}" STRATEGY FILE_COPY')
    try:
        yield written(make_url(server_url).set(database=name))
    finally:
        execute(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(url: str, statement: str) -> None:
    """Run one statement on its own, outside a transaction."""
    conninfo = written(make_url(url).set(drivername="postgresql"))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


def written(url: URL) -> str:
    """Return the URL as text, with its password."""
    return url.render_as_string(hide_password=False)
