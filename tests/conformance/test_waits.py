"""Waits and ``after``: elapsed time, counted from the moment the step was really reached."""

from __future__ import annotations

from tests.support.world import World, at


def test_a_wait_ends_at_its_moment_and_not_one_microsecond_earlier(world: World) -> None:
    """
    steps:
      - wait: 3 days
      - add_tag: done
    """
    world.add("a")
    world.tick("0 days")
    world.tick("2026-12-03T23:59:59.999999")
    assert world.at("a") == "wait"
    assert world.tags("a") == set()
    world.tick("3 days")
    assert world.tags("a") == {"done"}
    assert world.state("a") == "completed"
    assert world.ends_at("a") == at("3 days")
