"""Editing a scenario while people are in it (SPEC section 7, last point but one)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from engage.errors import Refused
from tests.support.world import World, at


def test_a_step_added_ahead_is_passed_and_those_who_finished_never_see_it(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 2 days}, {add_tag: one}]
    --- later
    steps: [{id: rest, wait: 2 days}, {add_tag: one}, {add_tag: two}]
    """
    world.add("early")
    world.tick("0 days")
    world.add("late", at="1 day")
    world.ticks("1 day", "2 days")
    assert world.state("early") == "completed"
    world.apply(later, "2 days 1 hour")
    world.tick("3 days")
    assert world.tagged("two") == {"late"}


def test_waiters_of_a_removed_step_go_on_to_the_next_surviving_one(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 5 days}, {id: gone, add_tag: gone}, {id: kept, add_tag: kept}]
    --- later
    steps: [{id: kept, add_tag: kept}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    assert world.at("a") == "kept"
    world.tick("1 day 1 hour")
    assert world.tags("a") == {"kept"}
    first = world.visits("a")[0]
    assert (first.step, first.outcome, first.left_at) == ("rest", "skipped", at("1 day"))


def test_another_rule_of_reentry_leaves_those_inside_where_they_wait(world: World, later: str) -> None:
    """
    reentry: {after: 3 days}
    steps: [{wait: 5 days}, {add_tag: done}]
    --- later
    reentry: {after: 30 days}
    steps: [{wait: 5 days}, {add_tag: done}]
    """
    world.people("over")
    world.tick("0 days")
    world.people("inside", at="5 days")
    world.tick("5 days")
    world.apply(later, "6 days")
    world.tick("8 days")
    assert world.inside() == {"inside": "wait"}, "three days after its end nobody enters anew"
    world.tick("10 days")
    assert world.tagged("done") == {"over", "inside"}
    world.tick("35 days")
    assert world.runs("over") == 2


def test_waiters_of_a_removed_last_step_have_finished(world: World, later: str) -> None:
    """
    steps: [{id: one, add_tag: one}, {id: rest, wait: 5 days}]
    --- later
    steps: [{id: one, add_tag: one}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert world.state("a") == "completed"


def test_a_goal_sees_that_a_removed_last_step_ended_the_run(world: World, later: str) -> None:
    """
    steps: [{id: one, add_tag: one}, {id: rest, wait: 5 days}]
    --- scenarios/second.yaml
    goal: {scenario: {id: journey, state: completed}}
    steps: [{wait: 9 days}]
    --- later
    steps: [{id: one, add_tag: one}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert world.state("a", key="second") == "goal"


def test_a_removed_branching_step_with_waiters_is_refused_and_nothing_changes(world: World, later: str) -> None:
    """
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 5 days, yes: [{add_tag: "yes"}]}, {add_tag: done}]
    --- later
    steps: [{add_tag: done}, {add_tag: new}]
    """
    world.add("a")
    world.tick("0 days")
    with pytest.raises(Refused):
        world.apply(later, "1 day")
    world.activity("a", "page_viewed", "/a", at="2 days")
    world.tick("2 days")
    assert world.path("a") == ["asked.yes", "add_tag-yes", "add_tag-done"]


def test_a_removed_branching_step_is_no_matter_when_nobody_waits_there(world: World, later: str) -> None:
    """
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 5 days, yes: [{add_tag: "yes"}]}, {add_tag: done}]
    --- later
    steps: [{add_tag: done}, {add_tag: new}]
    """
    world.apply(later, "0 days")
    world.add("a")
    world.tick("1 day")
    assert world.tags("a") == {"done", "new"}


def test_moved_says_where_waiters_of_a_removed_branching_step_go(world: World, later: str) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 5 days, yes: [{id: tagged, add_tag: "yes"}]}
      - {id: done, add_tag: done}
      - {id: last, add_tag: last}
    --- later
    moved: {asked: last}
    steps: [{id: done, add_tag: done}, {id: last, add_tag: last}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert world.tags("a") == {"last"}


@pytest.mark.parametrize("length", ["2 days", "6 days"])
def test_a_changed_wait_is_due_at_the_arrival_plus_the_new_length(world: World, later: str, length: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: LENGTH}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later.replace("LENGTH", length), "1 day")
    world.tick(at(length) - MICROSECOND)
    assert world.at("a") == "rest"
    world.tick(length)
    assert world.tagged("done") == {"a"}


def test_a_wait_made_shorter_than_the_time_already_waited_is_over(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 9 days}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: 2 days}, {add_tag: done}]
    """
    world.add("long")
    world.tick("0 days")
    world.add("short", at="3 days")
    world.tick("3 days")
    world.apply(later, "4 days")
    world.tick("4 days")
    assert world.tagged("done") == {"long"}
    world.tick("5 days")
    assert world.tagged("done") == {"long", "short"}


def test_keep_waits_leaves_those_who_wait_and_concerns_those_who_come_later(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: 1 day}, {add_tag: done}]
    """
    world.add("early")
    world.tick("0 days")
    world.apply(later, "1 day", keep_waits=True)
    world.add("late", at="1 day")
    world.ticks("1 day", "2 days")
    assert world.tagged("done") == {"late"}
    world.tick(at("4 days") - MICROSECOND)
    assert world.tagged("done") == {"late"}
    world.tick("4 days")
    assert world.tagged("done") == {"late", "early"}


def test_a_changed_deadline_counts_from_the_arrival_also_for_events_not_learnt_yet(world: World, later: str) -> None:
    """
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 4 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}]
    --- later
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 2 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}]
    """
    world.people("in-time", "too-late")
    world.tick("0 days")
    world.activity("in-time", "page_viewed", "/a", at="2 days")
    world.activity("too-late", "page_viewed", "/a", at=at("2 days") + MICROSECOND)
    world.apply(later, "3 days")
    world.tick("3 days")
    assert (world.tagged("yes"), world.tagged("no")) == ({"in-time"}, {"too-late"})


def test_a_changed_length_counts_from_the_hand_over_and_leaves_unsent_ones_unbegun(world: World, later: str) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 4 days}
    --- later
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 2 days}
    """
    world.add("sent")
    world.tick("0 days")
    world.deliver("1 day")
    world.add("queued", at="1 day")
    world.tick("1 day")
    world.apply(later, "2 days")
    world.tick(at("3 days") - MICROSECOND)
    assert len(world.inside()) == 2
    world.tick("3 days")
    assert world.inside() == {"queued": "opened"}
    world.deliver("9 days")
    world.ticks("9 days", at("11 days") - MICROSECOND)
    assert world.inside() == {"queued": "opened"}
    world.tick("11 days")
    assert world.path("queued") == ["invite", "opened.no"]


def test_a_shorter_deadline_after_a_pause_does_not_lose_who_waits_for_a_queued_message(
    world: World, later: str
) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 4 days}
    --- later
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 2 days}
    """
    world.add("before")
    world.tick("0 days")
    world.pause("1 day")
    world.resume("3 days")
    world.add("after", at="3 days")
    world.tick("3 days")
    world.apply(later, "4 days")
    world.tick("4 days")
    world.deliver("5 days")
    world.ticks("5 days", at("7 days") - MICROSECOND)
    assert len(world.inside()) == 2
    world.tick("7 days")
    assert world.inside() == {}


def test_a_changed_wait_after_a_pause_keeps_the_pause(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: 6 days}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.apply(later, "2 days")
    world.resume("11 days")
    world.ticks("11 days", at("16 days") - MICROSECOND)
    assert world.at("a") == "rest"
    world.tick("16 days")
    assert world.tagged("done") == {"a"}


def test_business_days_counted_anew_after_a_pause_keep_the_pause(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 1 business day}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: 3 business days}, {add_tag: done}]
    """
    world.people("a", at="2026-12-07T10:00")  # a Monday; due on Tuesday
    world.tick("2026-12-07T10:00")
    world.pause("2026-12-07T12:00")
    world.resume("2026-12-08T12:00")  # a day later: due on Wednesday
    world.tick("2026-12-08T12:00")
    world.apply(later, "2026-12-08T13:00")  # Thursday, and a day later: Friday
    world.tick("2026-12-11T09:59:59.999999")
    assert world.at("a") == "rest"
    world.tick("2026-12-11T10:00")
    assert world.tagged("done") == {"a"}


def test_another_event_is_asked_of_those_who_wait_already(world: World, later: str) -> None:
    """
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 4 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}]
    --- later
    steps: [{id: asked, trigger: {page_viewed: /b}, within: 4 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}]
    """
    world.people("b", "a")
    world.tick("0 days")
    world.activity("b", "page_viewed", "/b", at="1 day")
    world.tick("1 day")
    world.apply(later, "2 days")
    world.activity("a", "page_viewed", "/a", at="2 days")
    world.ticks("2 days")
    assert world.tagged("yes") == {"b"}
    world.tick("4 days")
    assert world.tagged("no") == {"a"}


def test_an_e_mail_trigger_that_becomes_another_while_its_message_is_queued_has_a_deadline(
    world: World, later: str
) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: asked, trigger: {email_opened: invite}, within: 4 days}
    --- later
    steps:
      - {id: invite, send_email: invite}
      - {id: asked, trigger: {page_viewed: /a}, within: 4 days}
    """
    world.people("a", "b")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.activity("a", "page_viewed", "/a", at="2 days")
    world.ticks("1 day", "2 days", at("4 days") - MICROSECOND)
    assert world.inside() == {"b": "asked"}
    world.tick("4 days")
    assert world.path("b") == ["invite", "asked.no"]


def test_an_id_may_become_another_kind_of_step(world: World, later: str) -> None:
    """
    steps: [{id: thing, wait: 9 days}, {id: last, add_tag: last}]
    --- later
    steps: [{id: thing, add_tag: thing}, {id: last, add_tag: last}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert world.path("a") == ["thing", "last"]


@pytest.mark.parametrize("keep_waits", [False, True])
def test_who_stays_before_a_step_that_becomes_a_wait_or_a_trigger_waits_there(
    world: World, later: str, keep_waits: bool
) -> None:
    """
    steps: [{id: thing, add_tag: thing, after: 2 days}, {id: last, add_tag: last}]
    --- scenarios/second.yaml
    steps: [{id: thing, add_tag: thing, after: 2 days}, {id: last, add_tag: last-2}]
    --- later
    steps: [{id: thing, wait: 3 days}, {id: last, add_tag: last}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day", keep_waits=keep_waits)
    trigger = "steps: [{id: thing, trigger: {page_viewed: /a}, within: 3 days}, {id: last, add_tag: last-2}]"
    world.apply(trigger, "1 day", key="second", keep_waits=keep_waits)
    for day in range(1, 8):
        world.tick(f"{day} days")
    assert world.tags("a") == {"last", "last-2"}
    assert world.path("a", key="second") == ["thing.no", "last"]


def test_an_edited_audience_holds_those_inside_who_no_longer_match(world: World, later: str) -> None:
    """
    audience: {lists: [members]}
    steps: [{wait: 2 days}, {add_tag: done}]
    --- later
    audience: {lists: [vip]}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.add("member")
    world.add("both", lists=["members", "vip"])
    world.add("vip", lists=["vip"])
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert {who: world.state(who) for who in world.ids} == {"member": "held", "both": "active", "vip": "active"}


def test_who_was_held_by_a_suppression_that_is_edited_away_goes_on(world: World, later: str) -> None:
    """
    audience: {where: {country: JP}, suppress: {lists: [blocked]}}
    steps: [{wait: 2 days}, {add_tag: done}]
    --- later
    audience: {where: {country: JP}}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.people("a", "b", country="JP")
    world.tick("0 days")
    world.add_to_list("a", "blocked", at="1 day")
    world.tick("1 day")
    assert world.state("a") == "held"
    world.apply(later, "3 days")
    world.tick("3 days")
    assert world.tagged("done") == {"a", "b"}


def test_a_window_edited_to_open_later_lets_those_who_match_enter_when_it_opens(world: World, later: str) -> None:
    """
    schedule: {until: 2026-11-30}
    steps: [{wait: 1 day}]
    --- later
    schedule: {from: 2026-12-05}
    steps: [{wait: 1 day}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("2026-12-04T23:59:59.999999")
    assert world.inside() == {}
    world.tick("2026-12-05")
    assert world.inside() == {"a": "wait"}


def test_a_derived_id_that_would_mean_another_step_to_waiters_is_refused(world: World, later: str) -> None:
    """
    steps: [{wait: 1 day}, {send_email: a}, {wait: 1 day}, {send_email: b}]
    --- later
    steps: [{wait: 1 day}, {send_email: c}, {wait: 1 day}, {send_email: a}, {wait: 1 day}, {send_email: b}]
    """
    world.add("a")
    world.ticks("0 days", "1 day")
    assert world.at("a") == "wait-2"
    with pytest.raises(Refused):
        world.apply(later, "1 day 1 hour")
    world.tick("2 days")
    assert [m.step for m in world.emails()] == ["send_email-a", "send_email-b"]


def test_derived_ids_that_change_places_are_refused_while_somebody_waits(world: World, later: str) -> None:
    """
    steps: [{wait: 1 day}, {add_tag: x}, {wait: 5 days}]
    --- later
    steps: [{wait: 5 days}, {add_tag: x}, {wait: 1 day}]
    """
    world.add("a")
    world.tick("0 days")
    with pytest.raises(Refused, match="wait has no id of its own"):
        world.apply(later, "1 hour")
    assert world.at("a") == "wait"


def test_a_derived_id_that_keeps_its_meaning_is_not_refused(world: World, later: str) -> None:
    """
    steps: [{wait: 1 day}, {send_email: step-1}, {wait: 1 day}, {send_email: step-2, after: 1 day}]
    --- later
    steps:
      - {wait: 1 day}
      - {send_email: step-1}
      - {wait: 1 day}
      - {send_email: step-2, after: 2 days}
      - {wait: 1 day}
      - {send_email: step-3}
    """
    world.add("a")
    world.ticks("0 days", "1 day", "2 days")
    world.add("b", at="2 days")
    world.tick("2 days")
    assert world.inside() == {"a": "send_email-step-2", "b": "wait"}
    world.apply(later, "2 days")
    world.ticks("3 days", "4 days", "5 days")
    assert [m.step for m in world.emails("a")] == ["send_email-step-1", "send_email-step-2", "send_email-step-3"]


def test_a_paused_scenario_can_be_edited(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: done, add_tag: done}]
    --- later
    steps: [{id: done, add_tag: done}]
    """
    world.people("a", "b")
    world.tick("0 days")
    world.pause("1 day")
    world.apply(later, "2 days")
    world.tick("2 days")
    assert world.tagged("done") == set()
    world.resume("3 days")
    world.tick("3 days")
    assert world.tagged("done") == {"a", "b"}


def test_who_is_held_at_a_removed_step_stays_held_at_the_next(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: done, add_tag: done}]
    --- later
    steps: [{id: done, add_tag: done}]
    """
    world.people("held", "free")
    world.tick("0 days")
    world.remove_from_list("held", "members", at="1 day")
    world.tick("1 day")
    world.apply(later, "2 days")
    world.tick("2 days")
    assert world.tagged("done") == {"free"}
    assert (world.at("held"), world.state("held")) == ("done", "held")
    world.add_to_list("held", "members", at="3 days")
    world.tick("3 days")
    assert world.tagged("done") == {"free", "held"}


def test_since_step_counts_events_from_the_moment_an_edit_moved_someone_there(world: World, later: str) -> None:
    """
    steps:
      - {id: rest, wait: 9 days}
      - {id: asked, trigger: {page_viewed: /a}, since: step, within: 3 days, yes: [{add_tag: "yes"}]}
    --- later
    steps:
      - {id: asked, trigger: {page_viewed: /a}, since: step, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.people("before", "after")
    world.tick("0 days")
    world.activity("before", "page_viewed", "/a", at="23 hours")
    world.apply(later, "1 day")
    world.activity("after", "page_viewed", "/a", at="25 hours")
    world.tick("2 days")
    assert world.tagged("yes") == {"after"}
    assert world.at("before") == "asked"
