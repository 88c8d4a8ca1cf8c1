"""The daemon leads, stands by, drains, and outlives its database and its clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from engage.app import App, open_app
from engage.clock import monotonic, system_clock
from engage.daemon import beats, lead
from engage.daemon.state import Daemon, Rhythm, Stopped
from engage.errors import Refused
from engage.settings import read_settings
from tests.support.killable import killable_server

COMPANY = "name: Example\nsender: {name: Example, email: m@example.com, address: Tokyo}\n"
#: Seconds to wait for what should take one or two, on a machine that does much else.
PATIENCE = 60.0


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give the smallest workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "engage.yaml").write_text(COMPANY, "utf-8")
    return folder


@dataclass
class Running:
    """A daemon in a process of its own, and what it has said."""

    process: subprocess.Popen[str]
    said: list[dict[str, object]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def events(self, name: str) -> list[dict[str, object]]:
        return [line for line in self.said if line["event"] == name]

    def wait_for(self, name: str, times: int = 1) -> None:
        wait_until(lambda: len(self.events(name)) >= times or self.process.poll() is not None)
        assert len(self.events(name)) >= times, (name, self.said, self.errors)


@contextmanager
def started(workspace: Path, url: str) -> Iterator[Running]:
    """Start a daemon that beats every second."""
    command = [sys.executable, "-m", "engage", "run", "--every", "1s", "--workspace", str(workspace)]
    environ = {**os.environ, "ENGAGE_DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running = Running(process)
    assert process.stdout is not None
    assert process.stderr is not None
    stdout, stderr = process.stdout, process.stderr
    readers = [
        threading.Thread(target=lambda: running.said.extend(json.loads(line) for line in stdout)),
        threading.Thread(target=lambda: running.errors.extend(stderr)),
    ]
    for reader in readers:
        reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for reader in readers:
            reader.join()
        stdout.close()
        stderr.close()


def wait_until(done: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Return when something is so, or after some seconds."""
    pause, last = threading.Event(), monotonic() + seconds
    while not done() and monotonic() < last:
        pause.wait(0.05)


def test_a_stop_drains(workspace: Path, schema_url: str) -> None:
    with started(workspace, schema_url) as running:
        running.wait_for("leading")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
    assert running.events("stopped")[0]["drained"] is True
    assert not running.errors


def test_a_second_daemon_stands_by_and_takes_over_when_the_leader_is_killed(workspace: Path, schema_url: str) -> None:
    """FAULTS R12."""
    with started(workspace, schema_url) as first:
        first.wait_for("leading")
        with started(workspace, schema_url) as second:
            second.wait_for("standing_by")
            threading.Event().wait(6)
            assert not second.events("leading")
            assert len(second.events("standing_by")) == 1
            first.process.kill()
            second.wait_for("leading")
            second.process.send_signal(signal.SIGINT)
            assert second.process.wait(30) == 0


@pytest.mark.slow
def test_the_daemon_outlives_postgresql(workspace: Path) -> None:
    """FAULTS R23, R25: PostgreSQL is killed, away for a while, and back: one line for each try, then work goes on."""
    with killable_server() as (server, url), started(workspace, url) as running:
        running.wait_for("nightly")
        server.kill()
        running.wait_for("database_away", 3)
        assert running.process.poll() is None
        server.start()
        begun = monotonic()
        running.wait_for("database_back")
        assert monotonic() - begun < 30
        assert [line["again_in"] for line in running.events("database_away")] == list(
            lead.BACKOFF[: len(running.events("database_away"))]
        )
        assert not running.events("failed")
        with opened(workspace, url) as app:
            before = app.last_tick()
            wait_until(lambda: app.last_tick() != before)
            assert app.last_tick() != before
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0


@dataclass
class Said:
    """A log that keeps what is said."""

    lines: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def info(self, event: str, **values: object) -> None:
        self.lines.append((event, values))

    warning = error = info

    def named(self, event: str) -> list[Mapping[str, object]]:
        return [values for name, values in self.lines if name == event]


@contextmanager
def opened(workspace: Path, url: str) -> Iterator[App]:
    app = open_app(read_settings({"ENGAGE_DATABASE_URL": url}, workspace))
    try:
        yield app
    finally:
        app.engine.dispose()


@contextmanager
def in_thread(app: App, wall: Callable[[], datetime]) -> Iterator[Said]:
    """Run a daemon that beats five times a second in a thread."""
    said, stopping = Said(), threading.Event()
    rhythm = Rhythm(every=0.2, standby=0.2, nightly=0.5)
    thread = threading.Thread(target=lead.run, args=(app, rhythm, wall, stopping, said))
    thread.start()
    try:
        yield said
    finally:
        stopping.set()
        thread.join(30)
    assert not thread.is_alive()
    assert said.named("stopped")[0]["drained"] is True


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=["1 hour", "1 day"])
def test_a_clock_set_back_is_told_and_stalls_nothing(workspace: Path, schema_url: str, back: timedelta) -> None:
    """FAULTS R40."""
    moved = timedelta()

    def wall() -> datetime:
        return system_clock() - moved

    with opened(workspace, schema_url) as app, in_thread(app, wall) as said:
        wait_until(lambda: app.last_tick() is not None)
        moved = back
        before = app.last_tick()
        wait_until(lambda: len(said.named("clock_went_back")) > 0)
        wait_until(lambda: app.last_tick() != before)
        after = app.last_tick()
        assert before is not None
        assert after is not None
        assert before < after < before + timedelta(minutes=2)
        assert len(said.named("clock_went_back")) == 1


def test_a_daemon_that_starts_behind_the_last_tick_goes_on_from_it(workspace: Path, schema_url: str) -> None:
    ahead = system_clock() + timedelta(hours=3)
    with opened(workspace, schema_url) as app:
        app.tick(ahead)
        with in_thread(app, system_clock) as said:
            wait_until(lambda: app.last_tick() != ahead)
            last = app.last_tick()
        assert said.named("clock_went_back")[0]["last_tick"] == ahead.isoformat()
        assert last is not None
        assert ahead < last < ahead + timedelta(minutes=2)


def test_the_night_is_tidied_once_a_day(workspace: Path, schema_url: str) -> None:
    moved = timedelta()

    def wall() -> datetime:
        return system_clock() + moved

    with opened(workspace, schema_url) as app, in_thread(app, wall) as said:
        wait_until(lambda: len(said.named("nightly")) == 1)
        threading.Event().wait(1.5)
        assert len(said.named("nightly")) == 1
        moved = timedelta(days=1)
        wait_until(lambda: len(said.named("nightly")) == 2)
        assert len(said.named("nightly")) == 2


def beaten(app: App, *works: Callable[[Daemon], None]) -> tuple[Daemon, Said]:
    """Beat once for each piece of work."""
    said = Said()
    running = Daemon(app, Rhythm(), system_clock, threading.Event(), said)
    for work in works:
        beats.beat(running, "tick", work)
    return running, said


def test_a_refusal_is_told_once_until_it_changes(workspace: Path, sqlite_schema_url: str) -> None:
    def refuse(running: Daemon) -> None:
        raise Refused("no sender")

    def well(running: Daemon) -> None:
        return

    with opened(workspace, sqlite_schema_url) as app:
        _, said = beaten(app, refuse, refuse, well, refuse)
    assert [values["why"] for values in said.named("refused")] == ["no sender", "no sender"]


def test_a_fault_is_told_and_the_daemon_lives_on(workspace: Path, sqlite_schema_url: str) -> None:
    def fail(running: Daemon) -> None:
        raise ZeroDivisionError("a fault")

    with opened(workspace, sqlite_schema_url) as app:
        running, said = beaten(app, fail, fail)
    assert len(said.named("failed")) == 1
    assert not running.leaving.is_set()


def test_a_lost_database_makes_the_leader_step_down(workspace: Path, sqlite_schema_url: str) -> None:
    def lose(running: Daemon) -> None:
        raise OperationalError("SELECT 1", None, Exception("server closed the connection"))

    with opened(workspace, sqlite_schema_url) as app:
        running, said = beaten(app, lose)
    assert running.leaving.is_set()
    assert isinstance(running.lost, OperationalError)
    assert not said.lines


def test_work_stops_between_two_chunks(workspace: Path, schema_url: str) -> None:
    """The tick at hand stays open; the next one finishes it first."""
    with opened(workspace, schema_url) as app:
        said = Said()
        running = Daemon(app, Rhythm(), system_clock, threading.Event(), said)
        running.stopping.set()
        with pytest.raises(Stopped):
            beats.tick(running)
        left = app.last_tick()
        assert app.tick(system_clock() + timedelta(hours=1)).done
        assert left != app.last_tick()
