"""Whoever said no gets no marketing mail, whichever way somebody tries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Engage

SCENARIOS = {
    "letters": "name: Letters\naudience: {lists: [readers]}\nreentry: always\nsteps: [{send_email: news}]\n",
    "by-event": "name: By event\naudience: {on: {page_viewed: any}}\nreentry: always\nsteps: [{send_email: offer}]\n",
    "other": "name: Other\naudience: {tag: nobody}\nreentry: always\nsteps: [{send_email: offer}]\n",
    "brings": (
        "name: Brings\naudience: {lists: [readers]}\nreentry: always\nsteps:\n  - set_field: {consent_source: phone}\n"
        "  - enrol: other\n"
    ),
}
SAID_NO, READS = "no@example.com", "reads@example.com"


@pytest.fixture
def house(folder: Path, engage: Engage) -> Engage:
    """Give a workspace where one of two readers of a list has opted out."""
    (folder / "scenarios" / "hand-over.yaml").unlink()
    for name, text in SCENARIOS.items():
        text = text.replace("audience: {tag: nobody}", "audience: {where: {tag: nobody}}")
        (folder / "scenarios" / f"{name}.yaml").write_text(text, "utf-8")
    for name, kind in (("news", "marketing"), ("offer", "marketing"), ("bill", "operational")):
        (folder / "templates" / f"{name}.html").write_text(
            f"---\nsubject: {name}\nkind: {kind}\n---\n<p>x</p>", "utf-8"
        )
    (folder / "lists.yaml").write_text("readers: {name: Readers, public: true}\nlater: {name: Later}\n", "utf-8")
    (folder / "people.csv").write_text(
        f"email,last_name,lists\n{SAID_NO},Sato,readers\n{READS},Mori,readers\n", "utf-8"
    )
    (folder / "no.csv").write_text(f"email\n{SAID_NO}\n", "utf-8")
    for words in (
        ("apply", "--yes"), ("import", "prospects", "people.csv"), ("import", "unsubscribes", "no.csv"),
        ("start", "letters", "by-event", "other", "brings"),
    ):  # fmt: skip
        done = engage(*words, "--now", "2026-12-01T09:00")
        assert done.code == 0, done.err
    return engage


EVENTS = f"""\
email,type,target,occurred_at
{SAID_NO},page_viewed,/x,2026-12-02T08:00
{READS},page_viewed,/x,2026-12-02T08:00
"""
#: What is imported, as what kind and how.
FILES = {
    "a column that says otherwise": ("prospects", f"email,opted_out,mailable\n{SAID_NO},false,true\n", ()),
    "an address in other letters": ("prospects", f"email,opted_out\n {SAID_NO.upper()} ,false\n", ()),
    "empty cells that clear": ("prospects", f"email,opted_out,last_name\n{SAID_NO},,\n", ("--clear-empty",)),
    "a consent that somebody else writes": ("prospects", f"email,consent_at\n{SAID_NO},2026-12-01T10:00\n", ()),
    "a new row of the same address": ("prospects", f"email,last_name\n{SAID_NO},Sato\n", ("--mode", "insert")),
    "gone and back": ("prospects", f"email\n{SAID_NO}\n", ("--mode", "delete")),
    "another list": ("list-members", f"list,email\nlater,{SAID_NO}\n", ()),
    "an event": ("activities", EVENTS, ()),
}  # fmt: skip


@pytest.mark.parametrize("way", FILES)
def test_no_import_brings_mail_to_who_said_no(house: Engage, folder: Path, way: str) -> None:
    """FAULTS S53."""
    kind, text, options = FILES[way]
    (folder / "way.csv").write_text(text, "utf-8")
    assert house("import", kind, "way.csv", *options, "--now", "2026-12-02T09:00").code == 0
    assert house("import", "prospects", "people.csv", "--now", "2026-12-02T09:00").code == 0
    assert house("tick", "--now", "2026-12-02T09:00").code == 0
    assert house("deliver", "--now", "2026-12-02T09:00").code == 0
    assert mailed(folder) == {"news", "offer"}
    assert row(house, folder)["opted_out"] == "true"


def test_no_command_brings_mail_to_who_said_no(house: Engage, folder: Path) -> None:
    """FAULTS S53: a test, a send, another version, an old version back; what is operational may go."""
    assert house("template", "send-test", "news", "--to", SAID_NO, "--now", "2026-12-02T09:00").code == 1
    assert house("send", "offer", "--list", "readers", "--yes", "--now", "2026-12-02T09:00").code == 0
    letters = folder / "scenarios" / "letters.yaml"
    letters.write_text(letters.read_text("utf-8") + "  # again\npriority: 90\n", "utf-8")
    assert house("apply", "--yes", "--now", "2026-12-02T09:00").code == 0
    assert house("tick", "--now", "2026-12-02T09:00").code == 0
    assert house("rollback", "letters", "1", "--yes", "--now", "2026-12-02T10:00").code == 0
    assert house("tick", "--now", "2026-12-02T10:00").code == 0
    assert house("deliver", "--now", "2026-12-02T10:00").code == 0
    assert mailed(folder) == {"news", "offer"}
    assert house("send", "bill", "--list", "readers", "--yes", "--now", "2026-12-03T09:00").code == 0
    assert house("tick", "--now", "2026-12-03T09:00").code == 0
    assert house("deliver", "--now", "2026-12-03T09:00").code == 0
    assert {subject for to, subject in mails(folder) if to == SAID_NO} == {"bill"}


def test_a_mail_that_waited_does_not_go_to_who_said_no_since(house: Engage, folder: Path) -> None:
    """FAULTS S53: the message is cancelled and says why, and no word of a user's sends it."""
    (folder / "no.csv").write_text(f"email\n{READS}\n", "utf-8")
    assert house("tick", "--now", "2026-12-02T09:00").code == 0
    assert house("import", "unsubscribes", "no.csv", "--now", "2026-12-02T09:30").code == 0
    assert house("deliver", "--now", "2026-12-02T10:00").code == 0
    assert mails(folder) == []
    rows = json.loads(house("messages", "--status", "cancelled", "--format", "json").out)
    assert {row["reason"] for row in rows} == {"opted_out"}
    assert house("messages", "resend", str(rows[0]["id"])).code == 1
    assert house("deliver", "--now", "2026-12-02T11:00").code == 0
    assert mails(folder) == []


def mails(folder: Path) -> list[tuple[str, str]]:
    """Return to whom mails went, with their subjects."""
    found = []
    for path in sorted((folder / "outbox").glob("*.eml")):
        head = path.read_text("ascii").split("\n\n")[0]
        lines = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        found.append((lines["To"].split("<")[-1].strip(">"), lines["Subject"]))
    return found


def mailed(folder: Path) -> set[str]:
    """Return what the other reader got; nobody else may have got anything."""
    assert {to for to, _ in mails(folder)} <= {READS}
    return {subject for _, subject in mails(folder)}


def row(house: Engage, folder: Path) -> dict[str, str]:
    """Return how the export shows who said no."""
    assert house("export", "prospects", "-o", "out.csv").code == 0
    header, *rows = (folder / "out.csv").read_text("utf-8-sig").splitlines()
    mine = next(line for line in rows if line.startswith(SAID_NO))
    return dict(zip(header.split(","), mine.split(","), strict=True))
