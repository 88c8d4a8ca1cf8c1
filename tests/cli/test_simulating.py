"""``engage simulate`` at the command line: on each database, which it only reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from engage.sql import tables as t
from tests.cli.conftest import Engage

JOURNEY = """\
name: Welcome
audience: {lists: [news], suppress: {where: {score: {gte: 1000}}}}
goal: {tag: bought}
steps:
  - {id: hello, send_email: hello}
  - id: opened
    trigger: {email_opened: hello}
    within: 3 days
    yes:
      - {id: clicked, trigger: {email_clicked: {email: hello, link: "*/demo"}}, after: 2 days, yes: [{add_tag: demo}]}
    no:
      - {id: again, send_email: hello}
  - {wait: 2 business days}
  - {id: call, create_todo: {subject: Call, to: user:sato}}
"""
MAIL = '---\nsubject: Hello\n---\n<p><a href="https://example.com/demo">Demo</a></p>\n'


@pytest.fixture(autouse=True)
def _welcome(folder: Path) -> None:
    (folder / "scenarios/welcome.yaml").write_text(JOURNEY, "utf-8")
    (folder / "lists.yaml").write_text("news: {name: News}\n", "utf-8")
    (folder / "templates/hello.html").write_text(MAIL, "utf-8")


def _people(folder: Path, count: int) -> Path:
    rows = [f"p{n}@example.com,{'news' if n % 10 else ''},{n}\n" for n in range(count)]
    (folder / "people.csv").write_text("email,lists,score\n" + "".join(rows), "utf-8")
    return folder / "people.csv"


def test_one_walk(run: Engage) -> None:
    done = run("simulate", "welcome", "--answers", "yes,no", "--now", "2026-12-01T09:00")
    assert done.code == 0, done.err
    lines = [line.split() for line in done.out.splitlines()[2:-1]]
    assert [(line[0], line[4]) for line in lines] == [
        ("2026-12-01", "hello"), ("2026-12-01", "opened.yes"), ("2026-12-01", "clicked.no"), ("2026-12-03", "wait"),
        ("2026-12-07", "call"),
    ]  # fmt: skip
    assert done.out.splitlines()[-1] == "in all: 6 days"


def test_a_walk_as_json(run: Engage) -> None:
    done = run("simulate", "welcome", "--answers", "no", "--now", "2026-12-01T09:00", "--format", "json")
    told = json.loads(done.out)
    assert [step["step"] for step in told["walk"]] == ["hello", "opened", "again", "wait", "call"]
    assert told["walk"][1]["outcome"] == "no"
    assert told["seconds"] == 7 * 86_400


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("yes", "one answer more is needed, for clicked: yes, no"),
        ("no,yes", "the walk is over before these answers: yes"),
        ("maybe", "opened: answer 'maybe' is not known; there are: no, yes"),
    ],
)
def test_answers_that_do_not_fit(run: Engage, answers: str, said: str) -> None:
    done = run("simulate", "welcome", "--answers", answers)
    assert (done.code, done.err) == (1, f"{said}\n")


def test_every_path(run: Engage) -> None:
    done = run("simulate", "welcome", "--paths", "--now", "2026-12-01T09:00", "--format", "json")
    told = json.loads(done.out)
    day = 86_400
    assert told["count"] == 3
    spans = [
        (p["steps"], p["shortest_seconds"] // day, p["longest_seconds"] // day, p["emails"]) for p in told["paths"]
    ]
    assert spans == [
        (6, 6, 7, 1),
        (5, 6, 7, 1),
        (5, 7, 7, 2),
    ]
    assert told["paths"][2]["path"] == ["hello", "opened.no", "again", "wait", "call"]


def test_very_many_paths_are_cut_with_a_sentence(folder: Path, run: Engage) -> None:
    rules = "".join(f"  - rule: {{score: {{gte: {n}}}}}\n" for n in range(1, 41))
    (folder / "scenarios/many.yaml").write_text(
        f"name: Many\naudience: {{where: {{score: {{gte: 0}}}}}}\nsteps:\n{rules}", "utf-8"
    )
    done = run("simulate", "many", "--paths", "--most", "5")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"these are the first 5 of {2**40} paths; --most shows more"
    assert len(done.out.splitlines()) == 8


def test_the_present_audience_is_walked_forward_and_nothing_live_changes(
    folder: Path, engage: Engage, schema_url: str
) -> None:
    assert engage("apply").code == 0
    assert engage("import", "prospects", _people(folder, 200), "--now", "2026-11-30T09:00").code == 0
    assert engage("start", "welcome", "--now", "2026-12-01T08:00").code == 0
    assert engage("tick", "--now", "2026-12-01T08:00").code == 0
    before, files = _dump(schema_url), sorted(folder.rglob("*"))
    words = ("simulate", "welcome", "--forecast", "30d", "--assume", "open=0.5,click=0.2", "--now", "2026-12-02T09:00")
    done = engage(*words, "--format", "json")
    assert done.code == 0, done.err
    assert _dump(schema_url) == before
    assert sorted(folder.rglob("*")) == files
    assert not (folder / "outbox").exists()
    told = json.loads(done.out)
    card = {row["step"]: row for row in told["card"]}
    assert (told["prospects"], told["entered"], card["hello"]["sent"]) == (200, 180, 180)
    assert 60 < card["opened"]["yes"] < 120
    assert 15 < card["clicked"]["yes"] < 60
    assert card["again"]["sent"] == card["opened"]["no"] == 180 - card["opened"]["yes"]
    assert card["call"]["todos"] == card["call"]["entered"] == 180
    assert done.out == engage(*words, "--format", "json").out
    assert done.out != engage(*words, "--format", "json", "--seed", "2").out
    assert engage(*words).out == engage(*words).out


def _dump(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: sorted(tuple(map(repr, row)) for row in connection.execute(select(table)))
                for name, table in t.metadata.tables.items()
            }
    finally:
        engine.dispose()


def test_the_prospects_of_a_file(folder: Path, run: Engage) -> None:
    words = ("simulate", "welcome", "--forecast", "2 weeks", "--prospects", _people(folder, 50), "--assume", "open=1")
    done = run(*words)
    assert done.code == 0, done.err
    assert "seed 1: 45 of 50 prospects enter" in done.out.splitlines()[-1]
    assert not (folder / "engage.db").exists()
    assert not (folder / "outbox").exists()


def test_who_comes_back_and_who_opts_out_is_not_mailed_again(folder: Path, run: Engage) -> None:
    people = _people(folder, 100)
    words = ("simulate", "welcome", "--forecast", "30d", "--prospects", people, "--now", "2026-12-01T09:00")
    told = json.loads(run(*words, "--assume", "bounce=0.5", "--format", "json").out)
    card = {row["step"]: row for row in told["card"]}
    assert 20 < card["hello"]["hard_bounced"] < 70
    assert card["again"]["skipped"] == card["hello"]["hard_bounced"]


def test_a_share_of_the_todos_is_completed_within_two_days(folder: Path, run: Engage) -> None:
    journey = """\
name: Calls
audience: {lists: [news]}
steps:
  - {id: call, create_todo: {subject: Call, to: user:sato}}
  - {id: called, after: 2 days, rule: {todo: {status: completed, scenario: this}}}
"""
    (folder / "scenarios/calls.yaml").write_text(journey, "utf-8")
    words = ("simulate", "calls", "--forecast", "7d", "--prospects", _people(folder, 100), "--now", "2026-12-01T09:00")
    called = {}
    for share in ("0", "0.6", "1"):
        told = json.loads(run(*words, "--assume", f"todo={share}", "--format", "json").out)
        called[share] = {row["step"]: row for row in told["card"]}["called"]
    assert (called["0"]["yes"], called["0"]["no"]) == (0, 90)
    assert 40 < called["0.6"]["yes"] < 68
    assert (called["1"]["yes"], called["1"]["no"]) == (90, 0)


def test_with_backfill_those_who_match_at_the_start_enter_whatever_the_file_says(folder: Path, run: Engage) -> None:
    (folder / "scenarios/welcome.yaml").write_text("backfill: false\n" + JOURNEY, "utf-8")
    words = ("simulate", "welcome", "--forecast", "7d", "--prospects", _people(folder, 50), "--now", "2026-12-01T09:00")
    assert "0 of 50 prospects enter" in run(*words).out
    assert "45 of 50 prospects enter" in run(*words, "--backfill").out


@pytest.mark.parametrize(
    "words",
    [
        ("welcome",),
        ("welcome", "--paths", "--backfill"),
        ("welcome", "--paths", "--forecast", "3d"),
        ("welcome", "--paths", "--assume", "open=1"),
        ("welcome", "--forecast", "soon"),
        ("welcome", "--forecast", "0d"),
        ("welcome", "--forecast", "9999d"),
        ("welcome", "--forecast", "3d", "--assume", "opens=1"),
        ("welcome", "--forecast", "3d", "--assume", "open=2"),
        ("welcome", "--forecast", "3d", "--assume", "open"),
    ],
)
def test_a_command_line_that_says_nothing(run: Engage, words: tuple[str, ...]) -> None:
    assert run("simulate", *words).code == 2


def test_what_is_not_there(folder: Path, run: Engage) -> None:
    done = run("simulate", "welcom", "--paths")
    assert (done.code, done.err) == (1, "scenario 'welcom' is not known; did you mean welcome?\n")
    done = run("simulate", "welcome", "--forecast", "30d")
    said = "there is no database yet; give the prospects by --prospects FILE.csv\n"
    assert (done.code, done.err) == (1, said)
    assert not (folder / "engage.db").exists()
    assert run("simulate", "welcome", "--forecast", "30d", "--prospects", "none.csv").code == 1
