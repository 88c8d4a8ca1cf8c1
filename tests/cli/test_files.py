"""init, validate, graph and schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Engage


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_new_workspace_is_valid_and_can_be_applied(empty: Path, run: Engage) -> None:
    assert run("init", "shop").code == 0
    assert run("validate", "--workspace", "shop").code == 0
    assert run("apply", "--workspace", "shop").code == 0


def test_a_new_workspace_with_one_scenario_has_what_that_needs(empty: Path, run: Engage) -> None:
    assert run("init", "shop", "--scenario", "pricing-interest").code == 0
    assert [path.name for path in Path("shop/scenarios").iterdir()] == ["pricing-interest.yaml"]
    assert {path.name.partition(".")[0] for path in Path("shop/templates").iterdir()} == {"partials", "pricing-help"}
    assert run("validate", "--workspace", "shop").code == 0


@pytest.mark.parametrize("some", ["--scenario a --scenario b", "--scenario a b", "--scenario a b --scenario a"])
def test_a_new_workspace_with_some_scenarios(empty: Path, run: Engage, some: str) -> None:
    names = {"a": "pricing-interest", "b": "document-request"}
    assert run("init", "shop", *(names.get(word, word) for word in some.split())).code == 0
    assert {path.stem for path in Path("shop/scenarios").iterdir()} == set(names.values())


def test_init_makes_one_folder(empty: Path, run: Engage) -> None:
    done = run("init", "shop", "pricing-interest")
    assert (done.code, "pricing-interest is one folder too many" in done.err) == (1, True)
    assert not Path("shop").exists()


def test_init_refuses_a_folder_that_holds_something(empty: Path, run: Engage) -> None:
    (empty / "shop").mkdir()
    (empty / "shop" / "engage.yaml").write_text("name: Mine\n", "utf-8")
    assert run("init", "shop").code == 1
    assert run("init", "shop", "--force").code == 0
    assert (empty / "shop" / "engage.yaml").read_text("utf-8") == "name: Mine\n"


def test_init_names_the_nearest_scenario(empty: Path, run: Engage) -> None:
    done = run("init", "shop", "--scenario", "pricing-intrest")
    assert done.code == 1
    assert "pricing-interest" in done.err
    assert not Path("shop").exists()


def test_every_mistake_is_shown_on_its_line(folder: Path, run: Engage) -> None:
    (folder / "scenarios/bad.yaml").write_text("name: Bad\naudience: {}\nsteps:\n  - sendemail: x\n", "utf-8")
    done = run("validate")
    assert done.code == 1
    assert "scenarios/bad.yaml:4:5: no step is called 'sendemail'; did you mean send_email?" in done.err
    assert "scenarios/bad.yaml:2:1: " in done.err or "scenarios/bad.yaml:2:" in done.err


def test_files_are_named_as_one_would_open_them(folder: Path, run: Engage, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "scenarios/bad.yaml").write_text("name: Bad\nsteps: []\n", "utf-8")
    monkeypatch.chdir(folder.parent)
    assert run("validate", "shop").err.startswith("shop/scenarios/bad.yaml:")
    monkeypatch.chdir(folder / "scenarios")
    assert run("validate").err.startswith("bad.yaml:")


def test_only_what_is_wrong_in_some_files_is_shown(folder: Path, run: Engage) -> None:
    (folder / "scenarios/bad.yaml").write_text("name: Bad\nsteps: []\n", "utf-8")
    assert run("validate", "scenarios/hand-over.yaml").code == 0
    assert run("validate", "scenarios/bad.yaml").code == 1
    assert run("validate", "scenarios/none.yaml").code == 1


def test_problems_as_data(folder: Path, run: Engage) -> None:
    (folder / "scenarios/bad.yaml").write_text("name: Bad\nsteps:\n  - sendemail: x\n", "utf-8")
    done = run("validate", "--format", "json")
    assert done.code == 1
    problems = json.loads(done.out)
    assert {"file", "line", "column", "severity", "message"} == set(problems[0])


def test_a_user_added_by_a_command_may_be_named_in_a_file(folder: Path, run: Engage) -> None:
    path = folder / "scenarios/hand-over.yaml"
    path.write_text(path.read_text("utf-8").replace("group:east", "user:newcomer"), "utf-8")
    assert run("validate").code == 1
    assert run("user", "add", "newcomer").code == 0
    assert run("validate").code == 0


@pytest.mark.parametrize(("form", "begins"), [("mermaid", "---"), ("dot", "digraph"), ("svg", "<svg"), ("json", "{")])
def test_a_drawing(form: str, begins: str, folder: Path, run: Engage) -> None:
    done = run("graph", "hand-over", "--format", form)
    assert done.code == 0
    assert done.out.startswith(begins)
    assert "call" in done.out


def test_a_drawing_is_in_the_language_of_the_workspace(folder: Path, run: Engage) -> None:
    path = folder / "scenarios/hand-over.yaml"
    path.write_text("name: x\naudience: {where: {tag: vip}}\nsteps:\n  - wait: 3 days\n", "utf-8")
    assert "3 days" in run("graph", "hand-over").out
    company = folder / "engage.yaml"
    company.write_text(company.read_text("utf-8") + "locale: ja\n", "utf-8")
    drawn = run("graph", "hand-over").out
    assert "3日" in drawn
    assert "3 days" not in drawn


def test_a_drawing_goes_into_a_file(folder: Path, run: Engage) -> None:
    assert run("graph", "hand-over", "-o", "drawn.mmd").out == ""
    assert (folder / "drawn.mmd").read_text("utf-8").startswith("---")


def test_a_scenario_that_is_not_there_cannot_be_drawn(folder: Path, run: Engage) -> None:
    done = run("graph", "hand-ower")
    assert done.code == 1
    assert "hand-over" in done.err


def test_the_schema_is_json(folder: Path, run: Engage) -> None:
    assert "$schema" in json.loads(run("schema").out)
    assert "$schema" in json.loads(run("schema", "team").out)
    assert run("schema", "taem").code == 1


def test_files_are_laid_out_and_checked(folder: Path, run: Engage) -> None:
    file = folder / "scenarios" / "hand-over.yaml"
    neat = file.read_text("utf-8")
    file.write_text(
        neat.replace("  - id: rest\n    wait: 2 days\n", "  - wait:   2 days # soon\n    id: rest\n"), "utf-8"
    )
    done = run("fmt", "--check")
    assert (done.code, "hand-over.yaml would be changed" in done.out) == (1, True)
    assert run("fmt", "scenarios/hand-over.yaml").code == 0
    assert re.search(r"  - id: rest\n    wait: 2 days +# soon\n", file.read_text("utf-8"))
    assert run("fmt", "--check").code == 0
    file.write_text("steps: [", "utf-8")
    assert "cannot be read" in run("fmt").err
    (folder / "notes.yaml").write_text("a:   1\n", "utf-8")
    assert run("fmt", "notes.yaml").code == 1
