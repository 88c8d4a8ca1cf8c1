"""Deliveries that stand still or have no memory left: nothing goes twice, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.effects.mailroom import add_people, message_rows
from tests.effects.test_smtp_sink import DELIVERY, begin, run
from tests.support.mail_server import mail_server

#: A delivery that may take so many bytes more than it has when it begins.
LITTLE = """
import resource, sys
import engage.effects.delivery, engage.effects.smtp, tests.effects.mailroom
with open("/proc/self/statm") as file:
    has = int(file.read().split()[0]) * resource.getpagesize()
most = has + int(sys.argv[4]) * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (most, most))
"""


class Freezer:
    """Answers a mail server's clients, and has one stand still when a command comes from it."""

    def __init__(self, command: str) -> None:
        self.command, self.victim = command, 0
        self.frozen = False

    def __call__(self, command: str, _: str) -> str | None:
        if command == self.command and self.victim and not self.frozen:
            self.frozen = True
            os.kill(self.victim, signal.SIGSTOP)
        return None


@pytest.mark.parametrize("command", ["mail", "rcpt"])
def test_a_delivery_that_stands_still_keeps_its_mail_and_another_sends_the_rest(engine: Engine, command: str) -> None:
    """FAULTS R09: no mail changes hands however long one stands still, so that nothing goes twice when it goes on."""
    count, freezer = 200, Freezer(command)
    add_people(engine, count)
    with mail_server(freezer) as server, begin(engine, server.port, 1) as frozen:
        freezer.victim = frozen.pid
        try:
            while not freezer.frozen:
                assert frozen.poll() is None
                signal.sigtimedwait((), 0.02)
            assert run(engine, server.port, 2) == 0
            assert "in_doubt" in {status for status, _ in message_rows(engine).values()}
            assert max(Counter(server.recipients).values()) == 1
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        _, said = frozen.communicate(timeout=60)
        assert frozen.returncode == 0, said.decode()
        assert sorted(Counter(server.recipients).values()) == [1] * count
    assert {status for status, _ in message_rows(engine).values()} == {"sent"}


def test_a_delivery_without_memory_loses_nothing_and_sends_nothing_twice(sqlite_engine: Engine) -> None:
    """FAULTS R08: wherever memory ends, the next delivery goes on; what was in hand is in doubt."""
    count, root = 300, Path(__file__).parents[2]
    add_people(sqlite_engine, count)
    url = sqlite_engine.url.render_as_string(hide_password=False)
    ended = []
    with mail_server() as server:
        for megabytes in (1, 4, 8, 16, 32, 64):
            command = [sys.executable, "-c", LITTLE + DELIVERY, url, str(server.port), "2", str(megabytes)]
            environment = {"PYTHONPATH": f"{root / 'src'}:{root}"}
            ended.append(subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=60).returncode)
        assert ended[0] != 0
        assert run(sqlite_engine, server.port, 2) == 0
        assert max(Counter(server.recipients).values()) == 1
        rows = message_rows(sqlite_engine)
        went = {f"p{key}@example.com" for key, (status, _) in rows.items() if status == "sent"}
        doubtful = {f"p{key}@example.com" for key, (status, _) in rows.items() if status == "in_doubt"}
        assert went <= set(server.recipients) <= went | doubtful
        assert len(went) + len(doubtful) == count
