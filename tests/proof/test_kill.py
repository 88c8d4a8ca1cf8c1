"""R05, R31: killed at every commit point of a tick, the next one finishes it as if nothing had happened.

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
from tests.proof.poison import refuse
from tests.support.moments import at
from tests.support.postgres import execute, fresh_database
from tests.support.server import roomy
from tests.support.world import World

THOROUGH = os.environ.get("ENGAGE_HYPOTHESIS") == "thorough"
#: All phases have something to do, in several chunks of four: learning (with scores, limits, expiry and
#: inactivity), looking (entry, goal, hold, release), stepping (every kind of effect) and what follows from it
#: in later rounds: a score that lets others enter. One prospect's ToDo cannot be written: its chunk is halved.
JOURNEY = """
audience: {lists: [members], unmatched: hold}
goal: {tag: won}
steps:
  - {id: invite, send_email: invite}
  - {id: opened, trigger: {email_opened: invite}, within: 1 day, yes: [{id: warm, adjust_score: +20}], no: []}
  - id: warm-enough
    rule: {score: {gte: 20}}
    yes:
      - {id: give, assign: group:east}
      - {id: call, create_todo: {subject: "Call {{ prospect.email }}", to: owner, due: 2 business days}}
      - {id: tell, notify: {to: owner, subject: "{{ prospect.email }}", text: warm}}
    no: [{id: cold, add_tag: cold}]
  - {id: rest, wait: 2 days}
"""
SECOND = """
audience: {where: {score: {gte: 20}}}
steps:
  - {id: join, add_to_campaign: {campaign: launch, status: invited}}
  - {id: win, add_tag: [won, seen], after: 1 day}
"""
SCORING = """
rules:
  - {activity: page_viewed, points: 5, limit: 2 per day, category: product}
  - {activity: form_submitted, points: 30, expires_after: 2 days}
inactivity: {every: 2 days, points: -1, floor: 0}
"""
#: The moments of the ticks: the first is undisturbed, one of the others is killed, the last shows what follows.
MOMENTS = ("0 days", "1 day 2 hours", "3 days")
CHUNK = 4
#: The names that commit points can have.
POINTS = frozenset(
    f"{name}.{when}"
    for name in ("open", "begin", "phase", "learn", "look", "step", "halve")
    for when in ("before_commit", "after_commit")
)


def prepare(engine: Engine) -> None:
    """Make a world just before the tick that is to be killed."""
    world = World(engine, JOURNEY, scenarios={"second": SECOND}, scoring=SCORING)
    for name in "abcdefg":
        world.add(name)
    world.tick(MOMENTS[0])
    world.deliver("1 hour")
    for name in "abc":
        world.activity(name, "email_opened", "invite", at="2 hours")
    for name in "adef":
        world.activity(name, "page_viewed", "/pricing", at="3 hours")
    for name in "de":
        world.activity(name, "form_submitted", "demo", at="1 day")
    world.remove_from_list("f", "members", "1 day")
    world.add_tag("g", "won", "1 day")
    refuse(engine, "todos", "subject", "Call b@example.com")


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


@pytest.fixture
def reset(dialect: str, request: pytest.FixtureRequest) -> Iterator[Reset]:
    """Give what brings the prepared database back, again and again."""
    if dialect == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        with TemporaryDirectory(prefix="engage-kill-", dir=roomy()) as name, _sqlite(Path(name), template) as reset:
            yield reset
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgresql_template")
    with (
        fresh_database(server, template) as prepared,
        fresh_database(server, prepared) as copied,
        _postgres(server, prepared, copied) as reset,
    ):
        yield reset


@contextmanager
def _sqlite(folder: Path, template: Path) -> Iterator[Reset]:
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
def _postgres(server: str, prepared: str, copied: str) -> Iterator[Reset]:
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


def test_a_tick_killed_at_any_point_is_finished_by_the_next(reset: Reset, dialect: str) -> None:
    """FAULTS R05, R31: the same moment again finishes the tick, and a later one finishes it with its own moment first.

    On PostgreSQL, where a database takes longer to make, every fifth point is enough: the points are the same.
    """
    same, both = undisturbed(reset(), MOMENTS[1]), undisturbed(reset(), MOMENTS[1], MOMENTS[2])
    never_begun = undisturbed(reset(), MOMENTS[2])
    stride = 1 if dialect == "sqlite" or THOROUGH else 5
    reached: set[str] = set()
    for number, n in enumerate(count(1, stride)):
        engine = reset()
        passed = killed_tick(engine, MOMENTS[1], n)
        reached |= set(passed)
        # Two of three points show a restart at the same moment, the third one later.
        begun, later = "begin.after_commit" in passed, number % 3 == 2
        tick(engine, MOMENTS[2] if later else MOMENTS[1])
        expected = same if not later else both if begun else never_begun
        assert history(engine) == expected, passed[-1]
        assert problems(engine) == [], passed[-1]
        assert intact(engine)
        if len(passed) < n:
            break
    assert reached == POINTS


def intact(engine: Engine) -> bool:
    """Ask SQLite whether the file is whole (R31)."""
    if engine.dialect.name == "postgresql":
        return True
    with engine.connect() as connection:
        return bool(connection.scalar(text("PRAGMA integrity_check")) == "ok")
