"""Delivery over SMTP: rendered mails to Debian's smtp-sink, by ``engage deliver`` itself, with and without kill -9."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from sqlalchemy import text
from tests.support.sink import Sink, sink

from benchmarks.places import database
from benchmarks.world import FILES, START, fill, settle, start
from engage.app import App, apply, open_app
from engage.graph.folder import read_workspace
from engage.settings import Settings
from engage.sql.codes import MessageStatus

#: Seconds that a delivery lives before it is killed, one after the other.
LIVES = (2.0, 3.0, 5.0)
#: A newsletter as companies send it: styles in its head, a table, a list, links, a value here and there.
_NEWS = "".join(
    f"<tr><td class=item><h2>導入事例 {number}</h2><p>見積もりの回答が3日から当日になった製造業の取り組みを、"
    f"担当の方に伺いました。現場で使われた帳票と、社内の合意の進め方もご紹介します。</p>"
    f'<p><a class=button href="https://example.co.jp/cases/{number}?from=news">続きを読む</a></p></td></tr>\n'
    for number in range(1, 7)
)
TEMPLATE = f"""\
---
subject: "{{{{ prospect.last_name | 様 | default('お客様') }}}}へ、今月の導入事例"
preheader: 製造業の見積もりが当日に
---
<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>導入事例</title>
<style>
body {{ margin: 0; font-family: sans-serif; color: #222222; }}
h1 {{ font-size: 22px; }} h2 {{ font-size: 16px; margin: 0 0 8px; }}
p {{ line-height: 1.8; margin: 0 0 12px; }}
table.news {{ width: 600px; border-collapse: collapse; }} td.item {{ padding: 16px; border-bottom: 1px solid #dddddd; }}
a.button {{ display: inline-block; padding: 8px 16px; background: #0055aa; color: #ffffff; text-decoration: none; }}
@media (max-width: 620px) {{ table.news {{ width: 100%; }} }}
</style></head>
<body>
<h1>今月の導入事例</h1>
<p>{{{{ prospect.company | 御中 }}}}<br>{{{{ prospect.full_name | 様 | default('お客様') }}}}</p>
<p>いつもお世話になっております。{{% if prospect.country == 'JP' %}}国内の{{% else %}}海外の{{% endif %}}お客様に、
今月の事例をお届けします。担当は{{{{ owner.name | default('マーケティング部') }}}}です。</p>
<table class=news>
{_NEWS}</table>
<p><a href="{{{{ view_url }}}}">ブラウザで見る</a>・<a href="{{{{ preferences_url }}}}">配信の設定</a>・\
<a href="{{{{ unsubscribe_url }}}}">配信停止</a></p>
</body></html>
"""
_FILES = {
    **FILES,
    "engage.yaml": "name: Bench\nlocale: ja\ntimezone: Asia/Tokyo\nsender: {name: サンプル株式会社, "
    "email: news@example.co.jp, address: 東京都千代田区1-1}\n",
    "templates/invite.html": TEMPLATE,
    "scenarios/news.yaml": "name: News\naudience: {lists: [everybody]}\nsteps:\n  - send_email: invite\n",
}
_MESSAGE = re.compile(rb"^Message-ID: <engage-(\d+)[.@]", re.MULTILINE)
_ENDING = (int(MessageStatus.QUEUED), int(MessageStatus.SENT), int(MessageStatus.IN_DOUBT))


@dataclass(frozen=True)
class Result:
    """What a delivery came to."""

    count: int
    seconds: float
    #: peak resident memory of all its processes together, in MB
    memory: int
    #: mails at the sink, and how many of them are different messages
    taken: int
    distinct: int
    queued: int
    sent: int
    in_doubt: int
    kills: int


@dataclass
class _Watch:
    """The peak memory of a process and all that it began, in kB by process."""

    pid: int
    peaks: dict[int, int] = field(default_factory=dict)
    most: int = 0

    def look(self) -> None:
        """Look once; processes that have ended count no more."""
        alive = dict(_memory(self.pid))
        self.most = max(self.most, sum(alive.values()))


def _memory(pid: int) -> Iterator[tuple[int, int]]:
    """Yield each process of a tree with its resident memory so far at most, in kB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        threads = [path.name for path in Path(f"/proc/{pid}/task").iterdir() if path.name != str(pid)]
        for thread in threads:
            children += Path(f"/proc/{pid}/task/{thread}/children").read_text("ascii").split()
    except OSError:
        return
    found = re.search(r"VmHWM:\s+(\d+)", status)
    yield pid, int(found[1]) if found else 0
    for child in children:
        yield from _memory(int(child))


@contextmanager
def _watched(pid: int) -> Iterator[_Watch]:
    watch, ending = _Watch(pid), Event()

    def keep_looking() -> None:
        while not ending.wait(0.2):
            watch.look()

    thread = Thread(target=keep_looking)
    thread.start()
    try:
        yield watch
    finally:
        ending.set()
        thread.join()


def measure(kind: str, prospects: int, *, kill: bool = False) -> Result:
    """Queue a mail to each prospect by a tick, deliver them all, and count what arrived."""
    shared = Path("/dev/shm")
    place = shared if shared.is_dir() else None
    with database(kind) as url, TemporaryDirectory() as folder, TemporaryDirectory(dir=place) as taken:
        root = Path(folder)
        app = newsletter(url, root, prospects)
        with sink(Path(taken) / "mails") as server:
            seconds, memory, kills = _delivered(url, root, server, kill=kill)
            found = [int(_MESSAGE.search(mail)[1]) for mail in _heads(server)]  # type: ignore[index]
        with app.engine.begin() as connection:
            rows = connection.execute(text("SELECT status, count(*) FROM messages GROUP BY status")).all()
        app.engine.dispose()
    by_status = Counter(dict(tuple(row) for row in rows))
    assert by_status.total() == prospects == sum(by_status[status] for status in _ENDING)
    queued, sent, doubt = (by_status[status] for status in _ENDING)
    return Result(prospects, seconds, memory, len(found), len(set(found)), queued, sent, doubt, kills)


def newsletter(url: str, root: Path, prospects: int) -> App:
    """Write the workspace; return an application whose messages wait to be delivered."""
    for name, content in _FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content, "utf-8")
    app = open_app(Settings(root, url))
    workspace, problems = read_workspace(root)
    assert not problems, problems
    apply(app, workspace, START)
    with app.engine.begin() as connection:
        fill(connection, prospects)
        connection.execute(text("UPDATE prospects SET last_name = '佐藤' || id, first_name = '花子'"))
    start(app, "news")
    app.tick(START)
    settle(app)
    return app


def _delivered(url: str, root: Path, server: Sink, *, kill: bool) -> tuple[float, int, int]:
    """Run deliveries until nothing is queued; return seconds, peak memory in MB and how often one was killed."""
    began, memory, kills, longer = time.perf_counter(), 0, 0, 1.0
    lives = cycle(LIVES)
    while True:
        before = server.count
        process = _deliver(url, root, server.port)
        with _watched(process.pid) as watch:
            try:
                process.wait(next(lives) * longer if kill else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                # On a busy machine a process may not live long enough to send one: give the next ones more time.
                longer *= 1.0 if server.count > before else 1.5
        memory = max(memory, watch.most // 1024)
        if process.returncode == 0:
            return time.perf_counter() - began, memory, kills
        assert process.returncode < 0, process.returncode


def _deliver(url: str, root: Path, port: int) -> subprocess.Popen[bytes]:
    """Begin ``engage deliver``, as from cron."""
    settings = {
        "ENGAGE_DATABASE_URL": url,
        "ENGAGE_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "ENGAGE_SECRET_KEY": "a key for benchmarks",
    }
    settings |= {"ENGAGE_BASE_URL": "https://m.example.co.jp", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "engage", "deliver", "--workspace", str(root), "--now", "2026-12-01T10:00"]
    return subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)


def _heads(server: Sink) -> Iterator[bytes]:
    """Yield the first lines of each mail that the sink has taken whole."""
    for path in server.folder.iterdir():
        with path.open("rb") as file:
            yield file.read(2000)


def show(kind: str, result: Result) -> Iterator[str]:
    """Yield what a delivery came to, line by line."""
    killed = f", killed {result.kills} times" if result.kills else ""
    rate = result.count / result.seconds
    yield f"{kind}: {result.count:,} mails in {result.seconds:.1f} s = {rate:,.0f}/s{killed}   at least 1,500: {_yes(rate >= 1500)}"
    yield f"  peak memory of all its processes {result.memory} MB   at most 400: {_yes(result.memory <= 400)}"
    yield f"  at the sink {result.taken:,}, distinct {result.distinct:,}: {_yes(result.taken == result.distinct)}"
    yield f"  sent {result.sent:,}, in doubt {result.in_doubt:,}, queued {result.queued:,}"


def _yes(good: bool) -> str:
    return "yes" if good else "NO"
