"""``engage serve`` as a process of its own, asked over HTTP by a client that knows nothing of it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import uvicorn
from sqlalchemy import Engine

from engage.app import App
from engage.daemon.log import make_log
from engage.effects.links import Purpose, click_url, signing_key, url
from engage.intake.services.sns import Fetch
from engage.settings import Settings
from engage.sql.connect import connect
from engage.web.application import application
from engage.web.serving import Place, configured, listen
from engage.web.site import Site

KEY = "a key for these tests"
#: Where the links of mails lead; no test follows them there.
PUBLIC = "http://mail.example.com"
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
_PLACE = re.compile(r"http://(\S+?):(\d+)")


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Web:
    """A running server."""

    port: int

    def ask(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Answer:
        """Ask on a connection of its own; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {"User-Agent": BROWSER} | {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, *fields: tuple[str, str], **headers: str) -> Answer:
        """Send a form."""
        kind = headers.pop("Content_Type", "application/x-www-form-urlencoded")
        body = urlencode(fields).encode()
        return self.ask("POST", path, body, Content_Type=kind, **headers)

    def one_click(self, path: str) -> Answer:
        """Unsubscribe as a mail provider does (RFC 8058)."""
        return self.post(path, ("List-Unsubscribe", "One-Click"))

    def follow(self, path: str, host: str = "x") -> bytes:
        """Follow a link and return the answer to the byte."""
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {BROWSER}\r\nConnection: close\r\n\r\n"
        return self.say(head.encode())

    def say(self, data: bytes) -> bytes:
        """Send bytes as they are and return what comes back until the connection ends or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.settimeout(5)
            parts = []
            try:
                connection.sendall(data)
                while part := connection.recv(65_536):
                    parts.append(part)
            except OSError:
                pass
            return b"".join(parts)


@dataclass
class Served(Web):
    """A server in a process of its own."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        """Kill it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to end and return its exit code."""
        self.process.terminate()
        return self.process.wait(40)


def link(purpose: Purpose, message_id: int, key: str = KEY) -> str:
    """Return the path of a link in a mail."""
    return url("", signing_key(key, PUBLIC), purpose, message_id)


def click(message_id: int, target: str, key: str = KEY) -> str:
    """Return the path of a click in a mail."""
    return click_url("", signing_key(key, PUBLIC), message_id, target)


@contextmanager
def answering(
    engine: Engine,
    folder: Path,
    log: Any = None,
    fetch: Fetch | None = None,
    trusted: Sequence[str] = (),
    **settings: str | tuple[str, ...],
) -> Iterator[Web]:
    """Give a server that answers from a thread of this process; ``log`` takes what it says, ``fetch`` is its web."""
    given = Settings(folder, str(engine.url), **{"secret_key": KEY, "base_url": PUBLIC, **settings})  # type: ignore[arg-type]
    site = Site(App(given, connect(engine.url)), log or make_log(StringIO()), fetch=fetch)
    place = Place("127.0.0.1", 0, 1, trusted)
    listening = listen(place)
    server = uvicorn.Server(configured(application(site), place))
    thread = Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield Web(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(folder: Path, database: str, *words: str, **environ: str) -> Iterator[Served]:
    """Give a running server of a workspace; it ends afterwards."""
    (folder / "engage.yaml").touch()
    settings = {
        "ENGAGE_WORKSPACE": str(folder), "ENGAGE_DATABASE_URL": database, "ENGAGE_SECRET_KEY": KEY,
        "ENGAGE_BASE_URL": PUBLIC,
    }  # fmt: skip
    command = [sys.executable, "-m", "engage", "serve", "--port", "0", *words]
    with (folder / "served.log").open("a") as errors:
        process = subprocess.Popen(
            command, env={**os.environ, **settings, **environ}, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield Served(_port(process, folder / "served.log"), process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _port(process: subprocess.Popen[str], errors: Path) -> int:
    """Return the port that a server says it listens on, when it answers there."""
    assert process.stdout is not None
    found = _PLACE.search(process.stdout.readline())
    assert found is not None, errors.read_text()
    port = int(found[2])
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status in (200, 503):
                return port
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError(f"the server does not answer: {errors.read_text()}")
