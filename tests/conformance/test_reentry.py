"""Running through a scenario again: never, always, after a time, at most so often (SPEC section 3)."""

from __future__ import annotations

from tests.support.world import World, at


def test_always_is_each_time_one_begins_to_match_anew(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: always
    steps: [{wait: 1 day}]
    """
    world.people("stays", "returns")
    world.tick("0 days")
    world.tick("2 days")
    world.tick("20 days")
    assert {who: world.runs(who) for who in world.ids} == {"stays": 1, "returns": 1}
    world.remove_from_list("returns", "members", at="21 days")
    world.tick("21 days")
    world.add_to_list("returns", "members", at="22 days")
    world.tick("22 days")
    assert world.inside() == {"returns": "wait"}
    assert world.runs("returns") == 2
    assert world.audit() == ()


def test_one_run_at_a_time_and_what_begins_while_one_is_open_is_lost(world: World) -> None:
    """
    audience: {lists: [members], unmatched: continue}
    reentry: always
    steps: [{wait: 10 days}]
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="1 day")
    world.tick("1 day")
    world.add_to_list("a", "members", at="2 days")
    world.tick("2 days")
    world.tick("10 days")
    assert (world.state("a"), world.runs("a")) == ("completed", 1)
    world.adjust("a", 5, at="11 days")
    world.tick("11 days")
    assert world.runs("a") == 1


def test_after_counts_from_the_end_of_the_last_run_also_for_who_matched_throughout(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 14 days}
    steps: [{wait: 1 day}]
    """
    world.people("stays", "gone")
    world.tick("0 days")
    world.tick("1 day")
    world.remove_from_list("gone", "members", at="2 days")
    world.tick("14 days")
    assert world.inside() == {}
    world.tick("15 days")
    assert world.inside() == {"stays": "wait"}
    world.ticks("16 days", "29 days")
    assert world.runs("stays") == 2
    world.tick("30 days")
    assert world.runs("stays") == 3
    world.add_to_list("gone", "members", at="31 days")
    world.tick("31 days")
    assert world.runs("gone") == 2


def test_who_begins_to_match_anew_before_the_time_waits_for_it(world: World) -> None:
    """
    audience: {lists: [members], unmatched: exit}
    reentry: {after: 14 days}
    steps: [{wait: 30 days}]
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="1 day")
    world.tick("1 day")
    assert world.state("a") == "left"
    world.add_to_list("a", "members", at="2 days")
    world.tick("2 days")
    assert world.runs("a") == 1
    world.tick("2026-12-16T00:00")
    assert world.runs("a") == 2


def test_max_counts_all_runs(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 1 day, max: 2}
    steps: [{add_tag: done}]
    """
    world.add("a")
    world.ticks("0 days", "1 day", "2 days", "3 days", "4 days")
    assert world.runs("a") == 2


def test_max_alone_limits_always(world: World) -> None:
    """
    audience: {where: {tag: hot}}
    reentry: {max: 2}
    steps: [{add_tag: done}]
    """
    world.add("a")
    for day in range(1, 9, 2):
        world.add_tag("a", "hot", at=f"{day} days")
        world.tick(f"{day} days")
        world.remove_tag("a", "hot", at=f"{day + 1} days")
        world.tick(f"{day + 1} days")
    assert world.runs("a") == 2


def test_goals_and_suppression_bar_a_second_run_too(world: World) -> None:
    """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    goal: {tag: customer}
    reentry: {after: 1 day}
    steps: [{wait: 1 day}]
    """
    world.people("customer", "blocked", "free")
    world.tick("0 days")
    world.tick("1 day")
    world.add_tag("customer", "customer", at="1 day 1 hour")
    world.add_to_list("blocked", "blocked", at="1 day 1 hour")
    world.tick("2 days")
    assert {who: world.runs(who) for who in world.ids} == {"customer": 1, "blocked": 1, "free": 2}
    world.remove_from_list("blocked", "blocked", at="5 days")
    world.tick("5 days")
    assert world.runs("blocked") == 2


def test_an_event_that_comes_too_early_is_lost(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    reentry: {after: 14 days}
    steps: [{add_tag: done}]
    """
    world.people("early", "exact")
    for who in world.ids:
        world.activity(who, "form_submitted", "demo", at="0 days")
    world.tick("0 days")
    world.activity("early", "form_submitted", "demo", at="13 days 23 hours")
    world.activity("exact", "form_submitted", "demo", at="14 days")
    world.tick("20 days")
    assert {who: world.runs(who) for who in world.ids} == {"early": 1, "exact": 2}


def test_a_prospect_begins_at_most_one_run_in_a_tick(world: World) -> None:
    """
    audience: {where: {tag: go}}
    reentry: always
    steps: [{remove_tag: go}, {add_tag: went}]
    --- scenarios/giving.yaml
    audience: {where: {not: {tag: go}}}
    reentry: always
    steps: [{add_tag: go}]
    """
    world.add("a")
    world.tick("0 days")
    assert (world.runs("a"), world.runs("a", key="giving")) == (1, 1)
    world.tick("0 days")
    assert (world.runs("a"), world.runs("a", key="giving")) == (1, 1)
    assert world.audit() == ()


def test_a_pause_lets_nobody_in_and_the_time_for_another_run_goes_on(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 10 days}
    steps: [{add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("5 days")
    world.tick("12 days")
    assert world.runs("a") == 1
    world.resume("15 days")
    world.tick("15 days")
    assert world.runs("a") == 2


def test_re_entry_allowed_by_a_later_version_begins_with_nobody_who_still_matches(world: World, later: str) -> None:
    """
    audience: {lists: [members]}
    steps: [{add_tag: done}]
    --- later
    audience: {lists: [members]}
    reentry: always
    steps: [{add_tag: done}]
    """
    world.people("stays", "returns")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert {who: world.runs(who) for who in world.ids} == {"stays": 1, "returns": 1}
    world.remove_from_list("returns", "members", at="2 days")
    world.tick("2 days")
    world.add_to_list("returns", "members", at="3 days")
    world.tick("3 days")
    assert {who: world.runs(who) for who in world.ids} == {"stays": 1, "returns": 2}


def test_a_time_for_re_entry_set_by_a_later_version_is_kept_for_those_who_finished_before(
    world: World, later: str
) -> None:
    """
    audience: {lists: [members]}
    steps: [{add_tag: done}]
    --- later
    audience: {lists: [members]}
    reentry: {after: 10 days}
    steps: [{add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "5 days")
    world.ticks("5 days", "9 days")
    assert world.runs("a") == 1
    world.tick("10 days")
    assert world.runs("a") == 2


def test_a_stopped_run_may_begin_again_when_the_scenario_is_started_again(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 3 days}
    steps: [{wait: 10 days}]
    """
    world.add("a")
    world.tick("0 days")
    world.stop("1 day")
    world.start("2 days")
    world.tick("2 days")
    assert (world.state("a"), world.runs("a")) == ("left", 1)
    world.tick("4 days")
    assert (world.state("a"), world.runs("a")) == ("active", 2)


def test_each_run_has_its_number_its_own_figures_and_its_own_messages(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 1 day}
    steps:
      - {id: mail, send_email: hello}
      - {id: opened, trigger: {email_opened: mail}, within: 2 days, yes: [{end: true}]}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("0 days")
    world.tick("0 days")
    world.activity("a", "email_opened", "mail", at="1 hour")
    world.tick("1 hour")
    assert world.path("a") == ["mail", "opened.yes"]
    world.tick("1 day 1 hour")
    assert world.at("a") == "opened", "the first run's open says nothing of the second"
    world.deliver("1 day 1 hour")
    world.ticks("1 day 1 hour", "3 days 1 hour")
    assert [(v.run, v.step, v.outcome) for v in world.visits()] == [
        (1, "mail", "completed"), (1, "opened", "yes"), (1, "end", "completed"),
        (2, "mail", "completed"), (2, "opened", "no"),
    ]  # fmt: skip
    card = world.card()
    assert (card["mail"].entered, card["mail"].completed, card["mail"].sent) == (2, 2, 2)
    assert (card["opened"].yes, card["opened"].no) == (1, 1)
    assert world.ends_at("a") == at("3 days 1 hour")
    assert world.audit() == ()
