"""Several at once: ticks beside ticks, writers beside a tick, and somebody who changes things in its middle."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import OperationalError

from engage.app import App
from engage.settings import Settings
from engage.sql import tables as t
from tests.conftest import connected
from tests.proof import whole
from tests.proof.audit import emptied, problems
from tests.proof.history import History, history
from tests.proof.interference import before_statements
from tests.support.installed import installed
from tests.support.moments import at
from tests.support.world import World

JOURNEY = """
steps:
  - {id: invite, send_email: invite}
  - {id: page, trigger: {page_viewed: "/pricing*"}, within: 1 day, yes: [{id: warm, adjust_score: +20}], no: []}
  - {id: give, assign: group:east}
  - {id: call, create_todo: {subject: "Call {{ prospect.email }}", to: owner}}
  - {id: rest, wait: 1 day}
  - {id: done, add_tag: done}
"""
SECOND = """
audience: {where: {tag: done}}
steps:
  - {id: thank, send_email: thank}
"""
SCORING = "rules: [{activity: page_viewed, points: 3, limit: 2 per day}]\n"
MOMENTS = ("0 days", "12 hours", "1 day", "2 days")
PEOPLE = [f"p{n:02}" for n in range(24)]


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def app_of(engine: Engine) -> App:
    return App(Settings(Path(), address(engine)), engine)


def world_of(engine: Engine) -> World:
    world = World(engine, JOURNEY, scenarios={"second": SECOND}, scoring=SCORING)
    for name in PEOPLE:
        world.add(name)
    for n, name in enumerate(PEOPLE[::3]):
        world.activity(name, "page_viewed", f"/pricing/{n}", at="6 hours")
    return world


def whole_world(engine: Engine) -> World:
    world = whole.begin(engine)
    whole.happen(world)
    return world


def alone(
    engine: Engine, chunk: int, make: Callable[[Engine], World] = world_of, moments: tuple[str, ...] = MOMENTS
) -> History:
    """Return what one ticker makes of it; the database is empty again afterwards."""
    make(engine)
    for moment in moments:
        app_of(engine).tick(at(moment), chunk=chunk)
    assert problems(engine) == []
    told = history(engine)
    emptied(engine)
    return told


def test_ticks_in_the_same_second_make_what_one_makes(engine: Engine) -> None:
    """R10: five ticks at once, and a daemon that ticks all the time beside them."""
    expected = alone(engine, 5)
    world_of(engine)
    race(engine, MOMENTS, 5)
    assert problems(engine) == []
    assert history(engine) == expected


def race(engine: Engine, moments: tuple[str, ...], crons: int) -> None:
    """Let several tick at each moment at once, and a daemon again and again beside them."""
    barrier = Barrier(crons + 1)

    def ticker(times: int) -> None:
        with connected(address(engine)) as own:
            for moment in moments:
                barrier.wait(60)
                for _ in range(times):
                    app_of(own).tick(at(moment), chunk=5)

    with ThreadPoolExecutor(crons + 1) as pool:
        for work in [pool.submit(ticker, times) for times in (*[1] * crons, 3)]:
            work.result(120)


def test_two_daemons_make_of_every_word_what_one_makes(engine: Engine, tmp_path: Path) -> None:
    """R10: loops, moments, calls, the cap, entries by event and other scenarios, each once though two tick at once."""
    with installed(tmp_path, whole.ACTIONS, whole.MODULE):
        expected = alone(engine, 5, whole_world, whole.MOMENTS)
        whole_world(engine)
        race(engine, whole.MOMENTS, 1)
    assert expected["calls"]
    assert problems(engine) == []
    assert history(engine) == expected


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_transaction_that_the_database_takes_back_is_done_again(postgresql_engine: Engine, code: str) -> None:
    """R28: one writing statement in fifty fails as a deadlock or a serialization failure does; nobody notices."""
    engine = postgresql_engine
    expected = alone(engine, 5)
    world_of(engine)
    chance, failed = random.Random(7), []

    def act(statement: str) -> str | None:
        if not statement.startswith(("INSERT", "UPDATE", "DELETE")) or chance.random() > 0.02:
            return None
        failed.append(statement)
        return f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END $$"

    with before_statements(engine, act):
        for moment in MOMENTS:
            app_of(engine).tick(at(moment), chunk=5)
    assert failed
    assert problems(engine) == []
    assert history(engine) == expected


def test_a_deadlock_with_a_writer_is_settled(postgresql_engine: Engine) -> None:
    """R28: a writer takes the scores of two prospects in the opposite order; the tick gives way and comes again."""
    engine = postgresql_engine
    world = World(engine, "steps: [{id: warm, adjust_score: +20}]\n")
    world.people("a", "b")
    s = t.standings
    asked, holding = Event(), Event()

    def write(connection: Any, who: str) -> None:
        connection.execute(update(s).values(owner="user:sato").where(s.c.prospect_id == world.ids[who]))

    def writer() -> None:
        with connected(address(engine)) as own, own.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '30s'"))
            write(connection, "b")
            holding.set()
            asked.wait(30)
            time.sleep(0.3)
            write(connection, "a")

    def act(statement: str) -> None:
        if statement.startswith("UPDATE standings SET score"):
            asked.set()

    with ThreadPoolExecutor(1) as pool, before_statements(engine, act):
        work = pool.submit(writer)
        assert holding.wait(30)
        world.tick("0 days")
        work.result(60)
    assert [world.score("a"), world.score("b")] == [20, 20]
    assert [world.owner("a"), world.owner("b")] == ["user:sato", "user:sato"]
    assert problems(engine) == []


def test_a_connection_lost_in_a_chunk_is_told_and_nothing_else_is_lost(postgresql_engine: Engine) -> None:
    """R23: the server ends every connection in the middle of a chunk; the next tick goes on from the last commit."""
    engine = postgresql_engine
    expected = alone(engine, 5)
    world_of(engine)
    cut: list[str] = []
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"

    def act(statement: str) -> None:
        if statement.startswith("INSERT INTO visits") and len(cut) < 3:
            cut.append(statement)
            if len(cut) == 3:
                with connected(address(engine)) as own, own.connect() as connection:
                    connection.execute(text(others), {"name": engine.url.database})

    with before_statements(engine, act), pytest.raises(OperationalError, match=r"terminat|closed"):
        app_of(engine).tick(at(MOMENTS[0]), chunk=5)
    for moment in MOMENTS:
        app_of(engine).tick(at(moment), chunk=5)
    assert problems(engine) == []
    assert history(engine) == expected


def test_writers_get_in_while_a_tick_runs(engine: Engine) -> None:
    """R30: four writers beside ticks in many chunks: no "database is locked", and nobody waits long."""
    world = World(engine, JOURNEY, scoring=SCORING)
    for n in range(120):
        world.add(f"p{n}")
    waits: list[float] = []
    over = Event()

    def ticker() -> None:
        for hour in range(0, 30, 6):
            world.app.tick(at(f"{hour} hours"), chunk=3)
        over.set()

    def writer(number: int) -> int:
        written = 0
        with connected(address(engine)) as own:
            while not over.is_set():
                began = time.perf_counter()
                with own.begin() as connection:
                    row = {"id": f"w{number}-{written}", "name": "W", "role": "sales"}
                    connection.execute(insert(t.users).values(row))
                waits.append(time.perf_counter() - began)
                written += 1
                time.sleep(0.002)
        return written

    with ThreadPoolExecutor(5) as pool:
        ticking = pool.submit(ticker)
        writers = [pool.submit(writer, number) for number in range(4)]
        try:
            ticking.result(120)
        finally:
            over.set()
        counts = [work.result(60) for work in writers]
    assert min(counts) > 0
    waits.sort()
    assert waits[int(len(waits) * 0.99)] < 5
    assert problems(engine) == []
    with engine.connect() as connection:
        kept = connection.scalars(select(t.users.c.id).where(t.users.c.id.like("w%"))).all()
    assert len(kept) == sum(counts)
