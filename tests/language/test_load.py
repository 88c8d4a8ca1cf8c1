"""A folder of files becomes a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.language.load import load, read_folder, with_vocabulary
from tests.support.starter import SMALL, starter, told, with_example


def test_the_starter_workspace() -> None:
    workspace, problems = load(starter())
    assert problems == ()
    assert len(workspace.scenarios) == 20
    assert workspace.company.locale == "ja"
    assert workspace.hours.zone.key == "Asia/Tokyo"
    assert set(workspace.templates["document-guide"]) == {None, "en"}
    assert "product_interest" in workspace.vocabulary.fields
    assert workspace.vocabulary.doubted == frozenset()
    assert told(starter()) == []


def test_no_files_are_an_empty_workspace() -> None:
    workspace, problems = load({})
    assert problems == ()
    assert workspace.scenarios == {}
    assert workspace.hours.zone.key == "UTC"


def test_a_folder_is_read_as_its_files(tmp_path: Path) -> None:
    for name, content in starter().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("not ours")
    files, problems = read_folder(tmp_path)
    assert problems == ()
    assert files == starter()


def test_what_is_no_ordinary_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").mkdir()
    files, problems = read_folder(tmp_path)
    assert files == {}
    assert [str(problem).partition(" ")[0] for problem in problems] == ["lists.yaml:1:1:"]


@pytest.mark.parametrize(
    ("points", "mistakes"),
    [
        (0, []), (-1_000_000, []),
        (1, ["scoring.yaml:1:38: this must be at most 0"]),
        (-1_000_001, ["scoring.yaml:1:38: this must be at least -1000000"]),
    ],
)  # fmt: skip
def test_inactivity_takes_points_and_no_more_than_there_are(points: int, mistakes: list[str]) -> None:
    scoring = f"inactivity: {{every: 30 days, points: {points}}}\n"
    assert told({**SMALL, "scoring.yaml": scoring.encode()}) == mistakes


@pytest.mark.parametrize(
    ("worth", "good"), [("0", True), ("2/3", True), ("12", True), ("36/3", True), ("37/3", False), ("-1/3", False)]
)
def test_a_criterion_is_worth_twelve_letters_at_most(worth: str, good: bool) -> None:
    grading = f"profiles: {{default: [{{name: A, match: {{country: JP}}, worth: {worth}}}]}}\n"
    mistake = "grading.yaml:1:61: worth is counted in letters and thirds of a letter, from 0 to 12: 1, 2/3, 1/3 …"
    assert told({**SMALL, "grading.yaml": grading.encode()}) == ([] if good else [mistake])


def test_names_from_the_files_and_from_elsewhere() -> None:
    workspace, _ = load(SMALL)
    words = with_vocabulary(workspace, users=("ann",)).vocabulary
    assert words.users == {"sato", "suzuki", "ann"}
    assert words.lists.keys() == {"news", "customers", "hot"}
    assert words.lists["news"] is None
    assert words.campaigns == {"seminar": ("invited", "attended")}
    assert words.categories == {"pricing"}


def test_categories_come_from_rules_and_from_steps() -> None:
    workspace, _ = load(with_example("steps: [{adjust_score: {by: 1, category: demo}}]"))
    assert workspace.vocabulary.categories == {"pricing", "demo"}


def test_two_files_of_one_scenario() -> None:
    text = "name: A\naudience: {lists: [news]}\nsteps: [{wait: 1 day}]\n"
    assert told({**SMALL, "scenarios/a.yaml": text, "scenarios/a.yml": text}) == [
        "a.yml:1:1: two files hold the scenario a"
    ]


def test_names_are_shown_with_what_stands_before_them() -> None:
    _, problems = load({"lists.yaml": "a: {nam: A}\n"}, shown="my/")
    assert {problem.place.file for problem in problems} == {"my/lists.yaml"}


def test_hours_and_zones_that_cannot_be() -> None:
    files = {"engage.yaml": "name: X\ntimezone: JST\nhours: {between: '18:00-18:00'}\n"}
    assert told(files) == [
        "engage.yaml:2:11: 'JST' is not the name of a time zone; write Asia/Tokyo",
        "engage.yaml:3:18: '18:00-18:00' is empty; write 00:00-24:00 to be open all day",
    ]


def test_every_part_of_the_hours_that_cannot_be() -> None:
    hours = "hours: {days: [mun], between: '9-18', holidays: [2026-13-01, JP, 2026-02-30, Nowhere]}"
    files = {"engage.yaml": f"name: X\ntimezone: JST\n{hours}\n"}
    assert [said.split(": ")[0] for said in told(files)] == [
        "engage.yaml:2:11",
        "engage.yaml:3:16",
        "engage.yaml:3:31",
        "engage.yaml:3:50",
        "engage.yaml:3:66",
        "engage.yaml:3:78",
    ]
