"""Each kind of timer that can be lost is looked for, and made anew by ``engage db check --repair``."""

from __future__ import annotations

import pytest
from sqlalchemy import ColumnElement, Engine, and_, delete

from engage.reports.finding import Finding
from engage.reports.invariants import check
from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.stepping.repair import repair
from tests.support.world import World, at

SCENARIO = """
audience: {lists: [members]}
reentry: {after: 5 days, max: 2}
steps:
  - {id: invite, send_email: invite}
  - {id: opened, trigger: {email_opened: invite}, within: 1 day}
"""
LATER = "name: Later\nschedule: {from: 2026-12-20}\naudience: {lists: [members]}\nsteps: [{add_tag: later}]\n"
SCORING = "inactivity: {every: 10 days, points: -10, floor: 0}\n"


def findings(world: World) -> tuple[Finding, ...]:
    """Return what the check finds."""
    with world.engine.connect() as connection:
        return check(connection, world.plans)


def lived(engine: Engine) -> World:
    """One is done and may run again, one waits for a mail, all grow idle, another scenario opens later."""
    world = World(engine, SCENARIO, scenarios={"later": LATER}, scoring=SCORING)
    world.add("done", score=50)
    world.tick("0 days")
    world.deliver("0 days")
    world.ticks("1 day", "2 days")
    world.add("waits", at="2 days")
    world.tick("2 days")
    assert findings(world) == ()
    world.deliver("3 days")
    assert findings(world) == ()
    return world


def lose(world: World, *which: ColumnElement[bool]) -> None:
    """Delete timers."""
    with world.engine.begin() as connection:
        assert connection.execute(delete(t.timers).where(*which)).rowcount


def kind(number: TimerKind) -> ColumnElement[bool]:
    """Return the test of a timer's kind."""
    return t.timers.c.kind == int(number)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (kind(TimerKind.CHANGED), "1 prospect may run through journey again"),
        (kind(TimerKind.SETTLED), "1 run waits at opened of journey for e-mails that are settled"),
        (kind(TimerKind.INACTIVE), "the inactivity of 2 prospects is in no timer, the first done@example.com"),
        (
            and_(kind(TimerKind.INACTIVE), t.timers.c.due_at == at("10 days")),
            "the inactivity of 1 prospect is in no timer, done@example.com",
        ),
        (kind(TimerKind.LOOK), "no timer will look at anybody when the schedule of later opens"),
        (kind(TimerKind.STEP), "1 run waits and no timer will wake it in time"),
    ],
)
def test_a_lost_timer_is_found_and_made_anew(engine: Engine, lost: ColumnElement[bool], said: str) -> None:
    world = lived(engine)
    lose(world, lost)
    (found,) = findings(world)
    assert (found.check, found.message.read().startswith(said)) == ("timers", True), found.message
    assert found.message.read().endswith("run: engage db check --repair")
    with engine.connect() as connection:
        assert repair(connection, world.plans) == found.count
        assert repair(connection, world.plans) == 0
    assert findings(world) == ()
    go_on(world)


def go_on(world: World) -> None:
    """All goes on as if nothing had been lost."""
    world.ticks("3 days", "4 days")
    assert world.path("waits") == ["invite", "opened.no"]
    world.tick("6 days")
    assert (world.runs("done"), world.runs("waits")) == (2, 1)
    world.ticks("9 days", "11 days", "19 days")
    assert world.tagged("later") == {"done", "waits"}
    assert world.score("done") == 40
    assert findings(world) == ()


def test_all_timers_lost_are_all_made_anew(engine: Engine) -> None:
    world = lived(engine)
    lose(world)
    assert len(findings(world)) == 5
    with engine.connect() as connection:
        repair(connection, world.plans)
    assert findings(world) == ()
    go_on(world)


def test_who_was_in_as_often_as_may_be_needs_no_timer(engine: Engine) -> None:
    world = lived(engine)
    world.ticks("3 days", "4 days", "6 days")
    world.deliver("6 days")
    world.ticks("7 days", "8 days")
    with engine.begin() as connection:
        connection.execute(delete(t.timers).where(kind(TimerKind.CHANGED)))
    assert [found.count for found in findings(world)] == [1]
