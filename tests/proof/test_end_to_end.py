"""The whole loop, nothing imitated: mail through Postfix, its links over HTTP, what follows, and what comes back.

Every command is a process of its own, as its user runs it; the clock is the machine's.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from tests.effects.mailroom import parsed
from tests.support.mail_server import mail_server, only
from tests.support.postfix import Postfix, postfix
from tests.support.web import KEY, PUBLIC, served

FILES = {
    "engage.yaml": """
name: Example K.K.
sender: {name: Example marketing, email: marketing@example.com, address: 1-1 Chiyoda}
""",
    "team.yaml": "users: {sato: {name: Sato, role: sales}}\n",
    "lists.yaml": "readers: {name: Readers, public: true}\n",
    "scenarios/paper.yaml": """
name: White paper
audience: {lists: [readers]}
steps:
  - send_email: invite
  - id: read
    trigger: {email_clicked: {email: invite, link: "*/paper*"}}
    within: 4 days
    yes:
      - create_todo: {subject: "Call {{ prospect.last_name }}", to: user:sato}
  - send_email: more
""",
    "templates/invite.html": """---
subject: The white paper for {{ prospect.last_name }}
---
<html><body><p>Dear {{ prospect.last_name }},</p>
<p><a href="https://www.example.com/paper?a=1&amp;b=2">Read it</a></p></body></html>
""",
    "templates/more.html": "---\nsubject: More\n---\n<p>More to read</p>\n",
    "people.csv": "email,last_name,lists\np1@example.com,Mori,readers\np2@example.com,Oka,readers\n"
    "gone@far.example,Ishi,readers\n",
}
#: A browser as people use it.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass(frozen=True)
class House:
    """A workspace and what its user's shell has set."""

    folder: Path
    environ: Mapping[str, str]

    def engage(self, *words: str) -> str:
        """Run a command and return what it prints."""
        command = [sys.executable, "-m", "engage", *words]
        done = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.environ}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def rows(self, kind: str) -> list[dict[str, str]]:
        """Return what a command exports."""
        return list(csv.DictReader(self.engage("export", kind).removeprefix("\ufeff").splitlines()))


def house(folder: Path, url: str, server: Postfix) -> House:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    environ = {
        "ENGAGE_DATABASE_URL": url, "ENGAGE_SECRET_KEY": KEY, "ENGAGE_BASE_URL": PUBLIC,
        "ENGAGE_SMTP_URL": f"smtp://127.0.0.1:{server.port}", "ENGAGE_BOUNCE_ADDRESS": "bounces@example.com",
    }  # fmt: skip
    made = House(folder, environ)
    for words in (("apply", "--yes"), ("import", "prospects", "people.csv"), ("start", "paper")):
        made.engage(*words)
    return made


def mails(server: Postfix, count: int) -> dict[str, EmailMessage]:
    """Return the mails that have arrived by address and subject, after waiting for so many."""
    found = map(parsed, server.mails(count))
    return {f"{str(mail['To']).rpartition('<')[2].rstrip('>')} {mail['Subject']}": mail for mail in found}


def page_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text


def path(address: str) -> str:
    """Return the path of a link of ours."""
    assert address.startswith(f"{PUBLIC}/"), address
    return urlsplit(address).path


def addresses(mail: EmailMessage) -> tuple[str, str]:
    """Return the paths of a mail's pixel, and of its link to the paper."""
    page = page_of(mail)
    (pixel,) = re.findall(r'<img[^>]* src="([^"]+/o/[^"]+)"', page)
    (link,) = re.findall(r'<a[^>]* href="([^"]+)"[^>]*>Read it</a>', page)
    return path(pixel), path(link)


def test_from_the_first_mail_to_the_todo_the_opt_out_and_the_bounce(schema_url: str, tmp_path: Path) -> None:
    away = only("rcpt", "550 5.1.1 no such user", "gone@")
    with mail_server(away) as far, postfix(far=f"smtp:[127.0.0.1]:{far.port}") as server:
        mine = house(tmp_path / "shop", schema_url, server)
        mine.engage("tick")
        mine.engage("deliver")
        invited = mails(server, 2)
        assert set(invited) == {
            "p1@example.com The white paper for Mori", "p2@example.com The white paper for Oka",
        }  # fmt: skip
        # Whoever follows a link sooner than two seconds after the hand-over is a machine.
        time.sleep(2.5)
        with served(mine.folder, schema_url) as web:
            for mail in invited.values():
                pixel, link = addresses(mail)
                assert web.get(pixel, User_Agent=BROWSER).headers["content-type"] == "image/gif"
                led = web.get(link, User_Agent=BROWSER)
                assert (led.status, led.headers["location"]) == (302, "https://www.example.com/paper?a=1&b=2")
            stop = str(invited["p2@example.com The white paper for Oka"]["List-Unsubscribe"])
            assert web.one_click(path(stop.strip("<>"))).status == 200
        mine.engage("tick")  # waits until it is sure that no machine was there
        mine.engage("deliver")
        todos = json.loads(mine.engage("todos", "--format", "json"))
        assert sorted(todo["subject"] for todo in todos) == ["Call Mori", "Call Oka"]
        assert set(mails(server, 3)) - set(invited) == {"p1@example.com More"}, "who opted out gets no more"
        mine.engage("tick")

        returned = server.mails(1, "returned")
        assert b"gone@far.example" in returned[0]
        mine.engage("listen-bounces", "--maildir", str(server.returned))
        mine.engage("tick")

        card = {row["step"]: row for row in csv.DictReader(
            mine.engage("report", "paper", "--format", "csv").removeprefix("\ufeff").splitlines()
        )}  # fmt: skip
        told = ("sent", "delivered", "hard_bounced", "unique_opens", "unique_clicks", "opt_outs")
        assert [card["send_email-invite"][name] for name in told] == ["3", "2", "1", "2", "2", "1"]
        assert [card["read"][name] for name in ("entered", "yes", "waiting")] == ["3", "2", "1"]
        assert [card["send_email-more"][name] for name in ("completed", "skipped", "sent")] == ["1", "1", "1"]
        known = {
            row["email"]: (row["opted_out"], row["do_not_email"], row["mailable"]) for row in mine.rows("prospects")
        }
        assert known == {
            "p1@example.com": ("false", "false", "true"),
            "p2@example.com": ("true", "false", "false"),
            "gone@far.example": ("false", "true", "false"),
        }
        # A mail to all of them goes to the one who still wants it and whom it reaches.
        mine.engage("send", "more", "--list", "readers", "--yes")
        mine.engage("tick")
        mine.engage("deliver")
        assert len(server.mails(4)) == 4
        assert {row["email"] for row in mine.rows("messages") if row["status"] == "cancelled"} == {
            "p2@example.com", "gone@far.example",
        }  # fmt: skip
        assert "db check" not in mine.engage("db", "check")
