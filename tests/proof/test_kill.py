"""R05, R31: killed at every commit point of a tick, the next one finishes it as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.proof.killing import THOROUGH, Reset, killed_everywhere, resetting
from tests.proof.poison import refuse
from tests.support.world import World

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


@pytest.fixture
def reset(dialect: str, request: pytest.FixtureRequest) -> Iterator[Reset]:
    """Give what brings the prepared database back, again and again."""
    with resetting(prepare, dialect, request) as found:
        yield found


def test_a_tick_killed_at_any_point_is_finished_by_the_next(reset: Reset, dialect: str) -> None:
    """FAULTS R05, R31: the same moment again finishes the tick, and a later one finishes it with its own moment first.

    On PostgreSQL, where a database takes longer to make, every fifth point is enough: the points are the same.
    """
    stride = 1 if dialect == "sqlite" or THOROUGH else 5
    assert killed_everywhere(reset, MOMENTS[1], MOMENTS[2], stride) == POINTS
