"""import and export."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Engage


@pytest.fixture
def leads(folder: Path) -> Path:
    path = folder / "leads.csv"
    path.write_text("Post,last_name,Colour\nann@example.com,Ann,red\nnonsense,Bob,blue\n", "utf-8")
    return path


def test_bad_rows_are_set_aside_and_the_rest_is_imported(applied: Engage, leads: Path) -> None:
    done = applied("import", "prospects", leads, "--map", "Post=email")
    assert done.code == 0
    assert "1 inserted" in done.out
    assert "1 rejected" in done.out
    assert "Colour" in done.out
    assert "nonsense" in Path("leads.rejected.csv").read_text("utf-8-sig")
    again = json.loads(applied("import", "prospects", leads, "--map", "Post=email", "--format", "json").out)
    assert (again["inserted"], again["unchanged"], again["rejected"]) == (0, 1, 1)


def test_a_dry_run_keeps_nothing(applied: Engage, leads: Path) -> None:
    done = applied("import", "prospects", leads, "--map", "Post=email", "--dry-run")
    assert done.code == 0
    assert "dry run" in done.out
    assert applied("export", "prospects").out.count("\n") == 1


def test_what_cannot_be_imported_at_all(applied: Engage, leads: Path) -> None:
    assert applied("import", "prospects", "nothing.csv").code == 1
    assert applied("import", "nonsense", leads).code == 1
    assert applied("import", "prospects", leads).code == 1
    leads.write_text('email\n"ann@example.com\n', "utf-8")
    assert applied("import", "prospects", leads).code == 1


def test_prospects_come_in_before_the_first_apply(engage: Engage, leads: Path) -> None:
    assert engage("import", "prospects", leads, "--map", "Post=email").code == 0


def test_an_export_is_taken_back_by_an_import(applied: Engage, leads: Path) -> None:
    applied("import", "prospects", leads, "--map", "Post=email")
    assert applied("export", "prospects", "-o", "out.csv").code == 0
    summary = json.loads(applied("import", "prospects", "out.csv", "--format", "json").out)
    assert (summary["read"], summary["unchanged"]) == (1, 1)


@pytest.mark.parametrize("text", ["{last_name: Ann}", '{"last_name": "Ann"}', "last_name: Ann\nemail: {exists: true}"])
def test_an_export_of_some(text: str, applied: Engage) -> None:
    Path("p.csv").write_text("email,last_name\nann@example.com,Ann\nbob@example.com,Bob\n", "utf-8")
    applied("import", "prospects", "p.csv")
    out = applied("export", "prospects", "--where", text).out
    assert [row["email"] for row in csv.DictReader(out.removeprefix("\ufeff").splitlines())] == ["ann@example.com"]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("{last_nam: Ann}", "--where:1:2: "),
        ("{last_name", "--where:"),
        ("", "--where:1:"),
        ("- 3", "--where:1:"),
        ("{country: JP, last_nam: Ann}", "--where:1:15: "),
        ("country: JP\nnot: {last_nam: Ann}", "--where:2:7: "),
    ],
)
def test_criteria_with_a_mistake(text: str, begins: str, applied: Engage) -> None:
    done = applied("export", "prospects", "--where", text)
    assert done.code == 1
    assert done.err.startswith(begins)
    assert not done.out


@pytest.mark.parametrize(
    "kind",
    [
        "prospects", "activities", "list-members", "users", "unsubscribes", "visits", "messages", "todos", "scores",
        "report-card",
    ],
)  # fmt: skip
def test_every_kind_is_exported(kind: str, applied: Engage) -> None:
    done = applied("export", kind)
    assert done.code == 0
    assert done.out.startswith("\ufeff")


def test_an_export_into_a_folder_that_is_not_there(applied: Engage) -> None:
    assert applied("export", "prospects", "-o", "none/out.csv").code == 3
    assert applied("export", "nonsense").code == 1
