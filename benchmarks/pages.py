"""How quick the staff pages are on a large database: ``python benchmarks/pages.py [--prospects N] [--rounds N] [--keep DIR]
[--database postgresql]``.

A crowd is made (see ``crowd``), on SQLite unless another database is named, `engage serve` answers and `engage run` ticks beside it, and a hundred pixels a
second are asked for. Meanwhile every page of the table of pages that is read is asked for again and again, with keys that
are there, and people are searched for. Counted is the time until the answer has come, on a connection of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import text
from tests.support.staff import Staff, logged_in
from tests.support.web import Web, link, served

from benchmarks.crowd import make_crowd
from benchmarks.places import database
from engage.app import App, open_app
from engage.settings import Settings
from engage.web.staff.table import PAGES

BEACONS = 100
#: At most so many seconds, 95 of 100 times.
PAGE, SEARCH = 0.150, 0.300
#: What people look for: found at once, found somewhere, found nowhere; in Latin and in Japanese.
SEARCHES = (
    "佐藤", "サンプル", "山本花子", "田中 みらい", "蓮葵", "株式会社東京商事1999", "smith", "p99999", "p999999@", "zzzz",
    "p500000@c20000.example.co.jp", "加藤陽菜 さくら", "c39999", "サンプル99999",
)  # fmt: skip


def paths(app: App) -> Iterator[str]:
    """Yield the address of every page that is read, with keys that are there; files of everybody are no pages."""
    with app.engine.connect() as connection:
        todo = connection.scalar(
            text("SELECT id FROM todos WHERE status <> 'completed' AND assignee = 'user:s1' LIMIT 1")
        )
        person = connection.scalar(text("SELECT prospect_id FROM enrolments WHERE state = 0 LIMIT 1 OFFSET 5000"))
    for page in PAGES:
        if page.method == "GET" and not page.path.endswith(".csv"):
            here = person if page.path.startswith("/prospects") else todo
            rest = "?seen=0.0.0" if page.path == "/todos/news" else ""
            yield page.path.format(id=here, scenario="s7", step="clicked", token="x") + rest
    yield from (
        "/dashboard?days=90",
        f"/prospects/{person}/why?scenario=s9",
        "/prospects?score=150",
        "/prospects?tag=warm&grade=B",
    )


class Beacons(Thread):
    """Asks for a hundred pixels a second until it is told to end."""

    def __init__(self, web: Web, messages: int) -> None:
        super().__init__(daemon=True)
        self._web, self._messages, self.end, self.sent = web, messages, Event(), 0

    def run(self) -> None:
        asyncio.run(self._steadily())

    async def _steadily(self) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while not self.end.is_set():
                await asyncio.sleep(max(0.0, began + self.sent / BEACONS - time.monotonic()))
                self.sent += 1
                group.create_task(self._ask(link("open", 1 + self.sent * 7919 % self._messages, "bench")))

    async def _ask(self, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._web.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\nConnection: close\r\n\r\n".encode())
        await reader.read()
        writer.close()


@contextmanager
def ticking(root: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Have the daemon tick beside the block."""
    command = [sys.executable, "-m", "engage", "run", "--every", "10s"]
    with (root / "run.log").open("w") as log:
        daemon = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def measure(root: Path, url: str, rounds: int) -> bool:
    """Measure the pages of a workspace whose database is full; tell whether all are quick enough."""
    environ = {"ENGAGE_WORKSPACE": str(root), "ENGAGE_DATABASE_URL": url, "ENGAGE_SECRET_KEY": "a key for benchmarks"}
    app = open_app(Settings(root, url, secret_key="a key for benchmarks"))
    with app.engine.begin() as connection:
        if connection.scalar(text("SELECT count(*) FROM users WHERE id = 'boss'")) == 0:
            connection.execute(text("INSERT INTO users (id, name, role) VALUES ('boss', 'Boss', 'admin')"))
    with ticking(root, environ), served(root, url, **environ) as web:
        with app.engine.connect() as connection:
            messages = connection.scalar(text("SELECT max(id) FROM messages")) or 1
        beacons = Beacons(web, messages)
        beacons.start()
        boss, seller = Staff(web, app.engine), Staff(web, app.engine)
        boss._tokens["boss"], seller._tokens["s1"] = logged_in(app.engine, "boss"), logged_in(app.engine, "s1")
        began = time.monotonic()
        good = [_line(path, _times(boss, "boss", path, rounds), PAGE) for path in paths(app)]
        for path in ("/dashboard", "/prospects", "/todos"):
            good.append(_line(f"{path} (sales)", _times(seller, "s1", path, rounds), PAGE))
        found = [each for word in SEARCHES for each in _times(boss, "boss", f"/prospects?q={quote(word)}", rounds)]
        good.append(_line("search", found, SEARCH))
        beacons.end.set()
        beacons.join(30)
        print(f"{beacons.sent / (time.monotonic() - began):.0f} pixels a second meanwhile", flush=True)
    return all(good)


def _times(staff: Staff, as_: str, path: str, rounds: int) -> list[float]:
    """Return how long each answer took; the first, which fills caches, does not count."""
    found = []
    for number in range(rounds + 1):
        before = time.perf_counter()
        answer = staff.get(path, as_, HX_Request="true" if "?q=" in path else "false")
        if number:
            found.append(time.perf_counter() - before)
        if answer.status not in (200, 303):
            print(f"  {path}: {answer.status}", flush=True)
    return found


def _line(name: str, times: list[float], most: float) -> bool:
    ordered = sorted(times)
    last = ordered[ceil(len(ordered) * 0.95) - 1]
    figures = " ".join(f"{each * 1000:7.0f}" for each in (median(ordered), last, ordered[-1]))
    print(f"  {name:<44} {figures} ms   {'' if last <= most else 'SLOW'}", flush=True)
    return last <= most


def main() -> None:
    """Make the crowd and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prospects", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="a folder in which the crowd stays, or has stayed")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="engage-pages-", dir="/var/tmp") as folder,
        _full(options, Path(folder)) as (root, url),
    ):
        print(f"  {'page':<44}  median     p95     max")
        if not measure(root, url, options.rounds):
            sys.exit(1)


@contextmanager
def _full(options: argparse.Namespace, folder: Path) -> Iterator[tuple[Path, str]]:
    """Give a workspace and its full database, made where it is not kept."""
    root: Path = options.keep or folder
    with ExitStack() as stack:
        kept = root / "engage.db"
        url = f"sqlite:///{kept}" if options.database == "sqlite" else stack.enter_context(database("postgresql"))
        if options.database == "postgresql" or not kept.exists():
            root.mkdir(parents=True, exist_ok=True)
            before = time.monotonic()
            make_crowd(root, url, options.prospects, datetime.now(UTC)).engine.dispose()
            print(f"made in {time.monotonic() - before:.0f} s", flush=True)
        yield root, url


if __name__ == "__main__":
    main()
