"""Mail by SMTP to a real server, Debian's smtp-sink: its faults, kill -9, and each mail once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.effects.hands import IN_HAND
from engage.effects.post import Delivered
from tests.effects.mailroom import add_people, message_rows
from tests.effects.test_smtp import LATER, sent, statuses, stopped
from tests.support.mail_server import TAKE_AND_DROP, MailServer, mail_server
from tests.support.sink import Sink, sink

MESSAGE = re.compile(rb"^Message-ID: <engage-(\d+)[.@]", re.MULTILINE)


def taken(sink: Sink) -> list[int]:
    """Return the numbers of the messages in the sink, as often as they are there."""
    return sorted(int(found[1]) for mail in sink.mails if (found := MESSAGE.search(mail)))


def test_everything_goes_once(engine: Engine, tmp_path: Path) -> None:
    add_people(engine, 50)
    with sink(tmp_path / "sink") as server:
        assert sent(engine, server.port, connections=8) == Delivered(sent=50)
        assert taken(server) == list(range(1, 51))


@pytest.mark.parametrize(
    ("flags", "first", "lane"),
    [
        (("-q", "connect"), "queued", "is away"),
        (("-q", "mail"), "queued", "is away"),
        (("-q", "rcpt"), "queued", "is away"),
        (("-q", "data"), "queued", "is away"),
        (("-q", "."), "in_doubt", "is in doubt"),
        (("-Q", "."), "queued", None),
        (("-r", "connect"), "queued", "is away"),
        (("-r", "mail"), "queued", None),
        (("-r", "rcpt"), "queued", None),
        (("-r", "."), "queued", None),
        (("-f", "connect"), "queued", "refuses us"),
        (("-f", "mail"), "queued", "refuses us"),
        (("-f", "rcpt"), "queued", "refuses us"),
        (("-f", "."), "queued", "refuses us"),
        (("-f", "rcpt", "-B", "550 5.1.1 no such user"), "sent", None),
        (("-f", ".", "-B", "550 5.1.1 no such user"), "sent", None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_faults(sqlite_engine: Engine, tmp_path: Path, flags: tuple[str, ...], first: str, lane: str | None) -> None:
    """FAULTS R02, R04: after the fault is gone everything is sent but what is in doubt."""
    add_people(sqlite_engine, 3)
    with sink(tmp_path / "bad", *flags) as server:
        sent(sqlite_engine, server.port)
    assert statuses(sqlite_engine)[0] == first
    assert statuses(sqlite_engine).count("in_doubt") <= 1
    found = stopped(sqlite_engine)
    assert (found is None) if lane is None else (found is not None and lane in found.reason)
    before = statuses(sqlite_engine)
    with sink(tmp_path / "good") as server:
        sent(sqlite_engine, server.port, LATER)
        assert taken(server) == [key for key, status in enumerate(before, 1) if status == "queued"]
    assert statuses(sqlite_engine) == ["sent" if status == "queued" else status for status in before]


DELIVERY = """
import sys
from contextlib import closing
from engage.effects.delivery import deliver
from engage.effects.mail_server import MailServer
from engage.effects.smtp import SmtpChannel
from engage.sql.connect import connect
from tests.effects.mailroom import NOW, post

server = MailServer("127.0.0.1", int(sys.argv[2]), "none", connections=int(sys.argv[3]))
with closing(SmtpChannel(server)) as channel:
    deliver(connect(sys.argv[1]), post(channel), NOW)
"""


def begin(engine: Engine, port: int, connections: int) -> subprocess.Popen[bytes]:
    """Begin a delivery in a process of its own."""
    root, url = Path(__file__).parents[2], engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DELIVERY, url, str(port), str(connections)]
    environment = {"PYTHONPATH": f"{root / 'src'}:{root}"}
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(engine: Engine, port: int, connections: int) -> int:
    """Let a delivery run to its end, or until somebody kills it; return its exit code."""
    with begin(engine, port, connections) as process:
        process.communicate(timeout=60)
        return process.returncode


class Killer:
    """Answers a mail server's clients, and kills one at each of some moments."""

    def __init__(self) -> None:
        self.victim = 0
        self.left = 0
        self.command = ""

    def __call__(self, command: str, _: str) -> str | None:
        self.left -= command == self.command
        if command != self.command or self.left != 0:
            return None
        os.kill(self.victim, signal.SIGKILL)
        return TAKE_AND_DROP if command == "dot" else None


def test_killed_again_and_again_each_is_sent_once_or_in_doubt(engine: Engine) -> None:
    """FAULTS R01, R02, R03, R05: what was in hand is in doubt, nothing goes twice and nothing is lost."""
    count, connections, killer = 1200, 3, Killer()
    add_people(engine, count)
    kills = 0
    with mail_server(killer) as server:
        for command, left in [("connect", 1), ("mail", 2), ("rcpt", 3), ("data", 3), ("dot", 90), ("dot", 1)]:
            killer.command, killer.left = command, left
            with begin(engine, server.port, connections) as process:
                killer.victim = process.pid
                process.communicate(timeout=60)
            kills += process.returncode == -signal.SIGKILL
            if command == "connect":
                assert {status for status, _ in message_rows(engine).values()} == {"queued"}
        killer.command = ""
        assert run(engine, server.port, connections) == 0
        assert kills == 6
        _check(engine, server, count, kills * IN_HAND)


def _check(engine: Engine, server: MailServer, count: int, most: int) -> None:
    found = Counter(server.recipients)
    assert set(found.values()) == {1}
    by_status: dict[str, set[str]] = {}
    for key, (status, _) in message_rows(engine).items():
        by_status.setdefault(status, set()).add(f"p{key}@example.com")
    assert set(by_status) <= {"sent", "in_doubt"}
    assert by_status["sent"] <= set(found)
    assert len(by_status.get("in_doubt", ())) <= most
    assert sum(map(len, by_status.values())) == count


def test_killed_in_the_midst_of_a_real_server(sqlite_engine: Engine, tmp_path: Path) -> None:
    """FAULTS R02, R05 with smtp-sink as the witness: the process is killed after a while, wherever it is."""
    count = 3000
    add_people(sqlite_engine, count)
    with sink(tmp_path / "sink") as server:
        for _ in range(3):
            with begin(sqlite_engine, server.port, 4) as process:
                seen = server.count
                while process.poll() is None and server.count < seen + 400:
                    time.sleep(0.01)
                process.kill()
                process.communicate(timeout=60)
        assert run(sqlite_engine, server.port, 4) == 0
        at_the_sink = taken(server)
    assert len(at_the_sink) == len(set(at_the_sink))
    rows = message_rows(sqlite_engine)
    went = {key for key, (status, _) in rows.items() if status == "sent"}
    doubtful = {key for key, (status, _) in rows.items() if status == "in_doubt"}
    assert went <= set(at_the_sink) <= went | doubtful
    assert len(doubtful) <= 3 * IN_HAND
    assert len(went | doubtful) == count
