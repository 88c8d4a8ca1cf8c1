"""``engage listen-bounces`` and ``engage messages returned`` as commands: what they say, in both languages."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.cli.conftest import Engage
from tests.postbox.returning import ENVIRON, letter, path_of, report, sent, stop_path_of

WEB = "bounces@example.com"


def maildir(folder: Path, *mails: bytes) -> Path:
    """Make a maildir with new mails."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    for number, mail in enumerate(mails, 1):
        (folder / "new" / f"{number}.mail").write_bytes(mail)
    return folder


def test_a_box_is_read_listed_and_told_of_by_the_doctor(
    folder: Path, engage: Engage, engine: Engine, tmp_path: Path
) -> None:
    sent(engine, 3)
    strange, answer = letter("somebody@example.com"), letter(path_of(2), Auto_Submitted="auto-replied")
    maildir(tmp_path / "box", report(1), answer, letter(stop_path_of(3), "unsubscribe"), strange)
    done = engage("listen-bounces", "--maildir", tmp_path / "box", **ENVIRON)
    assert done.out.splitlines() == [
        "noted: hard bounces 1, opt-outs 1, autoreplies 1",
        "1 mail in the box is not about mail of ours and was left alone",
    ]
    box = f"maildir:{tmp_path / 'box'}"
    again = engage("listen-bounces", ENGAGE_BOUNCE_BOX=box, **ENVIRON)
    assert again.out.splitlines()[0] == "nothing new came back"
    listed = json.loads(engage("messages", "returned", "--format", "json").out)
    assert {(one["kind"], one["email"], one["message"], one["why"]) for one in listed} == {
        ("hard", "p1@example.com", 1, "550 5.1.1 because"),
        ("autoreply", "p2@example.com", 2, None),
        ("opt_out", "p3@example.com", 3, None),
    }
    shown = engage("messages", "returned", "--kind", "hard").out
    assert "hard bounces" in shown
    assert "p2@example.com" not in shown
    told = engage("doctor", ENGAGE_BOUNCE_BOX=box, **ENVIRON).out
    assert "what came back in 30 days: hard bounces 1, opt-outs 1, autoreplies 1" in told
    nowhere = "bounces go to the sender and count nowhere: set ENGAGE_BOUNCE_ADDRESS"
    assert nowhere not in engage("doctor").out
    assert nowhere in engage("doctor", ENGAGE_SMTP_URL="smtp://127.0.0.1:9").out
    assert nowhere not in engage("doctor", ENGAGE_SMTP_URL="smtp://127.0.0.1:9", **ENVIRON).out
    assert "ENGAGE_BOUNCE_BOX is neither" in engage("doctor", ENGAGE_BOUNCE_BOX="x", **ENVIRON).out


def test_nothing_came_back(folder: Path, run: Engage) -> None:
    assert run("messages", "returned").out == "nothing came back\n"
    (folder / "engage.yaml").write_text((folder / "engage.yaml").read_text() + "locale: ja\n")
    assert run("messages", "returned").out == "戻ってきたメールはありません\n"


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (["--lmtp", "127.0.0.1:0", "--smtp", "127.0.0.1:0"], {}, "one way at a time"),
        (["--lmtp", "127.0.0.1:0", "--every", "5m"], {}, "--every is for a box"),
        ([], {}, "where do bounces come to?"),
        (["--lmtp", "1.2.3.4:25"], {}, "takes mail from this machine only"),
        (["--maildir", "nowhere"], {}, "is no maildir"),
        (["--imap", "http://example.com"], {}, "an IMAP box is written as imaps://user@host/FOLDER"),
        (["--imap", "imaps://reader@localhost/INBOX"], {}, "set ENGAGE_BOUNCE_PASSWORD"),
        ([], {"ENGAGE_BOUNCE_BOX": "pop3://x"}, "ENGAGE_BOUNCE_BOX is neither"),
        (["--lmtp", "127.0.0.1:0"], {"ENGAGE_BOUNCE_ADDRESS": "x y"}, "ENGAGE_BOUNCE_ADDRESS is no mail address"),
        (["--lmtp", "127.0.0.1:0"], {"ENGAGE_SECRET_KEY": ""}, "needs ENGAGE_SECRET_KEY"),
        (["--lmtp", "127.0.0.1:0"], {"ENGAGE_BOUNCE_ADDRESS": ""}, "set ENGAGE_BOUNCE_ADDRESS"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path, run: Engage, words: list[str], environ: dict[str, str], said: str
) -> None:
    """P15: one sentence, exit code 1, in both languages."""
    given = {"ENGAGE_BOUNCE_ADDRESS": WEB, "ENGAGE_SECRET_KEY": "key", **environ}
    done = run("listen-bounces", *words, **given)
    assert done.code == 1
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    (folder / "engage.yaml").write_text((folder / "engage.yaml").read_text() + "locale: ja\n")
    assert said not in (japanese := run("listen-bounces", *words, **given).err)
    assert any("\u3040" <= sign <= "\u30ff" for sign in japanese)


def test_a_port_that_is_taken_is_said(folder: Path, run: Engage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("listen-bounces", "--lmtp", place, ENGAGE_BOUNCE_ADDRESS=WEB, ENGAGE_SECRET_KEY="key")
    assert done.code == 3
    assert f"nobody can listen at {place}" in done.err
