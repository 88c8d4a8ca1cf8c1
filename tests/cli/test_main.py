"""What holds for every command: help with an example, exit codes, no tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engage.cli.commands import COMMANDS
from engage.cli.endings import ended
from engage.cli.session import Session
from tests.cli.conftest import Engage


@pytest.mark.parametrize("offer", COMMANDS, ids=lambda offer: offer.name)
def test_the_help_of_a_command_has_an_example(offer: object, run: Engage) -> None:
    done = run(*offer.name.split(), "--help")  # type: ignore[attr-defined]
    assert done.code == 0
    assert "Example: engage" in done.out
    assert "--workspace" in done.out


@pytest.mark.parametrize("group", ["todo", "user", "db"])
def test_the_help_of_a_group_has_an_example(group: str, run: Engage) -> None:
    assert f"Example: engage {group}" in run(group, "--help").out


def test_the_first_help_names_every_command(run: Engage) -> None:
    done = run("--help")
    assert done.code == 0
    assert all(offer.name.split()[0] in done.out for offer in COMMANDS)
    assert "Example: engage init" in done.out


def test_the_version_is_shown(run: Engage) -> None:
    assert run("--version").out.startswith("engage ")


@pytest.mark.parametrize("words", [["nonsense"], ["tick", "--nonsense"], ["graph"], ["tick", "--now", "tomorrow"]])
def test_a_wrong_command_line_ends_with_2(words: list[str], folder: Path, run: Engage) -> None:
    done = run(*words)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_no_workspace_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Engage) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("status")
    assert done.code == 1
    assert "engage init" in done.err


def test_the_workspace_may_stand_before_or_after_the_command(folder: Path, run: Engage, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.chdir(elsewhere)
    assert run("--workspace", folder, "validate").code == 0
    assert run("validate", "--workspace", folder).code == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [("sqlite:////nowhere/at/all.db", 3), ("postgresql://x@127.0.0.1:1/none", 3), ("nonsense", 1), ("no://x", 1)],
)
def test_a_database_that_cannot_be_used(url: str, code: int, folder: Path, run: Engage) -> None:
    done = run("status", database=url)
    assert done.code == code
    assert len(done.err.strip().splitlines()) == 1


def test_an_old_schema_is_refused_until_it_is_upgraded(applied: Engage, forget_version: Callable[[], None]) -> None:
    forget_version()
    done = applied("status")
    assert done.code == 1
    assert "engage db upgrade" in done.err


@pytest.fixture
def forget_version(schema_url: str) -> Callable[[], None]:
    """Give a function that makes the schema look old."""
    from sqlalchemy import text

    from engage.sql.connect import connect

    def forget() -> None:
        engine = connect(schema_url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '000'"))
        engine.dispose()

    return forget


def test_a_missing_sqlite_file_is_made(folder: Path, run: Engage) -> None:
    assert run("status").code == 0
    assert (folder / "engage.db").is_file()


def test_what_nobody_expected_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session({}, folder)
    assert ended(session, ZeroDivisionError("a fault")) == 3
    assert capsys.readouterr().err.count("\n") == 1
    session.debug = True
    try:
        raise ZeroDivisionError("a fault")
    except ZeroDivisionError as error:
        ended(session, error)
    assert "Traceback" in capsys.readouterr().err


def test_python_m_engage_does_the_same(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engage", "validate"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_messages_are_in_the_workspaces_language(folder: Path, run: Engage) -> None:
    (folder / "engage.yaml").write_text("name: 例\nlocale: ja\ntimezone: Asia/Tokyo\n", "utf-8")
    done = run("start", "nothing")
    assert done.code == 1
    assert any("ぁ" <= sign <= "ん" for sign in done.err), done.err
