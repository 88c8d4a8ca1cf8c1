"""switch, split and go_to: ways that bear names (SPEC section 5)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from engage.errors import Refused
from engage.language.lots import Mixer, limits, lot_of
from tests.support.world import World, at


def test_a_switch_takes_the_first_case_that_holds_and_names_its_outcome(world: World) -> None:
    """
    steps:
      - id: interest
        switch:
          - {name: software, case: {industry: Software}, steps: [{add_tag: software}]}
          - {case: {tag: vip}, steps: [{add_tag: second}]}
          - {name: big, case: {employees: {gte: 100}}}
        else: [{add_tag: other}]
      - add_tag: done
    """
    world.add("both", industry="Software", tags=["vip"])
    world.add("vip", industry="Retail", tags=["vip"])
    world.add("big", employees=100)
    world.add("small", employees=99)
    world.add("unknown")
    world.tick("0 days")
    assert world.path("both") == ["interest.software", "add_tag-software", "add_tag-done"]
    assert world.path("vip") == ["interest.2", "add_tag-second", "add_tag-done"]
    assert world.path("big") == ["interest.big", "add_tag-done"]
    assert world.path("small") == ["interest.else", "add_tag-other", "add_tag-done"]
    assert world.path("unknown") == ["interest.else", "add_tag-other", "add_tag-done"]
    row = world.card()["interest"]
    assert (row.type, row.entered, row.completed, row.yes) == ("switch", 5, 5, None)
    assert row.outcomes == "software=1;2=1;big=1;else=2"


def test_a_switch_without_else_has_the_outcome_else(world: World) -> None:
    """
    steps: [{switch: [{case: {tag: a}, steps: [{add_tag: was-a}]}]}, {add_tag: done}]
    """
    world.add("a", tags=["a"])
    world.add("b")
    world.tick("0 days")
    assert world.path("a") == ["switch.1", "add_tag-was-a", "add_tag-done"]
    assert world.path("b") == ["switch.else", "add_tag-done"]


def test_a_switch_that_stays_asks_the_data_of_the_later_moment(world: World) -> None:
    """
    steps: [{id: later, after: 1 day, switch: [{name: hot, case: {score: {gte: 50}}}]}]
    """
    world.add("warms", score=0)
    world.add("stays-cold", score=0)
    world.tick("0 days")
    world.adjust("warms", 50, at="12 hours")
    world.tick(at("1 day") - MICROSECOND)
    assert world.inside() == {"warms": "later", "stays-cold": "later"}
    assert world.card()["later"].waiting == 2
    world.tick("1 day")
    assert (world.path("warms"), world.path("stays-cold")) == (["later.hot"], ["later.else"])


def test_cases_hold_what_the_steps_before_them_changed(world: World) -> None:
    """
    steps:
      - {rule: {tag: seed}, yes: [{adjust_score: +100}]}
      - {id: level, switch: [{name: high, case: {score: {gte: 100}}}, {name: low, case: {score: {gte: 0}}}]}
    """
    world.add("a", tags=["seed"])
    world.add("b")
    world.tick("0 days")
    assert (world.path("a")[-1], world.path("b")[-1]) == ("level.high", "level.low")


def test_a_split_parts_by_prospect_and_step_the_same_on_every_database(world: World) -> None:
    """
    steps:
      - id: test
        split:
          a: {share: 45, steps: [{add_tag: a}]}
          b: {share: 45, steps: [{add_tag: b}]}
          holdout: {share: 10}
      - add_tag: done
    """
    names = [f"p{number}" for number in range(200)]
    world.people(*names)
    world.tick("0 days", chunk=70)
    mixer, (first, second, _) = Mixer.of("journey", "test"), limits((45, 45, 10))
    for name in names:
        mixed = mixer.mixed(lot_of(f"{name}@example.com"))
        arm = "a" if mixed < first else "b" if mixed < second else "holdout"
        assert world.path(name)[0] == f"test.{arm}"
    assert [world.path(f"p{n}")[0].partition(".")[2] for n in range(8)] == PINNED
    counts = {arm: sum(world.path(name)[0] == f"test.{arm}" for name in names) for arm in ("a", "b", "holdout")}
    assert world.card()["test"].outcomes == ";".join(f"{arm}={count}" for arm, count in counts.items())
    assert 70 <= counts["a"] <= 110
    assert 70 <= counts["b"] <= 110
    assert 8 <= counts["holdout"] <= 34
    assert world.tagged("a") == {name for name in names if world.path(name)[0] == "test.a"}
    assert world.tagged("done") == set(names)


#: What the first eight draw; a change here would move people who take part in a test to another arm.
PINNED = ["a", "a", "a", "b", "b", "a", "a", "a"]


def test_two_splits_part_the_same_people_otherwise_and_an_edit_keeps_them(world: World, later: str) -> None:
    """
    steps: [{id: one, split: {a: {share: 50}, b: {share: 50}}}, {id: two, split: {a: {share: 50}, b: {share: 50}}}]
    --- later
    steps:
      - {id: new, add_tag: new}
      - {id: one, split: {a: {share: 50}, b: {share: 50}}}
      - {id: two, split: {a: {share: 50}, b: {share: 50}}}
    """
    names = [f"p{number}" for number in range(40)]
    world.people(*names[:20])
    world.tick("0 days")
    world.apply(later, "1 day")
    world.people(*names[20:], at="1 day")
    world.tick("1 day")
    ways = {(world.path(name)[-2], world.path(name)[-1]) for name in names}
    assert ways == {(f"one.{first}", f"two.{second}") for first in "ab" for second in "ab"}
    mixer, (half, _) = Mixer.of("journey", "one"), limits((50, 50))
    for name in names:
        arm = "a" if mixer.mixed(lot_of(f"{name}@example.com")) < half else "b"
        assert f"one.{arm}" in world.path(name)


def test_an_arm_without_a_share_takes_nobody(world: World) -> None:
    """
    steps: [{id: test, split: {winner: {share: 100}, loser: {share: 0}}}]
    """
    world.people(*(f"p{number}" for number in range(20)))
    world.tick("0 days")
    assert world.card()["test"].outcomes == "winner=20;loser=0"


def test_go_to_leads_ahead_past_the_steps_between(world: World) -> None:
    """
    steps:
      - rule: {tag: hot}
        yes: [{add_tag: seen}, {go_to: handover, after: 1 hour}]
      - {wait: 3 days}
      - {id: handover, add_tag: handed}
    """
    world.add("hot", tags=["hot"])
    world.add("cold")
    world.tick("0 days")
    assert world.inside() == {"hot": "go_to-handover", "cold": "wait"}
    world.tick("1 hour")
    assert world.tagged("handed") == {"hot"}
    assert world.path("hot") == ["rule.yes", "add_tag-seen", "handover"]
    row = world.card()["go_to-handover"]
    assert (row.type, row.completed) == ("go_to", 1)
    world.tick("3 days")
    assert world.tagged("handed") == {"hot", "cold"}


def test_end_in_a_case_ends_the_run_there(world: World) -> None:
    """
    steps: [{switch: [{name: out, case: {tag: out}, steps: [{end: true, after: 1 day}]}]}, {add_tag: done}]
    """
    world.add("out", tags=["out"])
    world.add("on")
    world.tick("0 days")
    assert (world.at("out"), world.state("on")) == ("end", "completed")
    world.tick("1 day")
    assert (world.state("out"), world.tagged("done")) == ("completed", {"on"})


def test_a_removed_switch_with_waiters_is_refused_unless_moved_says_where_they_go(world: World, later: str) -> None:
    """
    steps: [{id: which, after: 5 days, switch: [{case: {tag: a}, steps: [{add_tag: was-a}]}]}, {id: last, add_tag: z}]
    --- later
    steps: [{id: last, add_tag: z}]
    """
    world.add("a", tags=["a"])
    world.tick("0 days")
    with pytest.raises(Refused):
        world.apply(later, "1 day")
    world.apply(later + "\nmoved: {which: last}\n", "1 day")
    world.tick("1 day")
    assert world.path("a") == ["which.skipped", "last"]


def test_names_of_outcomes_live_on_when_cases_are_renamed(world: World, later: str) -> None:
    """
    steps: [{id: which, switch: [{name: old, case: {tag: a}}]}]
    --- later
    steps: [{id: which, switch: [{name: new, case: {tag: a}}]}]
    """
    world.add("first", tags=["a"])
    world.tick("0 days")
    world.apply(later, "1 day")
    world.add("second", tags=["a"], at="1 day")
    world.tick("1 day")
    assert (world.path("first"), world.path("second")) == (["which.old"], ["which.new"])
    assert world.card()["which"].outcomes == "new=1;else=0;old=1"
