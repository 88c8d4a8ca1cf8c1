"""The main job by commands: apply, import, start, tick, deliver, the inbox, the report, on both databases."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from engage.cli.session import Session
from tests.cli.conftest import SCENARIO, Engage

LEADS = "email,last_name,score\nann@example.com,Ann,120\nbob@example.com,Bob,20\neve@example.com,Eve,300\n"
MONDAY = "2026-12-07T09:00"


@pytest.fixture
def running(applied: Engage) -> Engage:
    """Give the workspace with three prospects, two of whom entered on a Monday."""
    Path("leads.csv").write_text(LEADS, "utf-8")
    assert applied("import", "prospects", "leads.csv", "--now", MONDAY).code == 0
    assert applied("start", "hand-over", "--now", MONDAY).code == 0
    assert applied("tick", "--now", MONDAY).code == 0
    return applied


def test_the_main_job(running: Engage) -> None:
    todos = json.loads(running("todos", "--format", "json", "--now", MONDAY).out)
    assert [todo["subject"] for todo in todos] == ["Call Ann", "Call Eve"]
    assert {todo["to"] for todo in todos} == {"user:sato", "user:mori"}
    assert running("deliver", "--now", MONDAY, "--format", "json").code == 0
    assert running("todo", "done", todos[0]["id"], "--outcome", "met", "--now", "2026-12-07T15:00").code == 0
    assert running("tick", "--now", "2026-12-09T09:00").code == 0
    card = json.loads(running("report", "hand-over", "--format", "json").out)
    called = next(row for row in card if row["step"] == "called")
    assert (called["yes"], called["no"]) == (1, 1)
    sent = json.loads(running("deliver", "--now", "2026-12-09T09:01", "--format", "json").out)
    assert sent["sent"] == 1
    assert len(list(Path("outbox").glob("*.eml"))) == 3
    assert running("db", "check").code == 0


def test_a_tick_before_the_last_one_changes_nothing_and_says_so(running: Engage) -> None:
    done = running("tick", "--now", "2026-12-06T09:00")
    assert done.code == 0
    assert "nothing was changed" in done.out
    assert json.loads(running("tick", "--now", "2026-12-06T09:00", "--format", "json").out)["done"] is False


def test_the_report_card_as_csv_and_table(running: Engage) -> None:
    assert running("report", "hand-over", "--format", "csv", "-o", "card.csv").code == 0
    content = Path("card.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert [row["step"] for row in rows][:2] == ["assign-east", "call"]
    assert "call" in running("report", "hand-over").out
    assert running("report", "hand-over", "--by", "day", "--since", "2026-12-01", "--until", "2026-12-31").code == 0
    assert running("report", "hand-over", "--since", "2026-12-02", "--until", "2026-12-01").code == 1
    assert running("report", "hand-ower").code == 1


def test_the_states_of_a_scenario(running: Engage) -> None:
    assert running("start", "hand-over").code == 1
    assert running("pause", "hand-over", "--now", "2026-12-07T10:00").code == 0
    assert running("pause", "hand-over").code == 1
    assert "paused" in running("status").out
    assert running("resume", "hand-over", "--now", "2026-12-07T11:00").code == 0
    found = json.loads(running("status", "hand-over", "--format", "json").out)
    assert found["scenarios"][0]["state"] == "running"
    assert found["scenarios"][0]["active"] == 2


def test_a_stop_previews_and_ends_all_runs(running: Engage) -> None:
    done = running("stop", "hand-over", "--now", "2026-12-07T10:00")
    assert done.code == 0
    assert done.out.index("2 runs would end") < done.out.index("2 runs ended")
    found = json.loads(running("status", "--format", "json").out)["scenarios"][0]
    assert (found["state"], found["left"]) == ("stopped", 2)


def test_a_stop_asks_at_a_terminal(running: Engage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "is_terminal", True)
    monkeypatch.setattr(Session, "asks", lambda _, __: False)
    assert running("stop", "hand-over").code == 1
    assert json.loads(running("status", "--format", "json").out)["scenarios"][0]["state"] == "running"
    assert running("stop", "hand-over", "--yes", "--now", "2026-12-07T10:00").code == 0


def test_todos_of_nobody(running: Engage) -> None:
    for name, said in (
        ("sat", "user 'sat' is not known; did you mean sato?"),
        ("queue:none", "queue 'none' is not known; there are: inside"),
        ("group:east", "a ToDo is a user's or a queue's; write user:NAME or queue:NAME, not group:east"),
    ):
        done = running("todos", "--to", name)
        assert (done.code, done.err.strip()) == (1, said)


def test_what_was_never_applied_says_apply(engage: Engage) -> None:
    done = engage("start", "hand-over")
    assert done.code == 1
    assert "engage apply" in done.err


def test_one_page_about_a_prospect(running: Engage) -> None:
    done = running("prospect", "ANN@example.com", "--now", MONDAY)
    assert done.code == 0
    assert "120" in done.out
    assert "Call Ann" in done.out
    assert json.loads(running("prospect", "ann@example.com", "--format", "json").out)["score"] == 120
    assert running("prospect", "nobody@example.com").code == 1


def test_the_page_about_a_prospect_counts_open_todos_that_it_does_not_show(
    running: Engage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engage.reports.todos.MOST_OPEN", 0)
    done = running("prospect", "ann@example.com", "--now", MONDAY)
    assert "Call Ann" not in done.out
    assert "ToDos open besides these: 1" in done.out


def test_a_todo_that_is_not_there(running: Engage) -> None:
    assert running("todo", "done", "99").code == 1
    assert running("todos", "--to", "sato", "--status", "any").code == 0


def test_a_plan_of_what_runs_is_empty(applied: Engage) -> None:
    assert applied("plan", "--exit-code").code == 0
    assert json.loads(applied("plan", "--json").out)["changes"] is False
    assert applied("apply").code == 0


def test_a_plan_of_what_is_new_counts_no_mail_at_once(engage: Engage) -> None:
    data = json.loads(engage("plan", "--json", "--now", MONDAY).out)
    assert [(change["new"], change["mails"]) for change in data["scenarios"]] == [(True, 0)]


def test_a_plan_that_changes_no_model_changes_no_score_and_no_grade(running: Engage) -> None:
    Path("scenarios/hand-over.yaml").write_text(SCENARIO.replace("gte: 100", "gte: 200"), "utf-8")
    data = json.loads(running("plan", "--json", "--now", MONDAY).out)
    assert (data["changes"], data["rescored"], data["regraded"]) == (True, 0, 0)


def test_a_plan_shows_what_changes(running: Engage) -> None:
    changed = SCENARIO.replace("wait: 2 days", "wait: 3 days").replace("  - id: tell\n", "  - id: told\n")
    changed = changed.replace("gte: 100", "gte: 200") + "  - add_tag: done\n"
    Path("scenarios/hand-over.yaml").write_text(changed, "utf-8")
    done = running("plan", "--exit-code", "--now", MONDAY)
    assert done.code == 4
    assert "rest" in done.out
    data = json.loads(running("plan", "--format", "json", "--now", MONDAY).out)
    change = data["scenarios"][0]
    assert change["steps"] == {"added": ["told", "add_tag-done"], "removed": ["tell"], "changed": ["rest"]}
    assert change["waiting"] == {"rest": 2}
    assert change["audience"] == {"now": 2, "then": 1}
    assert running("apply", "--yes", "--now", MONDAY).code == 0
    assert running("plan", "--exit-code").code == 0


def test_a_refused_plan_changes_nothing(running: Engage) -> None:
    text = SCENARIO.replace("  - id: rest\n    wait: 2 days\n", "")
    trigger = "  - id: rest\n    trigger: {page_viewed: any}\n    within: 2 days\n"
    Path("scenarios/hand-over.yaml").write_text(text.replace("  - id: called", trigger + "  - id: called"), "utf-8")
    assert running("apply", "--yes", "--now", MONDAY).code == 0
    Path("scenarios/hand-over.yaml").write_text(text, "utf-8")
    done = running("plan", "--now", MONDAY)
    assert done.code == 1
    assert "moved" in done.err
    done = running("apply", "--yes", "--now", MONDAY)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert json.loads(running("plan", "--json").out)["changes"] is True


def test_a_plan_shows_what_changed_models_do(running: Engage) -> None:
    Path("scoring.yaml").write_text("rules: [{activity: page_viewed, points: 5}]\n", "utf-8")
    Path("grading.yaml").write_text(
        "profiles: {default: [{name: Mail, match: {email: {contains: example}}, worth: 3}]}\n", "utf-8"
    )
    out = running("plan", "--now", MONDAY).out
    assert "scoring rules change" in out
    assert " grades would be others" in out
    data = json.loads(running("plan", "--json", "--now", MONDAY).out)
    assert (data["scoring"], data["grading"], data["rescored"]) == (True, True, 0)
    assert data["regraded"] > 0


def test_versions_are_listed_compared_and_brought_back(running: Engage) -> None:
    file = Path("scenarios/hand-over.yaml")
    first = file.read_text("utf-8")
    file.write_text(first.replace("wait: 2 days", "wait: 3 days"), "utf-8")
    assert running("apply", "--yes", "--now", MONDAY).code == 0
    out = running("versions", "hand-over").out.splitlines()
    assert [line.split()[0] for line in out] == ["1", "2"]
    assert out[-1].endswith("runs now")
    shown = running("diff", "hand-over", "1").out
    assert "~ step rest" in shown
    assert "-    wait: 2 days" in shown
    assert "+    wait: 3 days" in shown
    data = json.loads(running("diff", "hand-over", "1", "2", "--format", "json").out)
    assert data["steps"] == {"added": [], "removed": [], "changed": ["rest"]}
    done = running("rollback", "hand-over", "1", "--yes", "--now", MONDAY)
    assert done.code == 0, done.err
    assert "~ step rest: 2 wait there" in done.out
    assert file.read_text("utf-8") == first
    assert running("plan", "--exit-code").code == 0
    assert len(json.loads(running("versions", "hand-over", "--format", "json").out)["versions"]) == 3
    assert running("diff", "hand-over", "1", "3").out.strip() == "the two versions are the same"


def test_a_rollback_leaves_a_file_with_edits_that_were_never_applied(running: Engage) -> None:
    file = Path("scenarios/hand-over.yaml")
    first = file.read_text("utf-8")
    file.write_text(first.replace("wait: 2 days", "wait: 3 days"), "utf-8")
    assert running("apply", "--yes", "--now", MONDAY).code == 0
    edited = first.replace("wait: 2 days", "wait: 9 days")
    file.write_text(edited, "utf-8")
    done = running("rollback", "hand-over", "1", "--yes", "--now", MONDAY)
    assert (done.code, file.read_text("utf-8")) == (0, edited)
    assert "never applied" in done.err


@pytest.mark.parametrize("words", [("rollback", "hand-over", "7"), ("diff", "hand-over", "7"), ("versions", "hand")])
def test_a_version_that_is_not_there(words: tuple[str, ...], running: Engage) -> None:
    done = running(*words)
    assert done.code == 1
    assert "hand-over" in done.err


def test_mistakes_stop_an_apply(applied: Engage) -> None:
    """FAULTS B20: refused before anything is saved."""
    Path("scenarios/hand-over.yaml").write_text(SCENARIO.replace("group:east", "group:eats"), "utf-8")
    done = applied("apply")
    assert done.code == 1
    assert done.err.startswith("scenarios/hand-over.yaml:4:")


def test_the_doctor_finds_all_well_and_what_is_not(applied: Engage) -> None:
    """FAULTS B17."""
    done = applied("doctor")
    assert done.code == 0, done.out
    Path("p.csv").write_text("email,timezone\nann@example.com,Mars/Olympus\n", "utf-8")
    applied("import", "prospects", "p.csv")
    assert "Mars/Olympus" in applied("doctor").out
    applied("tick", "--now", "2100-01-01")
    assert applied("doctor").code == 1
    Path("scenarios/bad.yaml").write_text("name: Bad\n", "utf-8")
    states = [finding["state"] for finding in json.loads(applied("doctor", "--format", "json").out)]
    assert "bad" in states


def test_users_are_added_listed_and_disabled(applied: Engage) -> None:
    assert applied("user", "add", "ito", "--name", "Ito", "--role", "admin", "--group", "east").code == 0
    assert applied("user", "add", "ito").code == 1
    assert applied("user", "add", "a b").code == 1
    assert applied("user", "add", "x", "--role", "king").code == 1
    assert applied("user", "disable", "ito").code == 0
    assert applied("user", "disable", "iro").code == 1
    users = {user["id"]: user for user in json.loads(applied("user", "list", "--format", "json").out)}
    assert users["ito"]["enabled"] is False
    assert users["ito"]["groups"] == ["east"]
    assert applied("user", "add", "ito").code == 0
    assert "Ito" not in applied("user", "list").out


def test_the_schema_is_upgraded_where_it_is_old(applied: Engage) -> None:
    assert applied("db", "upgrade").code == 0


def test_a_backup_can_be_opened(applied: Engage, schema_url: str) -> None:
    done = applied("db", "backup", "copy.db")
    if schema_url.startswith("postgresql"):
        assert done.code == 1
        assert "pg_dump" in done.err
        return
    assert done.code == 0
    assert applied("db", "backup", "copy.db").code == 1
    from engage.cli.main import main
    from engage.cli.session import Session

    here = Path.cwd()
    assert main(["plan", "--exit-code"], Session({"ENGAGE_DATABASE_URL": f"sqlite:///{here / 'copy.db'}"}, here)) == 0


def test_a_todo_is_handed_on_taken_and_postponed(running: Engage) -> None:
    number = json.loads(running("todos", "--format", "json", "--now", MONDAY).out)[0]["id"]

    def told(*words: object) -> tuple[int, str]:
        done = running("todo", *words, "--now", "2026-12-07T15:00")
        return done.code, done.out + done.err

    assert told("hand", number, "--to", "queue:inside") == (0, f"ToDo {number} is queue:inside's now\n")
    assert told("take", number, "--user", "nobody")[0] == 1
    assert told("take", number, "--user", "mori") == (0, f"ToDo {number} is user:mori's now\n")
    code, text = told("take", number, "--user", "sato")
    assert code == 1
    assert "is in no queue" in text
    assert told("postpone", number, "--until", "2026-12-01")[0] == 1
    assert told("postpone", number, "--until", "2026-12-14T09:00")[0] == 0
    (row,) = (each for each in json.loads(running("todos", "--format", "json").out) if each["id"] == number)
    assert (row["to"], row["due_at"][:10]) == ("user:mori", "2026-12-14")
    assert told("take", 99, "--user", "mori")[0] == 1
    assert told("take", "9" * 30, "--user", "mori")[0] == 2


def test_a_plan_tells_of_who_is_no_longer_in_the_file_and_can_still_log_in(applied: Engage) -> None:
    text = Path("team.yaml").read_text("utf-8").replace("[sato, mori]", "[sato]")
    Path("team.yaml").write_text("".join(line for line in text.splitlines(True) if "Mori" not in line), "utf-8")
    for words in (("plan",), ("apply", "--yes")):
        assert "mori is no longer in team.yaml and can still log in; engage user disable mori" in applied(*words).err
        assert "sato" not in applied("plan").err
    assert json.loads(applied("plan", "--json").out)["left"] == []
    assert applied("plan").err == ""


def test_a_plan_does_not_tell_of_who_is_disabled_already(applied: Engage) -> None:
    assert applied("user", "disable", "mori").code == 0
    text = Path("team.yaml").read_text("utf-8").replace("[sato, mori]", "[sato]")
    Path("team.yaml").write_text("".join(line for line in text.splitlines(True) if "Mori" not in line), "utf-8")
    data = json.loads(applied("plan", "--json").out)
    assert (data["files"]["changed"], data["left"]) == (["team.yaml"], [])
