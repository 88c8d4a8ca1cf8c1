"""Ticks: rounds, priority, chunks, the clock, and the report that is true at every moment (SPEC 7 and 12)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.world import World, at


def assert_report_is_true(world: World, key: str = "journey") -> None:
    """Compare each row of the report card with the visits and the runs themselves."""
    visits = Counter((v.step, v.outcome) for v in world.visits(key=key))
    standing = Counter((world.at(who, key=key), world.state(who, key=key)) for who in world.ids)
    for step, row in world.card(key=key).items():
        assert row.entered == row.completed + row.skipped + row.failed + row.left + row.waiting + row.held
        outcomes = {outcome: count for (at_, outcome), count in visits.items() if at_ == step}
        assert row.completed == sum(outcomes.get(name, 0) for name in ("completed", "yes", "no"))
        assert (row.yes or 0, row.no or 0) == (outcomes.get("yes", 0), outcomes.get("no", 0))
        assert (row.skipped, row.failed) == (outcomes.get("skipped", 0), outcomes.get("failed", 0))
        assert row.left == outcomes.get("left", 0) + outcomes.get("goal", 0)
        assert row.goal_reached == outcomes.get("goal", 0)
        assert (row.waiting, row.held) == (standing[step, "active"], standing[step, "held"])


def test_a_second_tick_at_the_same_moment_changes_nothing_and_an_earlier_one_is_refused(world: World) -> None:
    """
    steps: [{send_email: hello}, {wait: 1 day}, {adjust_score: +1}, {create_todo: {subject: Call}}]
    """
    world.people("a", "b")
    world.tick("0 days")
    for when in ("0 days", "1 day", "1 day"):
        assert world.tick(when).done
    before = world.visits(), world.emails(), world.todos(), world.score("a")
    assert world.tick("1 day").chunks == 0
    assert not world.tick("23 hours").done
    assert (world.visits(), world.emails(), world.todos(), world.score("a")) == before
    assert len(world.todos()) == 2


def test_scenarios_step_by_priority_and_then_by_id(world: World) -> None:
    """
    priority: 10
    steps: [{create_todo: {subject: last}}]
    --- scenarios/a-second.yaml
    priority: 50
    steps: [{create_todo: {subject: second}}]
    --- scenarios/b-third.yaml
    steps: [{create_todo: {subject: third}}]
    --- scenarios/z-first.yaml
    priority: 90
    steps: [{create_todo: {subject: first}}]
    """
    world.people("a", "b")
    world.tick("0 days")
    assert [todo.subject for todo in world.todos("a")] == ["first", "second", "third", "last"]


def test_what_one_scenario_does_is_seen_by_the_rule_of_the_next_in_the_same_tick(world: World) -> None:
    """
    priority: 10
    steps: [{rule: {tag: first}, yes: [{add_tag: seen}]}]
    --- scenarios/before.yaml
    priority: 90
    steps: [{add_tag: first}]
    """
    world.add("a")
    world.tick("0 days")
    assert world.tags("a") == {"first", "seen"}


def test_what_a_step_does_lets_the_prospect_enter_another_scenario_in_the_same_tick(world: World) -> None:
    """
    priority: 90
    steps: [{add_tag: first}, {wait: 1 day}]
    --- scenarios/second.yaml
    audience: {where: {tag: first}}
    priority: 10
    steps: [{add_to_list: vip}]
    --- scenarios/third.yaml
    audience: {lists: [vip]}
    priority: 50
    steps: [{adjust_score: +5}]
    --- scenarios/fourth.yaml
    audience: {where: {scenario: {id: third, state: completed}}}
    steps: [{add_tag: fourth}]
    """
    world.add("a")
    world.add("outside", lists=[])
    world.tick("0 days")
    assert (world.tags("a"), world.lists("a"), world.score("a")) == ({"first", "fourth"}, {"members", "vip"}, 5)
    assert (world.tags("outside"), world.score("outside")) == (set(), 0)


LIFE = """
    goal: {tag: customer}
    audience: {lists: [members], suppress: {lists: [blocked]}}
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 2 days, yes: [{adjust_score: +5}]}
      - rule: {score: {gte: 5}}
        yes: [{assign: "group:east"}, {create_todo: {subject: "Call {{ prospect.last_name }}"}}]
        no: [{wait: 1 day}, {send_email: again}]
      - {id: last, add_tag: last, after: 1 day}
"""


def live(world: World, chunk: int) -> None:
    """Let 23 people live a life of six days."""
    names = [f"p{number:02}" for number in range(23)]
    for number, who in enumerate(names):
        world.add(who, last_name=f"Name{number}", opted_out=number % 7 == 3, score=6 if number % 11 == 4 else 0)
    world.tick("0 days", chunk=chunk)
    world.deliver("1 hour")
    world.tick("1 hour", chunk=chunk)
    for number, who in enumerate(names):
        if number % 2 and number % 7 != 3:
            world.activity(who, "email_opened", "invite", at="1 day")
        if number % 5 == 4:
            world.add_to_list(who, "blocked", at="1 day")
        if number % 6 == 5:
            world.add_tag(who, "customer", at="1 day")
    world.tick("1 day", chunk=chunk)
    assert_report_is_true(world)
    world.remove_from_list("p04", "blocked", at="3 days")
    world.tick("3 days", chunk=chunk)
    world.pause("3 days")
    world.resume("4 days")
    for when in ("4 days", "5 days", "6 days", "9 days"):
        world.tick(when, chunk=chunk)


@pytest.mark.parametrize("chunk", [3, 50_000])
def test_chunks_of_any_size_lead_to_the_same_life(world: World, chunk: int) -> None:
    live(world, chunk)
    assert_report_is_true(world)
    states = Counter(world.state(who) for who in world.ids)
    assert states == {"completed": 17, "goal": 3, "held": 3}
    assert Counter(todo.to for todo in world.todos()) == {"user:sato": 2, "user:suzuki": 2, "user:tanaka": 2}
    assert len(world.emails()) == 29
    assert world.owner("p01") == "user:sato"


test_chunks_of_any_size_lead_to_the_same_life.__doc__ = LIFE


def test_many_ways_that_meet_at_one_step_are_all_counted(world: World) -> None:
    """
    steps:
      - {rule: {score: {gte: 1}}, yes: [{add_tag: one}], no: [{add_tag: not-one}]}
      - {rule: {score: {gte: 2}}, yes: [{add_tag: two}], no: [{add_tag: not-two}]}
      - {rule: {score: {gte: 3}}, yes: [{add_tag: three}], no: [{add_tag: not-three}]}
      - {rule: {score: {gte: 4}}, yes: [{add_tag: four}], no: [{add_tag: not-four}]}
      - {id: meet, create_todo: {subject: Met}}
      - {id: rest, wait: 1 day}
      - {id: end, add_tag: end}
    """
    for score in range(5):
        world.add(f"s{score}", score=score)
    world.tick("0 days")
    assert [len(world.visits(who)) for who in world.ids] == [9] * 5
    assert world.path("s2") == [
        "rule.yes", "add_tag-one", "rule-2.yes", "add_tag-two", "rule-3.no", "add_tag-not-three",
        "rule-4.no", "add_tag-not-four", "meet",
    ]  # fmt: skip
    assert_report_is_true(world)
    world.tick("1 day")
    assert world.tagged("end") == set(world.ids)
    assert_report_is_true(world)
    assert len(world.todos()) == 5


def test_the_report_is_true_for_every_way_to_leave_a_step(world: World, later: str) -> None:
    """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    goal: {tag: goal}
    exit: {tag: exit}
    steps:
      - {id: mail, send_email: hello}
      - {id: hand, assign: "user:sato"}
      - {id: rest, wait: 5 days}
      - {id: asked, trigger: {page_viewed: /a}, within: 2 days}
      - {id: last, wait: 1 day}
    --- later
    audience: {lists: [members], suppress: {lists: [blocked]}}
    goal: {tag: goal}
    exit: {tag: exit}
    steps:
      - {id: mail, send_email: hello}
      - {id: asked, trigger: {page_viewed: /a}, within: 2 days}
      - {id: last, wait: 1 day}
    """
    world.people("goal", "exit", "held", "held-goal", "plain")
    world.add("skips", opted_out=True, owner="user:suzuki")
    world.tick("0 days")
    assert_report_is_true(world)
    world.add_tag("goal", "goal", at="1 day")
    world.add_tag("exit", "exit", at="1 day")
    world.add_to_list("held", "blocked", at="1 day")
    world.add_to_list("held-goal", "blocked", at="1 day")
    world.tick("1 day")
    world.add_tag("held-goal", "goal", at="2 days")
    world.tick("2 days")
    card = world.card()["rest"]
    assert (card.entered, card.left, card.goal_reached, card.held, card.waiting) == (6, 3, 2, 1, 2)
    assert_report_is_true(world)
    world.apply(later, "3 days")
    assert_report_is_true(world)
    world.tick("3 days")
    assert (world.card()["rest"].skipped, world.card()["asked"].waiting, world.card()["asked"].held) == (3, 2, 1)
    assert_report_is_true(world)
    world.activity("plain", "page_viewed", "/a", at="4 days")
    world.ticks("4 days", "5 days")
    world.stop("5 days")
    assert_report_is_true(world)
    assert (world.card()["last"].left, world.card()["asked"].left, world.card()["last"].completed) == (1, 1, 1)


def test_a_tick_left_open_by_a_crash_is_finished_with_its_own_moment_first(world: World) -> None:
    """
    steps: [{send_email: one}, {wait: 1 day}, {send_email: two}]
    """

    class Crash(Exception):
        pass

    def crash(name: str) -> None:
        if name == "look.after_commit":
            raise Crash

    world.people("a", "b")
    with pytest.raises(Crash):
        world.tick("0 days", hook=crash)
    world.tick("3 days")
    assert [(m.step, m.at) for m in world.emails("a")] == [
        ("send_email-one", at("0 days")),
        ("send_email-two", at("3 days")),
    ]
    assert len(world.emails()) == 4


def test_clocks_that_change_leave_days_of_24_hours(world: World) -> None:
    """
    steps: [{wait: 1 day}, {add_tag: done}]
    --- engage.yaml
    name: Example
    timezone: Europe/Berlin
    sender: {name: Example, email: m@example.co.jp, address: Berlin}
    """
    world.add("a", at="2027-03-27T12:00")  # clocks go forward in the night
    world.tick("2027-03-27T12:00")
    world.tick("2027-03-28T11:59:59.999999")
    assert world.at("a") == "wait"
    world.tick("2027-03-28T12:00")
    assert world.tagged("done") == {"a"}
