"""Deliveries side by side: while thousands of messages wait, other processes hand over as well.

One process renders and notes as fast as one processor lets it. Each of the others is a whole delivery with a renderer
and connections of its own; what it needs to know goes to it as JSON, and line by line it tells what it has done. It
ends by itself when nothing is left, or when who began it is gone or closes its pipe: what it has in hand is noted then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, replace
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from sqlalchemy import Engine

from engage.clock import monotonic
from engage.effects.delivery import Course
from engage.effects.post import Delivered
from engage.effects.queued import queued_between
from engage.effects.smtp import SmtpChannel
from engage.errors import EngageError, Outside
from engage.settings import Settings
from engage.sql.connect import reading
from engage.wording import Sentence, packed, sentence, unpacked

#: So many queued messages make another process worth its beginning.
WORTH = 3000
#: A rate that one process reaches alone.
_SLOW = 500.0
#: Seconds in which a process that is told to end does so.
_FAREWELL = 60.0


class Beside:
    """The deliveries beside one that has just handed over its first mails; ``close`` it at the end."""

    def __init__(self, engine: Engine, settings: Settings, channel: SmtpChannel, now: datetime) -> None:
        self._engine, self._settings, self._channel, self._now = engine, settings, channel, now
        self._began = monotonic()
        self._others: list[subprocess.Popen[bytes]] = []
        self._listeners: list[Thread] = []
        self._told: SimpleQueue[Delivered] = SimpleQueue()
        self._faults: list[Sentence] = []
        self._done, self._asked = Delivered(), False

    def done(self, mine: Delivered) -> Delivered:
        """Return what all have done; others are begun here once this one has sent something and much is left."""
        if mine.sent and not self._asked:
            self._asked = True
            self._begin()
        while not self._told.empty():
            self._done += self._told.get()
        return mine + self._done

    def finish(self, mine: Delivered) -> Delivered:
        """Wait until the others have nothing left to do; return what all have done.

        Raises Outside where the channel was away from one of them.
        """
        for listener in self._listeners:
            listener.join()
        if self._faults:
            raise Outside(self._faults[0])
        return self.done(mine)

    def close(self) -> None:
        """Have the others note what they have in hand, and end."""
        for other in self._others:
            with suppress(OSError):
                assert other.stdin is not None
                other.stdin.close()
        for other in self._others:
            try:
                other.wait(_FAREWELL)
            except subprocess.TimeoutExpired:
                other.kill()
                other.wait()
        for listener in self._listeners:
            listener.join()

    def _begin(self) -> None:
        rate, server = self._channel.per_second, self._channel.server
        if rate is not None and rate <= _SLOW:
            return
        with reading(self._engine).begin() as connection:
            count, low, high = queued_between(connection)
        processes = min(server.processes, 1 + count // WORTH, self._channel.connections)
        connections = self._channel.connections // processes
        if processes > 1:
            self._channel.narrow(self._channel.connections - connections * (processes - 1))
        for course in courses(processes - 1, low, high):
            self._others.append(_begun(self._request(course, connections)))
            self._listeners.append(Thread(target=self._listen, args=(self._others[-1],), daemon=True))
            self._listeners[-1].start()

    def _request(self, course: Course, connections: int) -> dict[str, object]:
        settings = replace(self._settings, smtp_connections=str(connections), smtp_processes="1")
        return {
            "settings": asdict(settings) | {"workspace": str(settings.workspace.resolve())},
            "now": self._now.isoformat(),
            "late": monotonic() - self._began,
            "course": [course.after, course.down],
        }

    def _listen(self, other: subprocess.Popen[bytes]) -> None:
        """Hear what another delivery has done, until it ends."""
        assert other.stdout is not None
        with other.stdout:
            for line in other.stdout:
                said = json.loads(line)
                if "done" in said:
                    self._told.put(Delivered(*said["done"]))
                else:
                    self._faults.append(unpacked(said["fault"]))
        if other.wait() != 0:
            lost = sentence("a delivery beside this one was lost (exit code {code})", code=other.returncode)
            self._faults.append(lost)


def courses(others: int, low: int, high: int) -> Iterator[Course]:
    """Yield where each of some other deliveries begins, beside one that goes up from the lowest key.

    Every second one comes down towards the one before it, so that no two have the same piece of the queue.

    >>> [(each.after, each.down) for each in courses(3, 1, 100)]
    [(51, True), (50, False), (101, True)]
    """
    pieces = others // 2 + 1
    for place in range(1, others + 1):
        after = low + (high - low + 1) * ((place + 1) // 2) // pieces
        yield Course(after, True) if place % 2 else Course(after - 1, False)


def _begun(request: Mapping[str, object]) -> subprocess.Popen[bytes]:
    other = subprocess.Popen(
        [sys.executable, "-P", "-m", "engage.daemon.beside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
    )
    assert other.stdin is not None
    with suppress(OSError):
        other.stdin.write(json.dumps(request).encode() + b"\n")
        other.stdin.flush()
    return other


def settings_of(told: Mapping[str, object]) -> Settings:
    """Return the settings that another process was told."""
    return Settings(**{**told, "workspace": Path(str(told["workspace"]))})  # type: ignore[arg-type]


def told(said: Delivered | EngageError) -> bytes:
    """Return the line by which another process tells what it has done, or why it ended."""
    what = {"done": astuple(said)} if isinstance(said, Delivered) else {"fault": packed(said.message)}
    return json.dumps(what).encode() + b"\n"
