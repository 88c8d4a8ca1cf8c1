"""What a start, a resume or a stop is said to do is what it does."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select

from engage.errors import Refused
from engage.sql import tables as t
from engage.sql.connect import reading
from engage.stepping.outlook import Outlook, entering, outlook
from tests.support.world import World

STEPS = "steps: [{id: mail, send_email: invite}, {id: rest, wait: 30 days}]"
HEADS = {
    "all who match": "audience: {where: {score: {gte: 50}}}",
    "only those who begin to": "audience: {where: {score: {gte: 50}}}\nbackfill: false",
    "again each time": "audience: {where: {score: {gte: 50}}}\nreentry: always",
    "again after a while": "audience: {where: {score: {gte: 50}}}\nreentry: {after: 1 day}",
    "again, but none at first": "audience: {where: {score: {gte: 50}}}\nreentry: {after: 1 day}\nbackfill: false",
    "by an event": "audience: {on: {form_submitted: demo}}",
    "not the suppressed": "audience: {where: {score: {gte: 50}}, suppress: {where: {tag: out}}}",
    "not those at the goal": "audience: {where: {score: {gte: 50}}}\ngoal: {tag: out}",
    "not yet": "audience: {where: {score: {gte: 50}}}\nschedule: {from: 2027-03-01}",
    "no longer": "audience: {where: {score: {gte: 50}}}\nschedule: {until: 2026-11-30}",
}


def world_of(engine: Engine, head: str) -> World:
    world = World(engine, f"{HEADS[head]}\n{STEPS}", start=False)
    for who, score in (("a", 60), ("b", 70), ("out", 80), ("cold", 10)):
        world.add(who, score=score)
    world.add_tag("out", "out", at="0 days")
    return world


def begun(world: World) -> int:
    with reading(world.engine).connect() as connection:
        return connection.scalar(select(func.count()).select_from(t.enrolments)) or 0


def seen(world: World) -> Outlook:
    with reading(world.engine).connect() as connection:
        return outlook(connection, world.KEY)


@pytest.mark.parametrize("head", HEADS)
def test_so_many_enter_as_was_said(engine: Engine, head: str) -> None:
    """At the first start, and at another one after a stop."""
    world = world_of(engine, head)
    for day in (1, 10):
        before, said = (
            begun(world),
            entering(world.engine, world.plans, world.KEY, world.moment(f"{day} days"), chunk=2),
        )
        world.start()
        world.tick()
        assert begun(world) - before == said
        world.stop(f"{day + 1} days")


@pytest.mark.parametrize("head", ["all who match", "only those who begin to", "again each time"])
def test_a_resume_lets_in_who_came_meanwhile(engine: Engine, head: str) -> None:
    world = world_of(engine, head)
    world.start()
    world.ticks("0 days", "1 day")
    world.pause("1 day")
    world.add("late", score=90)
    world.tick("2 days")
    before, said = begun(world), entering(world.engine, world.plans, world.KEY, world.moment("3 days"))
    assert said == 1
    world.resume()
    world.tick()
    assert begun(world) - before == said


def test_a_stop_ends_those_who_wait_and_those_held(engine: Engine) -> None:
    world = world_of(engine, "not the suppressed")
    world.start()
    world.tick("0 days")
    world.add_tag("b", "out", at="1 day")
    world.tick("1 day")
    stands = seen(world)
    assert (stands.state, stands.waiting, stands.held, stands.open, stands.queued) == ("running", 1, 1, 2, 2)
    assert world.stop() == stands.open
    after = seen(world)
    assert (after.state, after.open, after.queued) == ("stopped", 0, 2)


def test_what_was_never_applied_has_no_outlook(engine: Engine) -> None:
    world = world_of(engine, "all who match")
    with reading(world.engine).connect() as connection, pytest.raises(Refused, match="journey"):
        outlook(connection, "journy")
