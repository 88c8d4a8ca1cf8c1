"""Several at once: ticks beside ticks, writers beside a tick, and somebody who changes things in its middle."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text, update

from engage.app import App
from engage.settings import Settings
from engage.sql import tables as t
from engage.sql.codes import Outcome, RunState
from tests.conftest import connected
from tests.proof.audit import emptied, problems
from tests.proof.history import History, history
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


def alone(engine: Engine, chunk: int) -> History:
    """Return what one ticker makes of it; the database is empty again afterwards."""
    world_of(engine)
    for moment in MOMENTS:
        app_of(engine).tick(at(moment), chunk=chunk)
    assert problems(engine) == []
    told = history(engine)
    emptied(engine)
    return told


def test_ticks_in_the_same_second_make_what_one_makes(engine: Engine) -> None:
    """R10: five ticks at once, and a daemon that ticks all the time beside them."""
    expected = alone(engine, 5)
    world_of(engine)
    barrier, over = Barrier(6), Event()

    def cron() -> None:
        with connected(address(engine)) as own:
            for moment in MOMENTS:
                barrier.wait(60)
                app_of(own).tick(at(moment), chunk=5)

    def daemon() -> None:
        with connected(address(engine)) as own:
            for moment in MOMENTS:
                barrier.wait(60)
                for _ in range(3):
                    app_of(own).tick(at(moment), chunk=5)

    with ThreadPoolExecutor(6) as pool:
        works = [pool.submit(cron) for _ in range(5)] + [pool.submit(daemon)]
        for work in works:
            work.result(120)
    over.set()
    assert problems(engine) == []
    assert history(engine) == expected


@contextmanager
def before_statements(engine: Engine, act: Callable[[str], str | None]) -> Iterator[None]:
    """Call a function before each statement that is executed once; what it returns is executed instead."""

    def listen(
        connection: object, cursor: object, statement: str, parameters: Any, context: object, many: bool
    ) -> tuple[str, Any]:
        other = None if many else act(statement)
        return (statement, parameters) if other is None else (other, ())

    event.listen(engine, "before_cursor_execute", listen, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def test_who_was_moved_by_somebody_else_rolls_the_chunk_back(postgresql_engine: Engine) -> None:
    """Hole 3: an enrolment that leaves between claim and final update takes its effects back with the chunk.

    On SQLite nobody else can write in between. The remedy is the counter of moves in the final update.
    """
    engine = postgresql_engine
    world = world_of(engine)
    moved: list[int] = []
    e = t.enrolments

    def act(statement: str) -> None:
        if statement.startswith("INSERT INTO messages") and not moved:
            with connected(address(engine)) as own, own.begin() as connection:
                row = connection.execute(select(e).order_by(e.c.id).limit(1)).one()
                moved.append(row.id)
                ended = {"state": int(RunState.LEFT), "ended_at": at("0 days"), "moves": row.moves + 1}
                connection.execute(update(e).values(ended).where(e.c.id == row.id))
                visit = {
                    "enrolment_id": row.id, "arrived_at": row.arrived_at, "left_at": at("0 days"), "move": row.moves,
                    "step_id": row.step_id, "outcome": int(Outcome.LEFT),
                }  # fmt: skip
                connection.execute(insert(t.visits).values(visit))

    with before_statements(engine, act):
        world.tick("0 days")
    assert moved
    mailed = [mail.who for mail in world.emails()]
    assert sorted(mailed) == PEOPLE[1:], "each once, but for the one who had left"
    assert [visit.step for visit in world.visits(PEOPLE[0])] == ["invite"]
    assert world.state(PEOPLE[0]) == "left"


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


def once(name: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Return a hook that does something at the first commit of that name."""
    done: list[str] = []

    def hook(reached: str) -> None:
        if reached == name and not done:
            done.append(reached)
            act()

    return hook


def test_a_pause_in_the_middle_of_a_tick_stops_the_next_chunk(engine: Engine) -> None:
    """Hole 7: a chunk locks its scenario's row and looks at its state; without that, the rest would be mailed."""
    world = World(engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE[:9])
    world.tick("0 days", chunk=50)
    timers = {row[0] for row in world.rows("timers", "id")}
    assert len(timers) == 1
    world = World(emptied(engine), "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE[:9])
    world.app.tick(at("0 days"), chunk=3, hook=once("step.after_commit", lambda: world.pause("0 days")))
    mailed = len(world.emails())
    assert 0 < mailed < 9, "some chunk was stepped, the others were not"
    world.tick("10 days")
    assert len(world.emails()) == mailed, "nobody moves while it is paused"
    world.resume("10 days")
    world.tick("10 days")
    assert sorted(mail.who for mail in world.emails()) == PEOPLE[:9]
    assert problems(engine) == []


def test_another_version_in_the_middle_of_a_tick_is_taken_by_the_next_chunk(engine: Engine) -> None:
    """Hole 7: a chunk looks at its scenario's version; without that, some would go the way of the old one."""
    old = "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n"
    new = "steps: [{id: invite, send_email: invite}, {id: mark, add_tag: new}, {id: rest, wait: 3 days}]\n"
    world = World(engine, old)
    world.people(*PEOPLE[:9])
    world.app.tick(at("0 days"), chunk=3, hook=once("step.after_commit", lambda: world.apply(new, "0 days")))
    marked = [name for name in PEOPLE[:9] if "new" in world.tags(name)]
    assert 0 < len(marked) < 9
    world.tick("2 days")
    assert set(world.inside().values()) == {"rest"}, "who waits already waits for the new time"
    world.tick("3 days")
    assert world.inside() == {}
    assert problems(engine) == []
