"""Each test's docstring is a small workspace: the scenario first, then other files, each after ``--- NAME``.

    --- scoring.yaml
    rules: [{activity: page_viewed, points: 5}]
    --- scenarios/second.yaml
    steps: [{add_tag: second}]
    --- later
    steps: [{wait: 5 days}]

What a test does not say stands in tests/support/files.py. ``later`` is another version of the scenario, for
``world.apply(later)``. ``world`` runs from START on; with ``draft`` nothing has been started yet.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, event

from engage.sql import tables as t
from tests.conftest import connected
from tests.support.postgres import fresh_database
from tests.support.world import World

LATER = "later"
_PART = re.compile(r"^--- (\S+)$\n?", re.MULTILINE)


@pytest.fixture(scope="session")
def lasting_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Give one database for all cases: its engine keeps the statements that it has compiled."""
    path = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("conformance") / "engage.db")
    with connected(f"sqlite:///{path}") as engine:
        # What a case proves does not ask whether the disk has it: other tests kill processes.
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        yield engine


@pytest.fixture(scope="session")
def lasting_postgresql(postgresql_template: str, postgres_url: str) -> Iterator[Engine]:
    """Give one database for all cases: its connections keep their temporary tables."""
    with fresh_database(postgres_url, postgresql_template) as url, connected(url) as engine:
        yield engine


@pytest.fixture
def engine(dialect: str, request: pytest.FixtureRequest) -> Engine:
    """Give the engine of a database with the schema and no rows, on each database in turn."""
    found: Engine = request.getfixturevalue(f"lasting_{dialect}")
    with found.begin() as connection:
        for table in t.metadata.sorted_tables:
            if table is not t.audit:  # which nothing takes from
                connection.execute(delete(table))
    return found


@pytest.fixture
def files(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the files that stand in the test's docstring; the scenario has the empty name."""
    found = _PART.split("--- \n" + cleandoc(request.function.__doc__ or ""))
    first = found[0].removeprefix("--- \n")
    return {"": first} | dict(zip(found[1::2], found[2::2], strict=True))


@pytest.fixture
def later(files: Mapping[str, str]) -> str:
    """Give the scenario's later version."""
    return files[LATER]


@pytest.fixture
def draft(engine: Engine, files: Mapping[str, str]) -> World:
    """Give the workspace of the test's docstring, applied, its scenarios not yet started."""
    return made(engine, files, start=False)


@pytest.fixture
def world(engine: Engine, files: Mapping[str, str]) -> World:
    """Give the workspace of the test's docstring; its scenarios run from START on."""
    return made(engine, files, start=True)


def made(engine: Engine, files: Mapping[str, str], *, start: bool) -> World:
    """Make a world of some files."""
    others = {Path(name).stem: text for name, text in files.items() if name.startswith("scenarios/")}
    rest = {
        name.removesuffix(".yaml"): text
        for name, text in files.items()
        if name not in ("", LATER) and not name.startswith("scenarios/")
    }
    return World(engine, files[""], scenarios=others, start=start, **rest)
