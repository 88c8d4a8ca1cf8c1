"""Waits until a moment or a field's day (SPEC sections 5 and 7)."""

from __future__ import annotations

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_a_wait_until_a_date_ends_there_and_one_that_is_past_goes_on_at_once(world: World) -> None:
    """
    steps: [{wait: {until: 2026-12-04T09:00}}, {add_tag: done}]
    """
    world.add("early")
    world.tick("2026-12-01T10:00")
    world.tick(at("2026-12-04T09:00") - MICROSECOND)
    assert world.inside() == {"early": "wait"}
    world.tick("2026-12-04T09:00")
    assert world.tagged("done") == {"early"}
    world.add("late", at="2026-12-04T09:01")
    world.tick("2026-12-04T09:01")
    assert world.tagged("done") == {"early", "late"}


def test_who_arrives_on_the_very_moment_is_too_late_for_it(world: World) -> None:
    """
    steps: [{wait: {until: 2026-12-04T09:00, on_past: leave}}, {add_tag: done}]
    """
    world.add("before", at="2026-12-04T08:59")
    world.tick("2026-12-04T08:59")
    world.add("on-it", at="2026-12-04T09:00")
    world.tick("2026-12-04T09:00")
    assert (world.state("before"), world.state("on-it")) == ("completed", "left")
    assert world.ends_at("on-it") == at("2026-12-04T09:00")
    assert world.reason("on-it", "wait") == "the day is past"
    row = world.card()["wait"]
    assert (row.entered, row.completed, row.left) == (2, 1, 1)


def test_a_time_of_day_and_a_weekday_come_next_strictly_after_the_arrival(world: World) -> None:
    """
    steps:
      - {id: clock, wait: {until: "09:00"}}
      - {id: monday, wait: {until: next monday 09:00}}
      - {add_tag: done}
    """
    world.add("a", at="2026-12-03T08:00")
    world.tick("2026-12-03T08:00")
    world.add("b", at="2026-12-03T09:00")
    world.tick("2026-12-03T09:00")
    assert world.inside() == {"a": "monday", "b": "clock"}
    world.ticks("2026-12-04T09:00", at("2026-12-07T09:00") - MICROSECOND)
    assert world.inside() == {"a": "monday", "b": "monday"}
    world.tick("2026-12-07T09:00")
    assert world.tagged("done") == {"a", "b"}


def test_the_zone_of_the_scenarios_hours_tells_the_moment(world: World) -> None:
    """
    hours: {between: "09:00-18:00", timezone: Asia/Tokyo}
    steps: [{wait: {until: 2026-12-04T09:00}}, {add_tag: done}]
    """
    world.add("a")
    world.ticks("2026-12-01T10:00", at("2026-12-04T00:00") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("2026-12-04T00:00")
    assert world.tagged("done") == {"a"}


def test_each_prospects_own_zone_tells_the_moment_and_unknown_ones_are_the_workspaces(world: World) -> None:
    """
    hours: {timezone: prospect}
    steps: [{wait: {until: "09:00"}}, {add_tag: done}]
    """
    world.add("tokyo", timezone="Asia/Tokyo")
    world.add("new-york", timezone="America/New_York")
    world.add("none")
    world.add("wrong", timezone="Mars/Phobos")
    world.tick("2026-12-01T10:00")
    world.tick("2026-12-01T14:00")
    assert world.tagged("done") == {"new-york"}
    world.tick("2026-12-02T00:00")
    assert world.tagged("done") == {"new-york", "tokyo"}
    world.tick(at("2026-12-02T09:00") - MICROSECOND)
    assert world.tagged("done") == {"new-york", "tokyo"}
    world.tick("2026-12-02T09:00")
    assert world.tagged("done") == {"new-york", "tokyo", "none", "wrong"}


def test_a_fields_day_is_moved_and_told_by_the_clock_of_the_opening(world: World) -> None:
    """
    steps:
      - {id: month, wait: {field: renewal_date, offset: -30 days}}
      - {id: week, wait: {field: renewal_date, offset: -1 week, at: "07:30"}}
      - {add_tag: done}
    """
    world.add("a", renewal_date="2027-03-01")
    world.add("b", renewal_date="2027-03-02")
    world.tick("0 days")
    world.tick(at("2027-01-30T09:00") - MICROSECOND)
    assert world.inside() == {"a": "month", "b": "month"}
    world.tick("2027-01-30T09:00")
    assert world.inside() == {"a": "week", "b": "month"}
    world.ticks("2027-01-31T09:00", "2027-02-22T07:30")
    assert world.inside() == {"b": "week"}
    world.tick("2027-02-23T07:30")
    assert world.tagged("done") == {"a", "b"}


def test_an_empty_field_ends_the_run_unless_the_step_says_go_on(world: World) -> None:
    """
    steps: [{wait: {field: renewal_date}}, {send_email: reminder}]
    --- scenarios/second.yaml
    steps: [{wait: {field: renewal_date, on_missing: go_on}}, {add_tag: on}]
    """
    world.add("empty")
    world.add("full", renewal_date="2027-01-01")
    world.tick("0 days")
    assert (world.state("empty"), world.state("full")) == ("left", "active")
    assert world.emails() == []
    assert world.card()["wait"].left == 1
    assert world.tagged("on") == {"empty"}


def test_a_past_day_goes_on_at_once_or_leaves(world: World) -> None:
    """
    steps: [{wait: {field: renewal_date}}, {add_tag: on}]
    --- scenarios/second.yaml
    steps: [{wait: {field: renewal_date, on_past: leave}}, {add_tag: stayed}]
    """
    world.add("past", renewal_date="2026-11-30")
    world.add("today", renewal_date="2026-12-01")
    world.tick("2026-12-01T09:00")
    assert world.tagged("on") == {"past", "today"}
    assert (world.state("past", key="second"), world.state("today", key="second")) == ("left", "left")


def test_a_yearly_day_comes_again_and_29_february_is_the_28th_in_other_years(world: World) -> None:
    """
    steps: [{wait: {field: renewal_date, yearly: true, at: "10:00"}}, {add_tag: done}]
    """
    world.add("leap", renewal_date="2020-02-29")
    world.add("gone-by", renewal_date="2015-11-30")
    world.add("ahead", renewal_date="2028-01-15")
    world.tick("0 days")
    world.tick(at("2027-02-28T10:00") - MICROSECOND)
    assert world.tagged("done") == set()
    world.tick("2027-02-28T10:00")
    assert world.tagged("done") == {"leap"}
    world.tick("2027-11-30T10:00")
    assert world.tagged("done") == {"leap", "gone-by"}
    world.tick("2028-01-15T10:00")
    assert world.tagged("done") == {"leap", "gone-by", "ahead"}


def test_a_changed_day_moves_the_moment_and_a_cleared_one_ends_the_wait_at_once(world: World) -> None:
    """
    steps: [{id: day, wait: {field: renewal_date, on_past: leave}}, {add_tag: done}]
    """
    for who in ("later", "sooner", "cleared", "past", "same"):
        world.add(who, renewal_date="2027-01-10")
    world.tick("0 days")
    world.set("later", renewal_date="2027-01-20", at="2 days")
    world.set("sooner", renewal_date="2026-12-20", at="2 days")
    world.set("cleared", renewal_date=None, at="2 days")
    world.set("past", renewal_date="2026-11-20", at="2 days")
    world.set("same", last_name="New", at="2 days")
    world.tick("2 days")
    assert world.inside() == dict.fromkeys(("later", "sooner", "same"), "day")
    assert (world.state("cleared"), world.state("past")) == ("left", "left")
    world.tick("2026-12-20T09:00")
    assert world.tagged("done") == {"sooner"}
    world.tick("2027-01-10T09:00")
    assert world.tagged("done") == {"sooner", "same"}
    world.tick("2027-01-20T09:00")
    assert world.tagged("done") == {"sooner", "same", "later"}


def test_a_step_of_another_scenario_that_sets_the_field_moves_the_moment(world: World) -> None:
    """
    steps: [{id: day, wait: {field: renewal_date}}, {add_tag: done}]
    --- scenarios/second.yaml
    steps: [{wait: 1 day}, {set_field: {renewal_date: 2026-12-05}}]
    """
    world.add("a", renewal_date="2027-01-10")
    world.ticks("0 days", "1 day", at("2026-12-05T09:00") - MICROSECOND)
    assert world.at("a") == "day"
    world.tick("2026-12-05T09:00")
    assert world.tagged("done") == {"a"}


def test_an_outage_over_a_yearly_day_skips_no_year(world: World) -> None:
    """
    steps: [{wait: {field: renewal_date, yearly: true}}, {add_tag: done}]
    """
    world.add("a", renewal_date="2000-01-10")
    world.tick("0 days")
    world.set("a", last_name="Changed", at="2027-01-12T00:00")
    world.tick("2027-01-12T00:00")
    assert world.tagged("done") == {"a"}


def test_a_pause_moves_no_moment_but_durations(world: World) -> None:
    """
    steps:
      - switch:
          - {name: moment, case: {tag: moment}, steps: [{wait: {until: 2026-12-05T09:00}}]}
          - {name: day, case: {tag: day}, steps: [{wait: {field: renewal_date}}]}
          - {name: over, case: {tag: over}, steps: [{wait: {until: 2026-12-03T09:00}}]}
        else: [{wait: 3 days}]
      - {add_tag: done}
    """
    world.add("moment", tags=["moment"])
    world.add("day", tags=["day"], renewal_date="2026-12-06")
    world.add("over", tags=["over"])
    world.add("duration")
    world.tick("2026-12-01T09:00")
    world.pause("2026-12-02T09:00")
    world.tick("2026-12-03T12:00")
    world.resume("2026-12-04T09:00")
    world.tick("2026-12-04T09:00")
    assert world.tagged("done") == {"over"}
    world.tick(at("2026-12-05T09:00") - MICROSECOND)
    assert world.tagged("done") == {"over"}
    world.tick("2026-12-05T09:00")
    assert world.tagged("done") == {"over", "moment"}
    world.tick("2026-12-06T08:59")
    assert world.tagged("done") == {"over", "moment"}
    world.tick("2026-12-06T09:00")
    assert world.tagged("done") == {"over", "moment", "day", "duration"}


def test_a_changed_until_applies_to_those_waiting_from_their_arrival(world: World, later: str) -> None:
    """
    steps: [{id: clock, wait: {until: "09:00"}}, {add_tag: done}]
    --- later
    steps: [{id: clock, wait: {until: "12:00"}}, {add_tag: done}]
    """
    world.add("a")
    world.tick("2026-12-01T10:00")
    world.apply(later, "2026-12-01T11:00")
    world.tick("2026-12-01T11:00")
    assert world.at("a") == "clock"
    world.tick("2026-12-01T12:00")
    assert world.tagged("done") == {"a"}


def test_a_wait_that_becomes_a_moment_counts_from_the_arrival(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 5 days}, {add_tag: done}]
    --- later
    steps: [{id: rest, wait: {until: "09:00"}}, {add_tag: done}]
    """
    world.add("a")
    world.tick("2026-12-01T10:00")
    world.apply(later, "2026-12-01T11:00")
    world.ticks("2026-12-01T11:00", "2026-12-02T08:59")
    assert world.at("a") == "rest"
    world.tick("2026-12-02T09:00")
    assert world.tagged("done") == {"a"}
