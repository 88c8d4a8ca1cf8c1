"""Mail by commands: a server that refuses, messages in doubt, and what a user decides about them."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest

from engage.effects.smtp import SmtpChannel
from tests.cli.conftest import Done, Engage
from tests.support.mail_server import DROP, MailServer, mail_server, only, usual

MONDAY, THURSDAY = "2026-12-07T09:00", "2026-12-10T09:00"
LEADS = "email,last_name,score\nann@example.com,Ann,120\nbob@example.com,Bob,200\n"


@pytest.fixture
def mailed(applied: Engage) -> Engage:
    """Give the workspace with two prospects, to each of whom a mail is queued."""
    Path("leads.csv").write_text(LEADS, "utf-8")
    assert applied("import", "prospects", "leads.csv", "--now", MONDAY).code == 0
    assert applied("start", "hand-over", "--now", MONDAY).code == 0
    assert applied("tick", "--now", MONDAY).code == 0
    assert applied("deliver", "--now", MONDAY).code == 0
    assert applied("tick", "--now", THURSDAY).code == 0
    return applied


def deliver(engage: Engage, server: MailServer, now: str = THURSDAY) -> Done:
    url = f"smtp://127.0.0.1:{server.port}"
    return engage("deliver", "--now", now, "--format", "json", ENGAGE_SMTP_URL=url, ENGAGE_SMTP_CONNECTIONS="1")


def listed(engage: Engage, status: str) -> list[int]:
    found = json.loads(engage("messages", "--status", status, "--format", "json").out)
    assert {message["status"] for message in found} <= {status}
    return [message["id"] for message in found]


def test_messages_in_doubt_are_sent_again_or_given_up(mailed: Engage) -> None:
    """FAULTS R02: nobody sends them again without a user's word; the Message-ID stays."""
    assert listed(mailed, "queued") == [2, 1]
    with mail_server(only("dot", DROP, "@")) as server:
        done = deliver(mailed, server)
        assert done.code == 3
        assert "message 1 is in doubt" in done.err
        assert deliver(mailed, server).code == 3
    assert listed(mailed, "in_doubt") == [2, 1]
    assert "2 messages are in doubt" in mailed("status").err
    assert "2 messages are in doubt" in mailed("doctor").out
    refused = mailed("messages", "resend", "1")
    assert refused.code == 1
    assert "ann@example.com" in refused.out
    assert listed(mailed, "in_doubt") == [2, 1]
    assert mailed("messages", "resend", "1", "1", "--yes").code == 0
    assert mailed("messages", "drop", "2", "--yes", "--now", THURSDAY).code == 0
    with mail_server() as server:
        assert json.loads(deliver(mailed, server).out)["sent"] == 1
        assert server.recipients == ["ann@example.com"]
        assert re.search(rb"^Message-ID: <engage-1\.[0-9a-f]{8}@example\.com>", server.taken[0].content, re.MULTILINE)
    assert (listed(mailed, "sent"), listed(mailed, "cancelled")) == ([1], [2])
    for words in (("resend", "1"), ("drop", "1"), ("resend", "99"), ("resend", "1", "99")):
        assert mailed("messages", *words, "--yes").code == 1
    assert mailed("messages", "resend").code == 2
    assert "ann@example.com" in mailed("messages").out
    assert mailed("messages", "--status", "held").out.strip() == "no messages"
    assert mailed("tick", "--now", "2026-12-10T10:00").code == 0
    assert mailed("db", "check").code == 0


def test_a_message_that_a_killed_process_had_in_hand_says_so(mailed: Engage, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAULTS R05: in the reader's language, in JSON as it is kept; another reason stays."""

    class Killed(BaseException):
        """Ends the process, as far as the database sees."""

    ended = SmtpChannel.ended

    def killed(self: SmtpChannel, patience: float) -> None:
        ended(self, patience)  # the server has the mail, and nobody notes it
        raise Killed

    with mail_server() as server, monkeypatch.context() as patched:
        patched.setattr("engage.effects.smtp.SmtpChannel.ended", killed)
        with suppress(Killed):
            deliver(mailed, server)
    with mail_server(only("dot", DROP, "@")) as server:
        assert deliver(mailed, server).code == 3
    found = json.loads(mailed("messages", "--status", "in_doubt", "--format", "json").out)
    assert [one["id"] for one in found] == [2, 1]
    assert found[1]["reason"] == "the process ended while handing it over"
    assert found[0]["reason"] not in (None, found[1]["reason"])
    assert "the process ended while handing it over" in mailed("messages").out
    with Path("engage.yaml").open("a", encoding="utf-8") as file:
        file.write("locale: ja\n")
    assert "送信中にプロセスが終了したため" in mailed("messages").out


def test_a_server_that_refuses_us_is_told_of_until_it_does_not(mailed: Engage) -> None:
    with mail_server(only("mail", "550 5.7.1 blocked")) as server:
        done = deliver(mailed, server)
        assert done.code == 3
        assert "refuses us: 550 5.7.1 blocked" in done.err
        assert "550 5.7.1 blocked" in mailed("status").err
        found = json.loads(mailed("doctor", "--format", "json").out)
        assert [one["state"] for one in found if "550 5.7.1 blocked" in one["message"]] == ["bad"]
        server.script = usual
        assert json.loads(deliver(mailed, server, "2026-12-10T09:10").out)["sent"] == 2
    assert "blocked" not in mailed("status").err
    assert json.loads(mailed("status", "--format", "json").out)["mail_stop"] is None


def test_a_refused_recipient_is_not_mailed_again(mailed: Engage) -> None:
    """The bounce reaches the prospect and the report at the next tick."""
    with mail_server(only("rcpt", "550 5.1.1 who?", "ann@")) as server:
        assert json.loads(deliver(mailed, server).out)["sent"] == 2
        assert server.recipients == ["bob@example.com"]
    assert mailed("tick", "--now", "2026-12-10T10:00").code == 0
    mailed("export", "prospects", "-o", "out.csv", "--where", "{mailable: false}")
    assert "ann@example.com" in Path("out.csv").read_text("utf-8-sig")
    assert "bob@example.com" not in Path("out.csv").read_text("utf-8-sig")
    card = json.loads(mailed("report", "hand-over", "--format", "json").out)
    step = next(row for row in card if row["step"] == "send_email-hello")
    assert (step["sent"], step["delivered"], step["hard_bounced"]) == (2, 1, 1)
    assert mailed("db", "check").code == 0


def test_a_setting_that_makes_no_sense_is_refused(mailed: Engage) -> None:
    done = mailed("deliver", ENGAGE_SMTP_URL="http://me:geheim@host")
    assert done.code == 1
    assert "ENGAGE_SMTP_URL is not of the form" in done.err
    assert "geheim" not in done.err
    assert listed(mailed, "queued") == [2, 1]
