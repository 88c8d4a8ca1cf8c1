"""Mail that comes back in tests: signed addresses, reports about them, and a workspace whose messages went out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, update

from engage.effects.links import signing_key
from engage.effects.return_path import opt_out_path, return_path
from engage.settings import Settings
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Returned
from tests.effects.mailroom import NOW, add_people

BASE, SECRET, BOUNCES, STOP = "https://m.example.com", "key", "bounces@example.com", "stop@example.com"
KEY = signing_key(SECRET, BASE)
ENVIRON = {
    "ENGAGE_BASE_URL": BASE,
    "ENGAGE_SECRET_KEY": SECRET,
    "ENGAGE_BOUNCE_ADDRESS": BOUNCES,
    "ENGAGE_OPT_OUT_ADDRESS": STOP,
}
SETTINGS = Settings(
    workspace=Path(),
    database_url="",
    base_url=BASE,
    secret_key=SECRET,
    bounce_address=BOUNCES,
    opt_out_address=STOP,
)
REPORT = """\
Return-Path: <>
To: {path}
From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Date: Tue, 1 Dec 2026 10:00:05 +0900
Message-ID: <{name}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; p{key}@example.com
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} because

--b--
"""


def path_of(key: int) -> str:
    """Return a message's return path."""
    return return_path(BOUNCES, KEY, key)


def stop_path_of(key: int) -> str:
    """Return where one writes to opt out by a message."""
    return opt_out_path(STOP, KEY, key)


def report(key: int, status: str = "5.1.1", name: str = "1") -> bytes:
    """Return a report that message ``key`` to p{key}@example.com could not be delivered."""
    text = REPORT.format(path=path_of(key), key=key, status=status, name=f"{name}.{key}")
    return text.replace("\n", "\r\n").encode()


def letter(to: str, subject: str = "Hello", **headers: str) -> bytes:
    """Return a mail that somebody wrote."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "p1@example.com", to, subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Good morning.\n")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def sent(engine: Engine, count: int) -> None:
    """Let so many messages have gone out, number n to pn@example.com."""
    add_people(engine, count)
    with engine.begin() as connection:
        connection.execute(update(t.messages).values(status=int(MessageStatus.SENT), sent_at=NOW))


def noted(engine: Engine) -> list[tuple[int | None, str]]:
    """Return what came back: each mail's message and what it was."""
    r = t.returned.c
    with engine.connect() as connection:
        rows = connection.execute(select(r.message_id, r.kind).order_by(r.message_id, r.kind))
        return [(message, Returned(kind).name.lower()) for message, kind in rows]


def happened(engine: Engine) -> list[tuple[int, str]]:
    """Return the activities: each with its message and event."""
    a, w = t.activities, t.words
    asked = select(a.c.message_id, w.c.text).join(w, w.c.id == a.c.type_id).order_by(a.c.message_id, w.c.text)
    with engine.connect() as connection:
        return [(message, event) for message, event in connection.execute(asked)]


@dataclass
class Listening:
    """A running ``engage listen-bounces``."""

    process: subprocess.Popen[str]
    place: str

    @property
    def port(self) -> int:
        return int(self.place.rpartition(":")[2])

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[int, str]:
        """End it as an administrator does; return its exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def listening(workspace: Path, url: str, *words: str, **environ: str) -> Iterator[Listening]:
    """Run ``engage listen-bounces`` as a user does, and give it when it listens."""
    command = [sys.executable, "-m", "engage", "listen-bounces", *words]
    surroundings = os.environ | ENVIRON | {"ENGAGE_DATABASE_URL": url, "ENGAGE_WORKSPACE": str(workspace)} | environ
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, env=surroundings, **options)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"listening for bounces by (?:LMTP|SMTP) at (.+)\n", line)
        assert found, line + process.communicate(timeout=10)[0]
        yield Listening(process, found[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def workspace(folder: Path) -> Path:
    """Make a workspace that says no more than it must."""
    text = "name: Example\nsender: {name: Example, email: marketing@example.com, address: Tokyo}\n"
    (folder / "engage.yaml").write_text(text, "utf-8")
    return folder
