"""Deliveries side by side: other processes help while much is queued, and each mail goes once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.app import App, apply
from engage.effects import beside
from engage.effects.beside import Beside
from engage.effects.post import Delivered
from engage.effects.smtp import SmtpChannel
from engage.errors import Outside
from engage.graph.folder import read_workspace
from engage.outgoing import way_out
from engage.settings import Settings
from tests.effects.mailroom import HELLO, NOW, QUEUED_AT, add_people, message_rows
from tests.effects.test_smtp import statuses, stopped
from tests.effects.test_smtp_sink import taken
from tests.support.mail_server import MailServer, mail_server
from tests.support.sink import Sink, sink

FILES = {
    "engage.yaml": "name: Example\nsender: {name: Example, email: marketing@example.co.jp, address: Tokyo}\n",
    "templates/hello.html": f"---\nsubject: Hello\n---\n{HELLO}",
}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundred messages be worth another process."""
    monkeypatch.setattr(beside, "WORTH", 100)


def house(engine: Engine, folder: Path, count: int) -> App:
    """Return an application with so many messages queued."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    url = engine.url.render_as_string(hide_password=False)
    app = App(Settings(folder, url, secret_key="key", smtp_processes="3"), engine)
    workspace, problems = read_workspace(folder)
    assert not problems
    apply(app, workspace, QUEUED_AT)
    add_people(engine, count)
    return app


def towards(app: App, server: Sink | MailServer) -> App:
    return replace(app, settings=replace(app.settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))


@contextmanager
def others(app: App) -> Iterator[Beside]:
    """Give the deliveries beside one that has handed a mail over, and now leaves all to them."""
    with way_out(app.settings) as channel:
        assert isinstance(channel, SmtpChannel)
        with closing(Beside(app.engine, app.settings, channel, NOW)) as found:
            found.done(Delivered(sent=1))
            yield found


def test_all_together_send_each_mail_once(engine: Engine, tmp_path: Path) -> None:
    app = house(engine, tmp_path / "here", 700)
    told: list[Delivered] = []
    with sink(tmp_path / "sink") as server:
        assert towards(app, server).deliver(NOW, told.append) == Delivered(sent=700)
        assert taken(server) == list(range(1, 701))
    assert statuses(engine) == ["sent"] * 700
    assert [each.sent for each in told] == sorted(each.sent for each in told)


def test_the_others_send_all_that_the_first_leaves_them(engine: Engine, tmp_path: Path) -> None:
    app = house(engine, tmp_path / "here", 300)
    with sink(tmp_path / "sink") as server, others(towards(app, server)) as helpers:
        assert helpers.finish(Delivered(sent=1)) == Delivered(sent=301)
        assert taken(server) == list(range(1, 301))


def test_when_the_first_ends_the_others_note_what_they_have_in_hand(sqlite_engine: Engine, tmp_path: Path) -> None:
    app = house(sqlite_engine, tmp_path / "here", 4000)
    with sink(tmp_path / "sink") as server:
        with others(towards(app, server)):
            while server.count < 200:
                time.sleep(0.01)
        went = taken(server)
    rows = message_rows(sqlite_engine)
    assert {status for status, _ in rows.values()} == {"sent", "queued"}
    assert [key for key, (status, _) in rows.items() if status == "sent"] == went


def test_what_stops_another_delivery_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    app = house(sqlite_engine, tmp_path / "here", 200)
    with (
        sink(tmp_path / "sink", "-f", "mail") as server,
        others(towards(app, server)) as helpers,
        pytest.raises(Outside, match="refuses us"),
    ):
        helpers.finish(Delivered(sent=1))


def test_whom_a_server_refuses_by_policy_holds_up_none_of_them(engine: Engine, tmp_path: Path) -> None:
    """FAULTS R52: each delivery tries others in between; all others are mailed once, and the refused wait."""
    app = house(engine, tmp_path / "here", 600)
    refused = {f"p{number}@example.com" for number in range(20, 601, 20)}

    def script(command: str, about: str) -> str | None:
        whom = about[about.find("<") + 1 : about.find(">")]
        return "550 5.7.1 refused by policy" if command == "rcpt" and whom in refused else None

    with mail_server(script) as server:
        assert towards(app, server).deliver(NOW) == Delivered(sent=570, deferred=30)
        assert sorted(server.recipients) == sorted({f"p{number}@example.com" for number in range(1, 601)} - refused)
    assert Counter(statuses(engine)) == {"sent": 570, "queued": 30}
    assert stopped(engine) is None


def test_few_messages_a_slow_rate_or_one_process_need_no_others(sqlite_engine: Engine, tmp_path: Path) -> None:
    app = house(sqlite_engine, tmp_path / "here", 90)
    with sink(tmp_path / "sink") as server:
        alone = [
            towards(app, server),
            towards(replace(app, settings=replace(app.settings, smtp_rate="20")), server),
            towards(replace(app, settings=replace(app.settings, smtp_processes="1")), server),
        ]
        for place, each in enumerate(alone):
            if place == 1:
                with app.engine.begin() as connection:
                    connection.exec_driver_sql("UPDATE messages SET status = 0")
                add_more(app.engine)
            with others(each) as helpers:
                assert helpers.finish(Delivered()) == Delivered()
        assert server.count == 0


def add_more(engine: Engine) -> None:
    """Queue each message a few times more."""
    columns = "prospect_id, queued_at, template_id, status, kind, from_owner, enrolment_id, step_id"
    with engine.begin() as connection:
        for number in range(1, 4):
            chosen = columns.replace("enrolment_id", f"enrolment_id + {1000 * number}")
            connection.exec_driver_sql(f"INSERT INTO messages ({columns}) SELECT {chosen} FROM messages WHERE id <= 90")


RUN = """
import sys
from engage.effects import beside
beside.WORTH = 100
from engage.cli.main import main
sys.exit(main(["deliver", "--workspace", sys.argv[1], "--now", "2026-12-01T10:00+09:00"]))
"""


def begun(app: App) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    settings = {
        "ENGAGE_DATABASE_URL": app.settings.database_url,
        "ENGAGE_SMTP_URL": str(app.settings.smtp_url),
        "ENGAGE_SECRET_KEY": "key",
        "ENGAGE_SMTP_PROCESSES": "2",
        "PYTHONPATH": f"{root / 'src'}:{root}",
    }
    command = [sys.executable, "-c", RUN, str(app.settings.workspace)]
    return subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)


def children(pid: int) -> list[int]:
    """Return the processes that a process began, by any of its threads."""
    found = list[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that has ended may still be listed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_the_first_takes_the_others_with_it(engine: Engine, tmp_path: Path) -> None:
    """FAULTS R05: who is left behind notes what it has in hand and ends; nothing goes twice, nothing is lost."""
    app = house(engine, tmp_path / "here", 1500)
    with sink(tmp_path / "sink") as server:
        app = towards(app, server)
        process, until = begun(app), time.monotonic() + 60
        while len(children(process.pid)) < 2 and time.monotonic() < until:  # a renderer, and another delivery
            time.sleep(0.01)
        helpers, seen = children(process.pid), server.count
        while server.count < seen + 300 and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        while any(map(lives, helpers)):
            assert time.monotonic() < until, "a process was left behind"
            time.sleep(0.05)
        assert begun(app).wait(120) == 0
        at_the_sink = taken(server)
    rows = message_rows(engine)
    went = {key for key, (status, _) in rows.items() if status == "sent"}
    doubtful = {key for key, (status, _) in rows.items() if status == "in_doubt"}
    assert len(at_the_sink) == len(set(at_the_sink))
    assert went <= set(at_the_sink) <= went | doubtful
    assert went | doubtful == set(range(1, 1501))
