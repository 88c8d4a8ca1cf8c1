"""Pause, resume and stop: a pause freezes durations and nobody enters or leaves (SPEC 3 and 7)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from engage.errors import Refused
from tests.support.world import World, at


def test_what_is_left_of_a_wait_is_left_after_the_pause(world: World) -> None:
    """
    steps: [{wait: 4 days}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.ticks("2 days", "5 days")
    world.resume("6 days")
    world.tick(at("9 days") - MICROSECOND)
    assert world.at("a") == "wait"
    world.tick("9 days")
    assert world.tagged("done") == {"a"}


def test_pauses_add_up_and_concern_only_those_who_waited_then(world: World) -> None:
    """
    steps: [{wait: 4 days}, {add_tag: done}]
    """
    world.add("first")
    world.tick("0 days")
    world.pause("1 day")
    world.resume("2 days")
    world.add("second", at="2 days")
    world.tick("2 days")
    world.pause("3 days")
    world.resume("5 days")
    world.tick(at("7 days") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("7 days")
    assert world.tagged("done") == {"first"}
    world.tick(at("8 days") - MICROSECOND)
    assert world.tagged("done") == {"first"}
    world.tick("8 days")
    assert world.tagged("done") == {"first", "second"}


def test_a_pause_freezes_the_time_before_a_step_too(world: World) -> None:
    """
    steps: [{add_tag: done, after: 2 days}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.resume("11 days")
    world.tick(at("12 days") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("12 days")
    assert world.tagged("done") == {"a"}


def test_events_of_the_pause_count_on_resume_as_before_the_deadline(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 4 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("in-pause", "after-it", "at-deadline", "too-late")
    world.tick("0 days")
    world.pause("1 day")
    world.activity("in-pause", "page_viewed", "/a", at="10 days")
    world.ticks("5 days", "10 days", "15 days")
    assert len(world.inside()) == 4
    world.resume("21 days")
    world.tick("21 days")
    assert world.tagged("yes") == {"in-pause"}
    world.activity("after-it", "page_viewed", "/a", at="23 days")
    world.activity("at-deadline", "page_viewed", "/a", at="24 days")
    world.activity("too-late", "page_viewed", "/a", at=at("24 days") + MICROSECOND)
    world.tick("25 days")
    assert world.tagged("yes") == {"in-pause", "after-it", "at-deadline"}
    assert world.tagged("no") == {"too-late"}


def test_a_deadline_that_was_over_before_the_pause_stays_where_it_was(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 2 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("in-time", "between", "in-pause")
    world.tick("0 days")
    world.activity("in-time", "page_viewed", "/a", at="2 days")
    world.activity("between", "page_viewed", "/a", at="3 days")  # no tick since the beginning
    world.pause("4 days")
    world.activity("in-pause", "page_viewed", "/a", at="5 days")
    world.resume("20 days")
    world.tick("20 days")
    assert world.tagged("yes") == {"in-time"}
    assert world.tagged("no") == {"between", "in-pause"}


def test_a_hand_over_in_the_pause_leaves_the_whole_time_on_resume(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.people("opens", "silent")
    world.tick("0 days")
    world.pause("1 day")
    world.deliver("2 days")
    world.resume("11 days")
    world.tick("11 days")
    world.activity("opens", "email_opened", "invite", at="14 days")
    world.tick(at("14 days") - MICROSECOND)
    assert len(world.inside()) == 2
    world.tick("14 days")
    assert (world.path("opens")[-1], world.path("silent")[-1]) == ("opened.yes", "opened.no")


def test_a_hand_over_before_the_pause_that_no_tick_saw_counts_the_time_before_it(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("1 day")
    world.pause("2 days")
    world.resume("12 days")
    world.tick("12 days")
    world.tick(at("14 days") - MICROSECOND)
    assert world.at("a") == "opened"
    world.tick("14 days")
    assert world.path("a") == ["invite", "opened.no"]


def test_a_message_cancelled_in_the_pause_leaves_what_was_left_since_the_arrival(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.deliver("2 days", status="CANCELLED")
    world.resume("11 days")
    world.ticks("11 days", at("13 days") - MICROSECOND)
    assert world.at("a") == "opened"
    world.tick("13 days")
    assert world.path("a") == ["invite", "opened.no"]


def test_a_message_still_queued_after_two_pauses_has_its_whole_time(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.people("a", "b")
    world.tick("0 days")
    world.pause("1 day")
    world.resume("2 days")
    world.tick("2 days")
    world.pause("3 days")
    world.resume("5 days")
    world.tick("30 days")
    assert len(world.inside()) == 2
    world.deliver("30 days")
    world.tick("30 days")
    world.activity("a", "email_opened", "invite", at="33 days")
    world.tick("33 days")
    assert (world.path("a")[-1], world.path("b")[-1]) == ("opened.yes", "opened.no")


def test_nobody_enters_or_leaves_while_paused(world: World) -> None:
    """
    audience: {lists: [members], unmatched: exit, suppress: {lists: [blocked]}}
    goal: {tag: customer}
    steps: [{wait: 1 day}, {add_tag: done}]
    """
    world.people("goal", "exit", "held", "due")
    world.tick("0 days")
    world.pause("1 hour")
    world.add("late", at="2 hours")
    world.add_tag("goal", "customer", at="2 hours")
    world.remove_from_list("exit", "members", at="2 hours")
    world.add_to_list("held", "blocked", at="2 hours")
    world.ticks("2 hours", "2 days")
    assert {who: world.state(who) for who in ("goal", "exit", "held", "due")} == dict.fromkeys(
        ("goal", "exit", "held", "due"), "active"
    )
    assert world.state("late") is None
    world.resume("3 days")
    world.tick("3 days")
    assert {who: world.state(who) for who in world.ids} == {
        "goal": "goal", "exit": "left", "held": "held", "due": "active", "late": "active",
    }  # fmt: skip
    assert world.tagged("done") == set()


def test_on_resume_a_goal_goes_before_what_is_overdue(world: World) -> None:
    """
    goal: {tag: customer}
    steps: [{wait: 1 day}, {send_email: hello}]
    """
    world.people("a", "b")
    world.tick("0 days")
    world.pause("2 days")  # both are overdue: nobody ticked
    world.add_tag("a", "customer", at="3 days")
    world.resume("4 days")
    world.tick("4 days")
    assert world.state("a") == "goal"
    assert [(m.who, m.at) for m in world.emails()] == [("b", at("4 days"))]


def test_a_wait_in_business_days_moves_by_the_pause_and_then_to_the_next_open_day(world: World) -> None:
    """
    steps: [{wait: 2 business days}, {add_tag: done}]
    """
    world.people("a", at="2026-12-01T10:00")  # a Tuesday; due on Thursday at 10:00
    world.tick("2026-12-01T10:00")
    world.pause("2026-12-02T10:00")
    world.resume("2026-12-04T10:00")  # two days later: due on Saturday at 10:00, so on Monday
    world.tick("2026-12-07T09:59:59.999999")
    assert world.tagged("done") == set()
    world.tick("2026-12-07T10:00")
    assert world.tagged("done") == {"a"}


def test_only_waits_in_business_days_are_moved_to_open_days(world: World) -> None:
    """
    steps:
      - rule: {tag: patient}
        yes: [{wait: {until: 2026-12-03T10:00}}]
        no: [{wait: 2 business days}]
      - add_tag: done
    """
    world.people("a", at="2026-12-01T10:00")
    world.add("b", tags=("patient",), at="2026-12-01T10:00")
    world.tick("2026-12-01T10:00")
    world.pause("2026-12-02T10:00")
    world.resume("2026-12-04T10:00")  # two days later its moment would be a Saturday's
    world.tick("2026-12-04T10:00")
    assert world.tagged("done") == {"b"}
    world.tick("2026-12-07T10:00")
    assert world.tagged("done") == {"a", "b"}


def test_a_wait_in_business_days_that_was_over_before_the_pause_is_due_at_once(world: World) -> None:
    """
    steps: [{wait: 2 business days}, {add_tag: done}]
    """
    world.people("a", at="2026-12-01T10:00")  # due on Thursday at 10:00
    world.tick("2026-12-01T10:00")
    world.pause("2026-12-03T12:00")
    world.resume("2026-12-05T12:00")  # a Saturday
    world.tick("2026-12-05T12:00")
    assert world.tagged("done") == {"a"}


def test_who_is_held_in_a_pause_has_the_pause_and_not_the_holding_added(world: World) -> None:
    """
    steps: [{wait: 6 days}, {add_tag: done}]
    """
    world.people("held", "free")
    world.tick("0 days")
    world.remove_from_list("held", "members", at="1 day")
    world.tick("1 day")
    world.pause("2 days")
    world.resume("4 days")
    world.tick("4 days")
    world.add_to_list("held", "members", at="5 days")
    world.ticks("5 days", at("8 days") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("8 days")
    assert world.tagged("done") == {"held", "free"}


def test_stop_ends_every_run_as_left_also_held_ones_and_nobody_enters_again(world: World) -> None:
    """
    steps: [{wait: 2 days}, {add_tag: done}]
    --- scenarios/second.yaml
    steps: [{wait: 2 days}, {add_tag: second}]
    """
    world.people("active", "held")
    world.tick("0 days")
    world.remove_from_list("held", "members", at="1 day")
    world.tick("1 day")
    assert world.stop("1 day 1 hour") == 2
    world.add("late", at="1 day 2 hours")
    world.ticks("1 day 2 hours", "5 days")
    assert {who: world.state(who) for who in world.ids} == {"active": "left", "held": "left", "late": None}
    assert world.tagged("done") == set()
    assert world.tagged("second") == {"active", "late"}
    with pytest.raises(Refused):
        world.stop("6 days")


def test_a_paused_scenario_can_be_stopped(world: World) -> None:
    """
    goal: {scenario: {id: second, state: left}}
    steps: [{wait: 9 days}]
    --- scenarios/second.yaml
    steps: [{wait: 2 days}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day", key="second")
    assert world.stop("2 days", key="second") == 1
    world.tick("2 days")
    assert (world.state("a", key="second"), world.state("a")) == ("left", "goal")


def test_only_what_runs_is_paused_and_only_what_is_paused_goes_on(draft: World) -> None:
    """
    steps: [{wait: 1 day}]
    """
    world = draft
    for refused in (world.pause, world.resume, world.stop):
        with pytest.raises(Refused):
            refused("0 days")
    world.start("0 days")
    for refused in (world.start, world.resume):
        with pytest.raises(Refused):
            refused("1 hour")
    world.pause("1 hour")
    for refused in (world.start, world.pause):
        with pytest.raises(Refused):
            refused("2 hours")


def test_a_pause_of_one_scenario_leaves_the_others_alone(world: World) -> None:
    """
    steps: [{wait: 2 days}, {add_tag: first}]
    --- scenarios/second.yaml
    steps: [{wait: 2 days}, {add_tag: second}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.tick("2 days")
    assert world.tags("a") == {"second"}
    assert world.at("a") == "wait"
