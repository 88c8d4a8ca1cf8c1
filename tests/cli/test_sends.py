"""One-off sends by commands: ordered, shown, chosen, called off; what is said where they cannot be."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import COMPANY, Done, Engage

MONDAY, TUESDAY, TEN, NOON, FOUR = (
    "2026-12-07T09:00", "2026-12-08T09:00", "2026-12-08T10:00", "2026-12-08T12:00", "2026-12-08T16:00",
)  # fmt: skip
LISTS = "news: {name: News}\nclub: {name: Club}\nrich: {name: Rich, where: {score: {gte: 100}}}\n"
BOLD = "---\nsubject: Bold {{ prospect.last_name }}\n---\n<p>Bold</p>\n"
CALM = "---\nsubject: Calm\n---\n<p>{{ prospect.last_name }}</p>\n"


@pytest.fixture
def house(engage: Engage, folder: Path) -> Engage:
    """Give a workspace with sixty members, one of whom opted out."""
    for name, text in {"lists.yaml": LISTS, "templates/bold.html": BOLD, "templates/calm.html": CALM}.items():
        (folder / name).write_text(text, "utf-8")
    assert engage("apply", "--now", MONDAY).code == 0
    people = [
        "email,last_name,lists",
        *(f"p{n:02}@example.com,Name{n},news{';club' if n > 49 else ''}" for n in range(60)),
    ]
    Path("people.csv").write_text("\n".join(people), "utf-8")
    Path("out.csv").write_text("email\np00@example.com\n", "utf-8")
    assert engage("import", "prospects", "people.csv", "--now", MONDAY).code == 0
    assert engage("import", "unsubscribes", "out.csv", "--now", MONDAY).code == 0
    return engage


def sends(engage: Engage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(engage("sends", "--format", "json").out)
    return found


def ticked(engage: Engage, moment: str, *, deliver: bool = False) -> None:
    assert engage("tick", "--now", moment).code == 0
    if deliver:
        assert engage("deliver", "--now", moment).code == 0


def clicked(engage: Engage, template: str, count: int) -> Done:
    """Import clicks of some who got an e-mail of the test."""
    engage("export", "messages", "-o", "messages.csv")
    with Path("messages.csv").open(encoding="utf-8-sig") as file:
        got = [row["email"] for row in csv.DictReader(file) if (row["template"], row["status"]) == (template, "sent")]
    rows = [f"{email},email_clicked,{template},{NOON}+09:00" for email in got[:count]]
    Path("clicks.csv").write_text("\n".join(["email,type,target,occurred_at", *rows]), "utf-8")
    return engage("import", "activities", "clicks.csv", "--now", NOON)


def test_a_send_is_shown_asked_for_and_carried_out_at_its_moment(house: Engage) -> None:
    words = ("send", "calm", "--list", "news", "--suppress", "club", "--at", TEN, "--now", TUESDAY)
    asked = house(*words)
    assert asked.code == 1
    assert "calm → news: 49 prospects would get it" in asked.out
    assert "1 would get none: opted_out" in asked.out
    assert "p01@example.com" in asked.out
    assert "--yes" in asked.err
    assert house(*words, "--preview").code == 0
    assert house("sends").out.strip() == "no sends"
    done = house(*words, "--yes", "--format", "json")
    assert json.loads(done.out)["id"] == 1
    assert [one["state"] for one in sends(house)] == ["scheduled"]
    ticked(house, TUESDAY)
    assert house("messages").out.strip() == "no messages"
    ticked(house, TEN, deliver=True)
    found = json.loads(house("sends", "show", "1", "--format", "json").out)
    assert (found["state"], found["reasons"]) == ("done", {"opted_out": 1})
    assert found["variants"][0]["figures"]["delivered"] == 49
    assert "send 1" in house("messages", "--status", "sent").out
    assert house("sends", "cancel", "1", "--yes").code == 1
    assert house("db", "check").code == 0


def test_who_opts_out_between_queueing_and_hand_over_gets_nothing(house: Engage) -> None:
    house("send", "calm", "--list", "news", "--suppress", "rich", "--now", TEN, "--yes")
    ticked(house, TEN)
    Path("out.csv").write_text("email\np07@example.com\n", "utf-8")
    assert house("import", "unsubscribes", "out.csv", "--now", TEN).code == 0
    Path("rich.csv").write_text("email,score\np08@example.com,500\n", "utf-8")
    assert house("import", "prospects", "rich.csv", "--now", TEN).code == 0
    assert json.loads(house("deliver", "--now", TEN, "--format", "json").out)["sent"] == 57
    found = json.loads(house("sends", "show", "1", "--format", "json").out)
    assert found["reasons"] == {"opted_out": 2, "suppressed": 1}
    assert "opted_out" in house("messages", "--status", "cancelled").out
    assert house("explain", "p07@example.com", "--now", TEN).code == 0


def test_a_test_without_a_winner_waits_for_a_person(house: Engage) -> None:
    house("send", "calm", "bold", "--list", "news", "--share", "60", "--after", "6h", "--now", TEN, "--yes")
    ticked(house, TEN, deliver=True)
    assert clicked(house, "bold", 2).code == 0
    ticked(house, FOUR)
    shown = house("sends", "show", "1", "--now", FOUR)
    assert "no winner: the difference may be chance; choose: engage sends choose 1 TEMPLATE" in shown.out
    assert "bold − calm: +" in shown.out
    assert "the test of send 1 has no winner" in house("status", "--now", FOUR).err
    assert "the test of send 1 has no winner" in house("doctor").out
    assert house("sends", "choose", "1", "bold").code == 1
    assert house("sends", "choose", "1", "bold", "--yes", "--now", FOUR).code == 0
    ticked(house, FOUR, deliver=True)
    assert "bold was chosen by a person" in house("sends", "show", "1", "--now", FOUR).out
    assert "no winner" not in house("status", "--now", FOUR).err
    assert house("sends", "show", "1", "--format", "csv", "-o", "send.csv", "--now", FOUR).code == 0
    with Path("send.csv").open(encoding="utf-8-sig") as file:
        rows = {row["template"]: row for row in csv.DictReader(file)}
    assert sum(int(row["delivered"]) for row in rows.values()) == 59
    assert (rows["bold"]["met"], rows["bold"]["winner"], rows["calm"]["met"]) == ("2", "true", "0")
    assert float(rows["bold"]["low"]) < float(rows["bold"]["rate"]) < float(rows["bold"]["high"])


def test_opt_outs_and_complaints_are_told_of_the_e_mail_that_they_came_of(house: Engage) -> None:
    house("send", "calm", "--list", "club", "--now", TEN, "--yes")
    house("send", "bold", "--list", "club", "--now", TEN, "--yes")
    ticked(house, TEN, deliver=True)
    rows = ["email,type,target,occurred_at", *(
        f"p{number}@example.com,{event},{mail},{NOON}+09:00"
        for number, event, mail in (
            (50, "email_unsubscribed", "calm"), (51, "email_unsubscribed", "calm"), (52, "email_complained", "bold"),
        )
    )]  # fmt: skip
    Path("gone.csv").write_text("\n".join(rows), "utf-8")
    assert house("import", "activities", "gone.csv", "--now", NOON).code == 0
    ticked(house, FOUR)
    assert [refused(house, number) for number in ("1", "2")] == [(2, 0), (0, 1)]


def refused(engage: Engage, number: str) -> tuple[int, int]:
    """Return how many opted out, and how many complained, of the e-mail of a send."""
    found = json.loads(engage("sends", "show", number, "--format", "json", "--now", FOUR).out)["variants"]
    return found[0]["opt_outs"], found[0]["complaints"]


def test_a_winner_is_named_by_conversions(house: Engage) -> None:
    goal = ("--winner", "conversions", "--goal", "{page_viewed: /pricing*}")
    house("send", "calm", "bold", "--list", "news", "--share", "100", *goal, "--after", "6h", "--now", TEN, "--yes")
    ticked(house, TEN, deliver=True)
    found = json.loads(house("messages", "--most", "100", "--format", "json").out)
    rows = [f"{m['email']},page_viewed,/pricing,{NOON}+09:00" for m in found if m["template"] == "calm"]
    Path("views.csv").write_text("\n".join(["email,type,target,occurred_at", *rows]), "utf-8")
    assert house("import", "activities", "views.csv", "--now", NOON).code == 0
    ticked(house, NOON)
    assert "the test is not over" in house("sends", "show", "1", "--now", NOON).out
    ticked(house, FOUR)
    assert "the winner is calm" in house("sends", "show", "1", "--now", FOUR).out


def test_a_send_is_called_off_and_a_stopped_one_goes_on(house: Engage, folder: Path) -> None:
    house("send", "calm", "--list", "news", "--now", TEN, "--yes")
    house("send", "bold", "--list", "rich", "--list", "club", "--at", NOON, "--now", TEN, "--yes")
    ticked(house, TEN)
    assert house("sends", "cancel", "1").code == 1
    assert "59 messages were kept back" in house("sends", "cancel", "1", "--yes", "--now", TEN).out
    assert json.loads(house("deliver", "--now", TEN, "--format", "json").out)["sent"] == 0
    (folder / "templates/bold.html").unlink()
    assert "send 2 could not go on: template 'bold' is not known" in house("plan").err
    assert house("apply", "--yes", "--now", TEN).code == 0
    ticked(house, NOON)
    assert "send 2 was stopped: template 'bold' is not known" in house("status", "--now", NOON).err
    assert "it cannot go on" in house("sends", "show", "2", "--now", NOON).out
    (folder / "templates/bold.html").write_text(BOLD, "utf-8")
    assert house("apply", "--yes", "--now", NOON).code == 0
    assert house("sends", "resume", "2", "--now", NOON).code == 0
    ticked(house, NOON)
    assert [one["state"] for one in sends(house)] == ["done", "cancelled"]
    assert house("db", "check").code == 0


def test_in_japanese_also_why_a_send_was_stopped(house: Engage, folder: Path) -> None:
    (folder / "engage.yaml").write_text(f"locale: ja\n{COMPANY}", "utf-8")
    assert house("apply", "--yes", "--now", MONDAY).code == 0
    done = house("send", "calm", "bold", "--list", "news", "--now", MONDAY, "--yes")
    assert "calm, bold → news: 今の状態では 59 人に届きます" in done.out
    assert "勝者" not in house("sends", "show", "1", "--now", MONDAY).out
    ticked(house, FOUR)
    assert "一斉配信 1 は停止しました: 予定日時から" in house("status", "--now", FOUR).err
    assert house("sends", "cancel", "1", "--yes", "--now", FOUR).code == 0
    assert "テストは中止されました" in house("sends", "show", "1", "--now", FOUR).out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nothing", "--list", "news"), "template 'nothing' is not known"),
        (("calm", "--list", "new"), "did you mean news?"),
        (("calm", "--list", "news", "--suppress", "clubs"), "did you mean club?"),
        (("calm", "--list", "news", "--at", "2026-12-01T00:00"), "lies in the past"),
        (("calm", "--list", "news", "--share", "20"), "are for a test"),
        (("calm", "calm", "--list", "news"), "stands twice"),
        (("calm", "bold", "--list", "news", "--winner", "conversions"), "belong together"),
        (("calm", "bold", "--list", "news", "--winner", "conversions", "--goal", "{form_sent: x}"), "--goal:1:2"),
        (("calm", "bold", "--list", "news", "--winner", "conversions", "--goal", "{email_opened: x}"), "by --winner"),
        (("calm", "bold", "--list", "news", "--after", "4x"), "--after: 'x' is not a unit"),
        (("calm", "bold", "--list", "news", "--after", "2 business days"), "minutes, hours, days or weeks"),
        (("calm", "bold", "a", "b", "c", "d", "--list", "news"), "at most 5"),
    ],
)
def test_what_cannot_be_ordered_is_said(house: Engage, words: tuple[str, ...], why: str) -> None:
    done = house("send", *words, "--now", MONDAY, "--yes")
    assert done.code == 1
    assert why in done.err
    assert house("sends").out.strip() == "no sends"


def test_a_template_that_cannot_be_rendered_is_not_sent(house: Engage, folder: Path) -> None:
    (folder / "templates/calm.html").write_text("---\nsubject: '{{ 1 / prospect.score }}'\n---\nx", "utf-8")
    assert house("apply", "--yes", "--now", MONDAY).code == 0
    done = house("send", "calm", "--list", "news", "--now", MONDAY, "--yes")
    assert done.code == 1
    assert done.err.startswith("templates/calm.html:")


def test_before_anything_was_applied(run: Engage, folder: Path) -> None:
    done = run("send", "hello", "--list", "news")
    assert (done.code, "run: engage apply" in done.err) == (1, True)


def test_what_failed_is_counted_listed_with_its_reason_and_alone_tried_again(house: Engage, folder: Path) -> None:
    """FAULTS R17: a send that is done says how many failed; a word of a user's concerns those only."""
    people = "".join(f"w{number:02}@example.com,{number % 5},news\n" for number in range(20))
    Path("workers.csv").write_text(f"email,employees,lists\n{people}", "utf-8")
    text = "---\nsubject: Share\n---\n<p>{{ 10 // (prospect.employees | default(1)) }}</p>\n"
    (folder / "templates" / "share.html").write_text(text, "utf-8")
    assert house("apply", "--yes", "--now", TUESDAY).code == 0
    assert house("import", "prospects", "workers.csv", "--now", TUESDAY).code == 0
    assert house("send", "share", "--list", "news", "--yes", "--now", TUESDAY).code == 0
    assert house("tick", "--now", TUESDAY).code == 0
    done = house("deliver", "--now", TUESDAY, "--format", "json")
    assert json.loads(done.out)["failed"] == 4
    sent = json.loads(house("sends", "--format", "json").out)[0]
    figures = sent["variants"][0]["figures"]
    assert (sent["state"], figures["failed"]) == ("done", 4)
    assert figures["messages"] == figures["sent"] + figures["cancelled"] + figures["failed"]
    failed = json.loads(house("messages", "--status", "failed", "--format", "json").out)
    assert sorted(one["email"] for one in failed) == [f"w{number:02}@example.com" for number in (0, 5, 10, 15)]
    assert all("it divides by zero" in one["reason"] for one in failed)
    text = text.replace("(prospect.employees | default(1))", "(prospect.employees or 1)")
    (folder / "templates" / "share.html").write_text(text, "utf-8")
    assert house("apply", "--yes", "--now", TUESDAY).code == 0
    assert house("messages", "resend", *(str(one["id"]) for one in failed), "--yes").code == 0
    assert json.loads(house("deliver", "--now", TUESDAY, "--format", "json").out)["sent"] == 4
    figures = json.loads(house("sends", "--format", "json").out)[0]["variants"][0]["figures"]
    assert figures["failed"] == 0
    assert figures["messages"] == figures["sent"] + figures["cancelled"]
