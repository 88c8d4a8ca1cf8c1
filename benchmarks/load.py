"""Load on the public pages while a broadcast runs: ``python benchmarks/load.py [--seconds N] [--database …]``.

`engage deliver` hands a newsletter to Debian's smtp-sink, and `engage serve` answers: fifty one-click opt-outs a second,
half of them of readers whose mail is about to leave, and pixels and clicks besides. Times are counted from the moment
at which a request was due, so a server that falls behind hides nothing. At the end every opt-out that was acknowledged
is held against the mails at the sink, and every event against the database. Then the same newsletter alone, whole and
with ``kill -9`` again and again: each mail is at the sink once, or in doubt.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import text
from tests.support.sink import Sink, sink
from tests.support.web import served

from benchmarks import mail
from benchmarks.mail import newsletter
from benchmarks.places import database
from engage.app import open_app
from engage.effects.links import click_url, signing_key, url
from engage.settings import Settings

KEY, PUBLIC = "a key for benchmarks", "https://m.example.co.jp"
_MESSAGE = re.compile(rb"^Message-ID: <engage-(\d+)[.@]", re.MULTILINE)
#: A file's time is the kernel's, which moves in steps of some milliseconds.
_STEP = 0.01
#: The least that a broadcast must keep up, in mails a second (FAULTS L08).
_SUSTAINED = 50


@dataclass(frozen=True)
class Wanted:
    """What is to be done: how long, and how much a second."""

    seconds: float
    unsubscribes: int
    events: int
    mails: int
    workers: int


@dataclass
class Seen:
    """What came of it."""

    #: when each opt-out was acknowledged, by message, and how long each took
    acknowledged: dict[int, float] = field(default_factory=dict)
    opt_outs: list[float] = field(default_factory=list)
    #: how long pixels and clicks took
    events: list[float] = field(default_factory=list)
    refused: int = 0
    #: mails at the sink, those that left after their reader's opt-out was acknowledged, and opt-outs that stopped one
    mails: int = 0
    late: int = 0
    stopped: int = 0
    #: acknowledged events that are not in the database
    lost: int = 0


class Client:
    """Asks at a steady rate, however long the answers take."""

    def __init__(self, port: int, wanted: Wanted, taken: Sink, seen: Seen, count: int) -> None:
        self._port, self._wanted, self._sink, self._seen, self._count = port, wanted, taken, seen, count
        self._key, self._dice = signing_key(KEY, PUBLIC), random.Random(6)
        self._left = set(range(1, count + 1))
        self._front = 1

    async def run(self) -> None:
        """Ask for as long as is wanted, then wait for the answers."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(began))
            group.create_task(self._steadily(group, began, self._wanted.unsubscribes, self._unsubscribe))
            group.create_task(self._steadily(group, began, self._wanted.events, self._event))

    async def _steadily(self, group: asyncio.TaskGroup, began: float, rate: int, ask: object) -> None:
        assert callable(ask)
        for n in range(int(rate * self._wanted.seconds)):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(ask(due))

    async def _watch(self, began: float) -> None:
        """Look again and again how far the broadcast has come."""
        while time.monotonic() - began < self._wanted.seconds:
            self._front = await asyncio.to_thread(lambda: self._sink.count) + 1
            await asyncio.sleep(0.2)

    def _reader(self) -> int:
        """Return somebody who has not left yet, each second time one whose mail is about to go."""
        if self._dice.random() < 0.5:
            near = [n for n in range(self._front, self._front + 300) if n in self._left]
            if near:
                return self._dice.choice(near)
        while True:
            found = self._dice.randint(1, self._count)
            if found in self._left:
                return found

    async def _unsubscribe(self, due: float) -> None:
        reader = self._reader()
        self._left.discard(reader)
        body = b"List-Unsubscribe=One-Click"
        kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % len(body)
        status = await self._ask(b"POST", url("", self._key, "unsubscribe", reader), kind, body)
        if status == 200:
            self._seen.acknowledged[reader] = time.time()
            self._seen.opt_outs.append(time.monotonic() - due)
        else:
            self._seen.refused += 1

    async def _event(self, due: float) -> None:
        reader = self._dice.randint(1, self._count)
        opened = self._dice.random() < 0.5
        click = click_url("", self._key, reader, "https://example.co.jp/cases/1?from=news")
        status = await self._ask(b"GET", url("", self._key, "open", reader) if opened else click)
        if status == (200 if opened else 302):
            self._seen.events.append(time.monotonic() - due)
        else:
            self._seen.refused += 1

    async def _ask(self, method: bytes, path: str, headers: bytes = b"", body: bytes = b"") -> int:
        """Ask on a connection of its own, as readers and providers do; return the status, 0 where none came."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            head = b"%s %s HTTP/1.1\r\nHost: m.example.co.jp\r\nConnection: close\r\n" % (method, path.encode())
            writer.write(head + headers + b"\r\n" + body)
            answer = await reader.read()
            writer.close()
            return int(answer.split(b" ", 2)[1])
        except (OSError, IndexError):
            return 0


def measure(kind: str, wanted: Wanted) -> Seen:
    """Run a broadcast and the load beside it; return what was seen."""
    shared = Path("/dev/shm")
    place, seen = shared if shared.is_dir() else None, Seen()
    with database(kind) as address, TemporaryDirectory() as folder, TemporaryDirectory(dir=place) as taken:
        root, count = Path(folder), int(wanted.mails * wanted.seconds * 1.5)
        newsletter(address, root, count).engine.dispose()
        environ = {"ENGAGE_SECRET_KEY": KEY, "ENGAGE_BASE_URL": PUBLIC}
        path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        words = ("--workers", str(wanted.workers))
        with (
            sink(Path(taken) / "mails") as server,
            served(root, address, *words, **environ, **path) as web,
            _broadcast(root, address, server.port, wanted.mails, environ | path),
        ):
            asyncio.run(Client(web.port, wanted, server, seen, count).run())
        _compare(server, seen)
        app = open_app(Settings(root, address))
        with app.engine.begin() as connection:
            stored = connection.scalar(text("SELECT count(*) FROM heard")) or 0
        app.engine.dispose()
        seen.lost = max(0, len(seen.events) - stored)
    return seen


@contextmanager
def _broadcast(root: Path, address: str, port: int, rate: int, environ: dict[str, str]) -> Iterator[None]:
    """Have ``engage deliver`` send as long as the block lasts."""
    settings = {"ENGAGE_DATABASE_URL": address, "ENGAGE_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    settings["ENGAGE_SMTP_RATE"] = str(rate)
    command = [sys.executable, "-m", "engage", "deliver", "--workspace", str(root)]
    process = subprocess.Popen(command, env={**os.environ, **environ, **settings}, stdout=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, "the broadcast ended before the load did: more mails are needed"
    finally:
        process.terminate()
        process.wait()


def _compare(server: Sink, seen: Seen) -> None:
    """Count the mails that left after their reader's opt-out was acknowledged."""
    arrived = {}
    for path in server.folder.iterdir():
        found = _MESSAGE.search(path.read_bytes()[:4_000])
        if found is not None:
            arrived[int(found[1])] = path.stat().st_mtime
    seen.mails = len(arrived)
    for message, at in seen.acknowledged.items():
        if message not in arrived:
            seen.stopped += 1
        elif arrived[message] > at + _STEP:
            seen.late += 1


def share(times: list[float], part: float) -> float:
    """Return the time that a part of the requests did not exceed, in milliseconds."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] * 1_000 if times else 0.0


def show(kind: str, wanted: Wanted, seen: Seen, most: float, *, timed: bool) -> bool:
    """Print what was seen; tell whether it is as promised, in time too where that is asked."""
    slowest = share(seen.opt_outs, 0.99)
    kept = not (seen.late or seen.lost or seen.refused)
    print(
        f"{kind}: {len(seen.opt_outs):,} opt-outs and {len(seen.events):,} opens and clicks in {wanted.seconds:g} s, "
        f"beside {seen.mails:,} mails\n"
        f"  opt-outs: median {share(seen.opt_outs, 0.5):.0f} ms, p99 {slowest:.0f} ms   at most {most:g}: "
        f"{'yes' if slowest <= most else 'NO'}\n"
        f"  opens and clicks: median {share(seen.events, 0.5):.0f} ms, p99 {share(seen.events, 0.99):.0f} ms\n"
        f"  mails stopped {seen.stopped:,}, sent after the acknowledgement {seen.late}, events lost {seen.lost}, "
        f"requests refused {seen.refused}: {'good' if kept else 'NOT AS PROMISED'}",
        flush=True,
    )
    return kept and (slowest <= most or not timed)


def main() -> None:
    """Measure what was asked for; end with 1 where it is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--unsubscribes", type=int, default=50, help="a second")
    parser.add_argument("--events", type=int, default=200, help="pixels and clicks a second")
    parser.add_argument("--mails", type=int, default=300, help="a second")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--most", type=float, default=300, help="milliseconds within which 99 of 100 opt-outs are done")
    parser.add_argument(
        "--broadcast", type=int, default=100_000, help="mails of the broadcast that runs alone; 0: none"
    )
    parser.add_argument(
        "--untimed", action="store_true", help="print times and rates, and judge only what holds on a busy machine too"
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = parser.parse_args()
    wanted = Wanted(options.seconds, options.unsubscribes, options.events, options.mails, options.workers)
    kinds = options.database or ["sqlite", "postgresql"]
    timed = not options.untimed
    results = [show(kind, wanted, measure(kind, wanted), options.most, timed=timed) for kind in kinds]
    if options.broadcast:
        results += [_alone(kind, options.broadcast, kill=kill, timed=timed) for kind in kinds for kill in (False, True)]
    sys.exit(0 if all(results) else 1)


def _alone(kind: str, count: int, *, kill: bool, timed: bool) -> bool:
    """Let a broadcast run with nothing beside it, and be killed now and then; tell whether all is as promised."""
    done = mail.measure(kind, count, kill=kill)
    print("\n".join(mail.show(kind, done)), flush=True)
    once = done.taken == done.distinct and done.sent + done.in_doubt == count and not done.queued
    quick = count / done.seconds >= _SUSTAINED
    return once and done.memory <= 400 and (kill or (done.distinct == count and (quick or not timed)))


if __name__ == "__main__":
    main()
