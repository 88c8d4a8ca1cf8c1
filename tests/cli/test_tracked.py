"""Tracked mail by commands: what goes out, what comes back, who was a machine."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from engage.effects.links import read_click, read_token, signing_keys
from engage.intake.heard import Heard, hear
from engage.sql.connect import connect
from tests.cli.conftest import Done, Engage
from tests.effects.mailroom import html_of, parsed, text_of

KEY = {"ENGAGE_SECRET_KEY": "k" * 40, "ENGAGE_BASE_URL": "https://m.example.com"}
KEYS = signing_keys("k" * 40, (), "https://m.example.com")
HELLO = '---\nsubject: Hello\n---\n<p>Read <a href="https://example.com/a?b=1&amp;c=%25">this</a></p>\n'
MAILS = "name: Mails\naudience: {where: {score: {gte: 0}}}\nsteps: [{send_email: hello}, {wait: 9 days}]\n"


@pytest.fixture
def mailed(engage: Engage, folder: Path) -> tuple[EmailMessage, datetime]:
    """Give the mail of one prospect, handed over an hour ago, and when."""
    (folder / "templates/hello.html").write_text(HELLO, "utf-8")
    (folder / "scenarios/mails.yaml").write_text(MAILS, "utf-8")
    (folder / "a.csv").write_text("email\na@example.com\n", "utf-8")
    sent = datetime.now(UTC) - timedelta(hours=1)
    assert engage("apply", "--yes").code == 0
    for command in (("import", "prospects", "a.csv"), ("start", "mails"), ("tick",)):
        done = engage(*command, "--now", sent.isoformat())
        assert done.code == 0, done
    assert engage("deliver", "--now", sent.isoformat(), **KEY).code == 0
    (file,) = (folder / "outbox").glob("*.eml")
    return parsed(file.read_bytes()), sent


def activities(engage: Engage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(engage("prospect", "a@example.com", "--format", "json").out)[
        "activities"
    ]
    return [each for each in found if each["type"] != "email_sent"]


def heard(schema_url: str, *events: Heard) -> None:
    engine = connect(schema_url)
    with engine.begin() as connection:
        hear(connection, events)
    engine.dispose()


def test_a_mail_is_tracked_its_text_part_and_previews_are_plain(
    engage: Engage, mailed: tuple[EmailMessage, datetime]
) -> None:
    mail, _ = mailed
    html, plain = html_of(mail), "https://example.com/a?b=1&c=%25"
    assert plain in text_of(mail)
    (click,) = re.findall(r'href="https://m\.example\.com/c/([^"]+)"', html)
    (opened,) = re.findall(r'src="https://m\.example\.com/o/([^"]+)"', html)
    (trap,) = re.findall(r'href="https://m\.example\.com/t/([^"]+)"', html)
    message = read_token(KEYS, "open", opened)
    assert message is not None
    assert (read_click(KEYS, click), read_token(KEYS, "trap", trap)) == ((message, plain), message)
    preview = engage("template", "preview", "hello", "--format", "json", **KEY).out
    assert "https://example.com/a?b=1" in preview
    assert not re.search(r"m\.example\.com/[oct]/", preview)


def test_nothing_is_tracked_without_a_key(engage: Engage, mailed: tuple[EmailMessage, datetime], folder: Path) -> None:
    (file,) = (folder / "outbox").glob("*.eml")
    file.unlink()
    (folder / "b.csv").write_text("email\nb@example.com\n", "utf-8")
    now = (mailed[1] + timedelta(minutes=1)).isoformat()
    for command in (("import", "prospects", "b.csv"), ("tick",), ("deliver",)):
        assert engage(*command, "--now", now).code == 0
    (file,) = (folder / "outbox").glob("*.eml")
    html = html_of(parsed(file.read_bytes()))
    assert 'href="https://example.com/a?b=1&amp;c=%25"' in html
    assert not re.search(r"/[oct]/", html.replace("https://", ""))


def test_a_tick_waits_for_clicks_that_are_not_settled_and_says_so(
    engage: Engage, mailed: tuple[EmailMessage, datetime], schema_url: str
) -> None:
    message = read_token(KEYS, "open", re.findall(r"/o/([^\"]+)", html_of(mailed[0]))[0])
    assert message is not None
    now = datetime.now(UTC)
    clicks = [Heard("click", message, now - timedelta(seconds=8), f"https://example.com/{n}") for n in range(3)]
    heard(schema_url, *clicks, Heard("open", message, now - timedelta(seconds=9), None, "apple"))
    waited = engage("tick")
    assert (waited.code, "clicks of the last 10 s are waited for" in waited.err) == (0, True), waited
    found = activities(engage)
    assert [(each["type"], each["bot"], each["machine"]) for each in found] == [
        *[("email_clicked", True, "many")] * 3, ("email_opened", True, "apple"),
    ]  # fmt: skip
    assert engage("tick").err == ""
    shown: Done = engage("prospect", "a@example.com")
    assert "a machine: three different links within 10 s" in shown.out
    assert "a machine: Apple Mail Privacy Protection" in shown.out
    exported = engage("export", "activities").out
    assert '"machine"":""many""' in exported
    heard(schema_url, Heard("click", message, datetime.now(UTC) - timedelta(minutes=10), "https://example.com/1"))
    assert engage("tick").err == ""
    assert [each["bot"] for each in activities(engage)].count(False) == 1
