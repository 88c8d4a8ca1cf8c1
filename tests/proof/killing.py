"""Ticks that kill their own process at a commit point, and databases that come back to where they were.

A child process ticks and kills itself, without warning, at the n-th call of the tick's hook, before or after a
commit; n counts up until a child comes to its end.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, make_url, text

from engage.app import App
from engage.settings import Settings
from tests.conftest import connected
from tests.proof.audit import problems
from tests.proof.history import History, history
from tests.support.moments import at
from tests.support.postgres import execute, fresh_database
from tests.support.server import roomy

THOROUGH = os.environ.get("ENGAGE_HYPOTHESIS") == "thorough"
CHUNK = 4
#: Makes a world just before the tick that is to be killed.
Prepare = Callable[[Engine], None]


def app_of(engine: Engine) -> App:
    return App(Settings(Path(), engine.url.render_as_string(hide_password=False)), engine)


def tick(engine: Engine, moment: str) -> None:
    app_of(engine).tick(at(moment), chunk=CHUNK)


def killed_tick(engine: Engine, moment: str, n: int) -> list[str]:
    """Tick in a child that kills itself at the n-th commit point; return the points it reached.

    The engine must have no connection open. The child takes it over with all statements compiled.
    """
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        _tick_and_die(engine, at(moment), n, tell)
    os.close(tell)
    with os.fdopen(told) as pipe:
        passed = pipe.read().split("\n")[:-1]
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended == (-signal.SIGKILL if len(passed) == n else 0), passed[-1]
    return passed


def _tick_and_die(engine: Engine, now: datetime, n: int, tell: int) -> None:
    """Be the child: nothing is cleaned up."""
    reached = 0

    def hook(name: str) -> None:
        nonlocal reached
        reached += 1
        os.write(tell, f"{name}\n".encode())
        if reached == n:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        app_of(engine).tick(now, chunk=CHUNK, hook=hook)
    except BaseException as error:
        os.write(tell, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


#: Brings a database back to where it was prepared, and gives its one engine, without an open connection.
Reset = Callable[[], Engine]


@contextmanager
def resetting(prepare: Prepare, dialect: str, request: pytest.FixtureRequest) -> Iterator[Reset]:
    """Give what brings a prepared database back, again and again."""
    if dialect == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        with (
            TemporaryDirectory(prefix="engage-kill-", dir=roomy()) as name,
            _sqlite(prepare, Path(name), template) as reset,
        ):
            yield reset
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgresql_template")
    with (
        fresh_database(server, template) as prepared,
        fresh_database(server, prepared) as copied,
        _postgres(prepare, server, prepared, copied) as reset,
    ):
        yield reset


@contextmanager
def _sqlite(prepare: Prepare, folder: Path, template: Path) -> Iterator[Reset]:
    prepared, copied = shutil.copyfile(template, folder / "prepared.db"), folder / "copy.db"
    with connected(f"sqlite:///{prepared}") as engine:
        prepare(engine)
    with connected(f"sqlite:///{copied}") as copy:

        def reset() -> Engine:
            copy.dispose()
            for old in folder.glob("copy.db*"):
                old.unlink()
            shutil.copyfile(prepared, copied)
            return copy

        yield reset


@contextmanager
def _postgres(prepare: Prepare, server: str, prepared: str, copied: str) -> Iterator[Reset]:
    with connected(prepared) as engine:
        prepare(engine)
    origin, name = make_url(prepared).database, make_url(copied).database
    with connected(copied) as copy:

        def reset() -> Engine:
            copy.dispose()
            execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')
            execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{origin}" STRATEGY FILE_COPY')
            return copy

        yield reset


def undisturbed(engine: Engine, *moments: str) -> History:
    for moment in moments:
        tick(engine, moment)
    assert problems(engine) == []
    return history(engine)


def killed_everywhere(reset: Reset, moment: str, later: str, stride: int) -> set[str]:
    """Kill a tick at each of its commit points (or each so many) and let the next one finish it; return the points.

    The same moment again finishes the tick, and a later one finishes it with its own moment first.
    """
    same, both = undisturbed(reset(), moment), undisturbed(reset(), moment, later)
    never_begun = undisturbed(reset(), later)
    reached: set[str] = set()
    for number, n in enumerate(count(1, stride)):
        engine = reset()
        passed = killed_tick(engine, moment, n)
        reached |= set(passed)
        # Two of three points show a restart at the same moment, the third one later.
        begun, waits = "begin.after_commit" in passed, number % 3 == 2
        tick(engine, later if waits else moment)
        expected = same if not waits else both if begun else never_begun
        assert history(engine) == expected, passed[-1]
        assert problems(engine) == [], passed[-1]
        assert intact(engine)
        if len(passed) < n:
            return reached
    raise AssertionError("no child came to its end")


def intact(engine: Engine) -> bool:
    """Ask SQLite whether the file is whole (R31)."""
    if engine.dialect.name == "postgresql":
        return True
    with engine.connect() as connection:
        return bool(connection.scalar(text("PRAGMA integrity_check")) == "ok")
