"""Databases for tests: every test that asks for one gets its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.postgres import fresh_database, running_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of the run's one PostgreSQL, for making databases."""
    with running_server(os.environ) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Name each database in turn: what depends on this runs once on each."""
    return str(request.param)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give a SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def postgresql_url(postgres_url: str) -> Iterator[str]:
    """Give an empty PostgreSQL database."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest) -> str:
    """Give an empty database."""
    return str(request.getfixturevalue(f"{dialect}_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the schema once in a file that the tests copy."""
    path = tmp_path_factory.mktemp("template") / "engage.db"
    make_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgres_url: str) -> Iterator[str]:
    """Make the schema once in a database that the tests copy."""
    with fresh_database(postgres_url) as url:
        make_schema(url)
        yield url


@pytest.fixture
def sqlite_schema_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give a SQLite database with the schema and no rows."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'engage.db')}"


@pytest.fixture
def postgresql_schema_url(postgres_url: str, postgresql_template: str) -> Iterator[str]:
    """Give a PostgreSQL database with the schema and no rows."""
    with fresh_database(postgres_url, postgresql_template) as url:
        yield url


@pytest.fixture
def schema_url(dialect: str, request: pytest.FixtureRequest) -> str:
    """Give a database with the schema and no rows, for what connects by itself, such as a command."""
    return str(request.getfixturevalue(f"{dialect}_schema_url"))


@pytest.fixture
def sqlite_engine(sqlite_schema_url: str) -> Iterator[Engine]:
    """Give the engine of a SQLite database with the schema."""
    with connected(sqlite_schema_url) as engine:
        yield engine


@pytest.fixture
def postgresql_engine(postgresql_schema_url: str) -> Iterator[Engine]:
    """Give the engine of a PostgreSQL database with the schema."""
    with connected(postgresql_schema_url) as engine:
        yield engine


@pytest.fixture
def engine(schema_url: str) -> Iterator[Engine]:
    """Give the engine of a database with the schema."""
    with connected(schema_url) as engine:
        yield engine


def make_schema(url: str) -> None:
    """Make every table in an empty database."""
    from engage.sql.schema import create

    with connected(url) as engine:
        create(engine)


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """Give an engine as the program makes it; its connections are closed afterwards."""
    # Imported late: tests of the language should not wait for the database's modules.
    from engage.sql.connect import connect

    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()
