"""Suppression and ``unmatched``: who is held, who leaves, who goes on; holding freezes nothing (SPEC 3 and 7)."""

from __future__ import annotations

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_who_leaves_the_list_is_held_by_default_and_goes_on_at_the_original_moment(world: World) -> None:
    """
    audience: {lists: [members]}
    steps: [{wait: 4 days}, {add_tag: done}]
    """
    world.people("stays", "returns")
    world.tick("0 days")
    world.remove_from_list("returns", "members", at="1 day")
    world.tick("1 day")
    assert world.state("returns") == "held"
    assert world.at("returns") == "wait"
    assert world.state("stays") == "active"
    world.add_to_list("returns", "members", at="3 days")
    world.tick("3 days")
    assert world.state("returns") == "active"
    world.tick(at("4 days") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("4 days")
    assert world.tagged("done") == {"stays", "returns"}


def test_an_overdue_step_runs_at_the_first_tick_after_the_return_at_the_step_where_it_was(world: World) -> None:
    """
    steps: [{add_tag: begun}, {wait: 1 day}, {send_email: hello}, {wait: 1 day}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="2 hours")
    world.tick("2 hours")
    world.ticks("1 day", "2 days", "3 days")
    assert world.at("a") == "wait"
    assert world.emails() == []
    world.add_to_list("a", "members", at="5 days")
    world.tick("5 days")
    assert [(m.step, m.at) for m in world.emails()] == [("send_email-hello", at("5 days"))]
    assert world.at("a") == "wait-2"
    world.tick(at("6 days") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("6 days")
    assert world.tagged("done") == {"a"}
    assert len(world.emails()) == 1


def test_without_lists_who_stops_matching_goes_on_by_default(world: World) -> None:
    """
    audience: {where: {tag: wanted}}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.add("a", tags=["wanted"])
    world.tick("0 days")
    world.remove_tag("a", "wanted", at="1 day")
    world.tick("1 day")
    assert world.state("a") == "active"
    world.tick("2 days")
    assert world.state("a") == "completed"


def test_unmatched_continue_goes_on_off_the_list(world: World) -> None:
    """
    audience: {lists: [members], unmatched: continue}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="1 day")
    world.ticks("1 day", "2 days")
    assert world.tagged("done") == {"a"}


def test_unmatched_exit_ends_the_run_as_left_at_the_step_where_it_stood(world: World) -> None:
    """
    audience: {lists: [members], unmatched: exit}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.people("stays", "goes")
    world.tick("0 days")
    world.remove_from_list("goes", "members", at="1 day")
    world.tick("1 day")
    assert world.state("goes") == "left"
    assert [(v.step, v.outcome, v.left_at) for v in world.visits("goes")] == [("wait", "left", at("1 day"))]
    world.add_to_list("goes", "members", at="1 day 1 hour")
    world.ticks("1 day 1 hour", "2 days")
    assert world.tagged("done") == {"stays"}


def test_suppression_holds_although_unmatched_says_continue(world: World) -> None:
    """
    audience: {lists: [members], unmatched: continue, suppress: {lists: [blocked]}}
    steps: [{wait: 2 days}, {send_email: hello}]
    """
    world.people("free", "blocked")
    world.tick("0 days")
    world.add_to_list("blocked", "blocked", at="1 day")
    world.remove_from_list("free", "members", at="1 day")
    world.tick("1 day")
    assert (world.state("free"), world.state("blocked")) == ("active", "held")
    world.tick("3 days")
    assert [m.who for m in world.emails()] == ["free"]


def test_suppression_holds_although_unmatched_says_exit_and_the_exit_follows_its_end(world: World) -> None:
    """
    audience: {lists: [members], unmatched: exit, suppress: {lists: [blocked]}}
    steps: [{wait: 9 days}]
    """
    world.people("returns", "goes")
    world.tick("0 days")
    for who in ("returns", "goes"):
        world.add_to_list(who, "blocked", at="1 day")
        world.remove_from_list(who, "members", at="1 day")
    world.tick("1 day")
    assert {who: world.state(who) for who in world.ids} == {"returns": "held", "goes": "held"}
    world.add_to_list("returns", "members", at="2 days")
    world.remove_from_list("returns", "blocked", at="2 days")
    world.remove_from_list("goes", "blocked", at="2 days")
    world.tick("2 days")
    assert {who: world.state(who) for who in world.ids} == {"returns": "active", "goes": "left"}


def test_suppression_by_criteria_holds_too(world: World) -> None:
    """
    audience: {lists: [members], suppress: {where: {opportunity: {status: won}}}}
    steps: [{wait: 1 day}, {add_tag: done}]
    """
    world.people("winner", "loser")
    world.tick("0 days")
    world.opportunity("winner", "deal", status="won", at="1 hour")
    world.opportunity("loser", "deal", status="lost", at="1 hour")
    world.ticks("1 hour", "1 day")
    assert world.tagged("done") == {"loser"}
    assert world.state("winner") == "held"


def test_an_event_while_held_settles_the_trigger_on_return_as_after_an_outage(world: World) -> None:
    """
    steps:
      - id: seen
        trigger: {page_viewed: /pricing}
        within: 3 days
        yes: [{add_tag: "yes"}]
        no: [{add_tag: "no"}]
    """
    world.people("in-time", "at-deadline", "too-late", "silent")
    world.tick("0 days")
    for who in world.ids:
        world.remove_from_list(who, "members", at="1 day")
    world.tick("1 day")
    world.activity("in-time", "page_viewed", "/pricing", at="2 days")
    world.activity("at-deadline", "page_viewed", "/pricing", at="3 days")
    world.activity("too-late", "page_viewed", "/pricing", at=at("3 days") + MICROSECOND)
    world.ticks("2 days", "4 days")
    assert set(world.inside().values()) == {"seen"}
    for who in world.ids:
        world.add_to_list(who, "members", at="5 days")
    world.tick("5 days")
    assert world.tagged("yes") == {"in-time", "at-deadline"}
    assert world.tagged("no") == {"too-late", "silent"}


def test_who_returns_before_the_deadline_still_waits_for_the_event(world: World) -> None:
    """
    steps:
      - {id: seen, trigger: {page_viewed: /pricing}, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.people("a", "b")
    world.tick("0 days")
    for who in ("a", "b"):
        world.remove_from_list(who, "members", at="1 hour")
    world.tick("1 hour")
    for who in ("a", "b"):
        world.add_to_list(who, "members", at="2 hours")
    world.tick("2 hours")
    world.activity("a", "page_viewed", "/pricing", at="1 day")
    world.tick("1 day")
    assert world.path("a") == ["seen.yes", "add_tag-yes"]
    assert world.at("b") == "seen"
    world.tick("3 days")
    assert world.path("b") == ["seen.no"]


def test_a_goal_ends_a_held_run(world: World) -> None:
    """
    goal: {tag: customer}
    steps: [{wait: 9 days}]
    """
    world.people("a", "b")
    world.tick("0 days")
    for who in ("a", "b"):
        world.remove_from_list(who, "members", at="1 day")
    world.tick("1 day")
    world.add_tag("a", "customer", at="2 days")
    world.tick("2 days")
    assert (world.state("a"), world.state("b")) == ("goal", "held")


def test_a_hold_that_comes_and_goes_between_two_ticks_leaves_no_trace(world: World) -> None:
    """
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="1 day")
    world.add_to_list("a", "members", at="1 day 1 hour")
    world.tick("2 days")
    assert world.tagged("done") == {"a"}
    assert [v.outcome for v in world.visits("a")] == ["completed", "completed"]


def test_a_step_that_suppresses_its_own_run_takes_effect_in_the_next_round(world: World) -> None:
    """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    steps: [{add_to_list: blocked}, {add_tag: same-tick}, {wait: 1 day}, {add_tag: later}]
    """
    world.add("a")
    world.tick("0 days")
    assert world.tags("a") == {"same-tick"}
    assert world.state("a") == "held"
    world.tick("2 days")
    assert world.tags("a") == {"same-tick"}


def test_suppression_comes_before_an_overdue_step_in_the_same_tick(world: World) -> None:
    """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    steps: [{wait: 1 day}, {send_email: hello}]
    """
    world.people("free", "blocked")
    world.tick("0 days")
    world.add_to_list("blocked", "blocked", at="1 day")
    world.tick("1 day")
    assert [m.who for m in world.emails()] == ["free"]
    assert world.at("blocked") == "wait"
