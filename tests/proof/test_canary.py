"""Nothing of a person and no secret gets into a log, an address or where it can be read (S61, S62).

A workspace lives: files and people come in, mail goes out to a server that repeats whom it refuses, a daemon ticks,
two processes serve, somebody comes in with a password and looks at every page. Everything in it that nobody else may
read is a canary; then all that was printed and written down is searched for them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest

from engage.daemon.log import make_log
from engage.settings import read_settings
from tests.effects.mailroom import html_of, parsed
from tests.support.mail_server import MailServer, mail_server, only
from tests.support.web import PUBLIC, Served, served
from tests.web.staff.test_table import EVERY, address

PERSON, NAME, PHONE = "kanarie.person@example.com", "Kanarienvogel", "03-5555-0199"
COLLEAGUE, PASSWORD, WRONG = "kanarie.staff@example.com", "kanarie horse battery staple", "kanarie wrong guess"
SECRETS: Mapping[str, str] = {
    "ENGAGE_SECRET_KEY": "kanarie-secret-key-of-ours",
    "ENGAGE_OLD_SECRET_KEYS": "kanarie-older-key,kanarie-oldest-key",
    "ENGAGE_METRICS_TOKEN": "kanarie-metrics-token",
    "ENGAGE_BOUNCE_PASSWORD": "kanarie-bounce-password",
    "ENGAGE_MAILGUN_KEY": "kanarie-mailgun-key",
    "ENGAGE_OIDC_CLIENT_SECRET": "kanarie-oidc-secret",
}
MAIL_PASSWORD = "kanarie-mail-password"
SCENARIO = "name: Hello\naudience: {lists: [readers]}\nsteps:\n  - send_email: hello\n  - wait: 3 days\n"
MAIL = "---\nsubject: Hello {{ prospect.last_name }}\n---\n<p><a href='https://example.com'>x</a></p>\n"
PEOPLE = f"""email,last_name,phone,score,lists
{PERSON},{NAME},{PHONE},1,readers
not an address {PERSON},{NAME},,,readers
other@example.com,Other,,x{NAME},readers
"""
FILES: Mapping[str, str] = {
    "engage.yaml": "name: Example\nsender: {name: Example, email: m@example.com, address: Tokyo}\n",
    "lists.yaml": "readers: {name: Readers}\n",
    "scenarios/hello.yaml": SCENARIO,
    "templates/hello.html": MAIL,
    "people.csv": PEOPLE,
    "more.csv": f"email,last_name,lists\nmore.{PERSON},{NAME},readers\n",
}


@dataclass
class House:
    """A workspace, what its shell has set, and all that was printed in it."""

    folder: Path
    environ: Mapping[str, str]
    printed: dict[str, str] = field(default_factory=dict)

    def engage(self, *words: str) -> str:
        """Run a command; return what it printed."""
        command = [sys.executable, "-m", "engage", *words]
        everything = {**os.environ, **self.environ}
        done = subprocess.run(command, cwd=self.folder, env=everything, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.printed[f"{' '.join(words)} #{len(self.printed)}"] = said
        return said

    def until(self, word: str, *words: str) -> None:
        """Run a command that goes on until it has said a word."""
        command = [sys.executable, "-m", "engage", *words]
        said = self.folder / "said.log"
        with said.open("w") as out:
            everything = {**os.environ, **self.environ}
            process = subprocess.Popen(command, cwd=self.folder, env=everything, stdout=out, stderr=subprocess.STDOUT)
        last = time.monotonic() + 100
        while word not in said.read_text("utf-8") and time.monotonic() < last:
            time.sleep(0.2)
        self.printed[f"the processes of {words[0]}"] = "\n".join(processes(process.pid))
        process.terminate()
        process.wait(60)
        self.printed[" ".join(words)] = said.read_text("utf-8")


def made(folder: Path, environ: Mapping[str, str]) -> House:
    """Make a workspace."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return House(folder, environ)


@pytest.fixture
def house(tmp_path: Path, schema_url: str) -> Iterator[tuple[House, MailServer]]:
    """Give a workspace, and a mail server."""
    with mail_server() as server:
        environ = {
            **SECRETS, "ENGAGE_DATABASE_URL": schema_url, "ENGAGE_BASE_URL": PUBLIC,
            "ENGAGE_SMTP_URL": f"smtp://me:{MAIL_PASSWORD}@127.0.0.1:{server.port}",
        }  # fmt: skip
        yield made(tmp_path, environ), server


def processes(parent: int) -> list[str]:
    """Return the command lines of a process and of those that it began, as anybody on the machine reads them."""
    lines = []
    for each in (parent, *children(parent)):
        try:
            lines.append(Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return lines


def children(parent: int) -> Iterator[int]:
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from children(child)


def live(house: House, server: MailServer) -> list[str]:
    """Live; return the tokens of the links that went out."""
    for words in (
        ("apply", "--yes"), ("import", "prospects", "people.csv"), ("start", "hello"), ("tick",), ("deliver",),
        ("import", "prospects", "more.csv"), ("user", "add", "boss", "--role", "admin", "--email", COLLEAGUE),
    ):  # fmt: skip
        house.engage(*words)
    server.script = only("mail", f"554 5.7.1 <{PERSON}> looks like spam")
    house.until("looks like spam", "run", "--every", "1s")
    (mail,) = [taken for taken in server.taken if PERSON in taken.recipients]
    found = re.findall(rf"{PUBLIC}/[ocvup]/([^\s\"'<>/]+)", html_of(parsed(mail.content)))
    assert len(set(found)) >= 3
    return sorted(set(found))


def come_in(server: Served, first: str) -> str:
    """Become the first administrator, by the link of the start; return the login's token."""
    form = {"Sec_Fetch_Site": "same-origin"}
    server.post(f"/come-in/{first}", ("id", "boss"), ("password", PASSWORD), ("repeat", PASSWORD), **form)
    server.post("/login", ("name", COLLEAGUE), ("password", WRONG), **form)
    server.post("/reset", ("name", COLLEAGUE), **form)
    done = server.post("/login", ("name", COLLEAGUE), ("password", PASSWORD), **form)
    found = re.search(r"__Host-engage=([^;]+)", done.headers["set-cookie"])
    assert found is not None
    return found[1]


def pages(server: Served, token: str, tokens: Sequence[str]) -> str:
    """Look at every page and link; return what the pages of the staff say."""
    cookie = f"__Host-engage={token}"
    paths = [address(page) for page in EVERY if page.method == "GET"]
    strange = (f"/prospects?q={quote(PERSON)}", f"/nothing/{quote(PERSON)}", f"/login?next=/prospects?q={quote(NAME)}")
    seen = [server.get(path, Cookie=cookie).body for path in (*paths, *strange)]
    for each in tokens:
        for name in ("o", "c", "u", "p", "v"):
            server.get(f"/{name}/{each}?email={quote(PERSON)}")
    server.post("/hooks/mailgun", ("email", PERSON), ("signature", "x"))
    server.say(f"GET /u/{tokens[0]} HTTP/1.1\r\nHost: {PERSON}\r\nContent-Length: x\r\n\r\n".encode())
    operator = {"Authorization": f"Bearer {SECRETS['ENGAGE_METRICS_TOKEN']}"}
    seen += [server.get(path, **operator).body for path in ("/health", "/metrics")]
    return b"\n".join(seen).decode("utf-8", "replace")


def hits(printed: Mapping[str, str], canaries: Sequence[str]) -> list[str]:
    return [f"{where}: {canary}" for where, text in printed.items() for canary in canaries if canary in text]


def first_link(line: str) -> str:
    found = re.search(r"/come-in/(\S+)", line)
    assert found is not None, line
    return found[1]


def test_no_log_and_nothing_on_show_holds_a_person_or_a_secret(
    house: tuple[House, MailServer], schema_url: str
) -> None:
    """S61, S62"""
    shop, mails = house
    tokens = live(shop, mails)
    with served(shop.folder, schema_url, "--workers", "2", **shop.environ) as server:
        assert server.process.stdout is not None
        first = first_link(server.process.stdout.readline())
        token = come_in(server, first)
        shown = pages(server, token, tokens)
        shop.printed["the processes of serve"] = "\n".join(processes(server.process.pid))
        assert server.end() == 0
        shop.printed["serve"] = server.process.stdout.read() + (shop.folder / "served.log").read_text("utf-8")
    shop.engage("doctor")
    shop.engage("db", "backup", "copy.db")
    secrets = [part for secret in SECRETS.values() for part in secret.split(",")] + [MAIL_PASSWORD, PASSWORD, WRONG]
    hatched = [token, first, *tokens]
    assert hits(shop.printed, [PERSON, quote(PERSON), "kanarie", NAME, PHONE, *hatched]) == []
    assert "<•••> looks like spam" in shop.printed["run --every 1s"], "the server's words, but for the address in them"
    assert len(shop.printed["the processes of serve"].splitlines()) >= 3
    assert PERSON in shown, "the pages do show people to who may see them"
    assert hits({"the pages": shown}, [*secrets, token, first]) == []
    if (copy := shop.folder / "copy.db").exists():
        assert hits({"a backup": copy.read_bytes().decode("latin-1")}, [*secrets, *hatched]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"ENGAGE_SMTP_URL": "smtp://me:kanarie@host:port"}, {"ENGAGE_SMTP_URL": "kanarie"},
        {"ENGAGE_DATABASE_URL": "postgresql://me:kanarie@127.0.0.1:1/x"}, {"ENGAGE_DATABASE_URL": "kanarie"},
        {"ENGAGE_BOUNCE_BOX": "imaps://me:kanarie@host:port/x"}, {"ENGAGE_BASE_URL": "https://me:kanarie@host"},
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong_is_not_repeated(tmp_path: Path, wrong: dict[str, str]) -> None:
    """S62: a mistake is told by the name of its setting."""
    shop = made(tmp_path, {"ENGAGE_SECRET_KEY": "kanarie-key", **wrong})
    for command in ("doctor", "deliver"):
        assert "kanarie" not in shop.engage(command), command


def test_settings_are_not_printed_with_their_secrets(house: tuple[House, MailServer]) -> None:
    """S62"""
    environ = {**house[0].environ, "ENGAGE_DATABASE_URL": "postgresql://me:kanarie@db/x"}
    assert "kanarie" not in repr(read_settings(environ, Path("shop")))


def test_an_error_that_nobody_expected_is_logged_without_its_words() -> None:
    """S61: they may quote what it choked on; its kind and its places are told, and those of its cause."""
    out = StringIO()
    try:
        try:
            dict[str, int]()[PERSON]
        except KeyError as error:
            raise ValueError(f"{NAME} <{PERSON}>") from error
    except ValueError as error:
        make_log(out).error("failed", job="x", exc_info=error, why=f"550 <{PERSON}> unknown")
    line = json.loads(out.getvalue())
    assert hits({"log": out.getvalue()}, [PERSON, NAME]) == []
    assert (line["event"], line["why"]) == ("failed", "550 <•••> unknown")
    assert [part for part in line["fault"] if ":" not in part] == ["KeyError", "ValueError"]
    assert "test_an_error_that_nobody_expected_is_logged_without_its_words" in line["fault"][0]
