"""Triggers: an event in a window that is fixed on arrival (SPEC 5 and 7)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_within_says_yes_at_the_event_and_no_when_the_time_is_over(world: World) -> None:
    """
    steps:
      - id: asked
        trigger: {form_submitted: demo}
        within: 4 days
        yes: [{add_tag: "yes"}]
        no: [{add_tag: "no"}]
      - {add_tag: after}
    """
    world.people("does", "does-not")
    world.tick("0 days")
    world.activity("does", "form_submitted", "demo", at="1 day")
    world.tick("1 day")
    assert world.path("does") == ["asked.yes", "add_tag-yes", "add_tag-after"]
    assert world.at("does-not") == "asked"
    world.tick(at("4 days") - MICROSECOND)
    assert world.at("does-not") == "asked"
    world.tick("4 days")
    assert world.path("does-not") == ["asked.no", "add_tag-no", "add_tag-after"]


def test_after_always_stays_the_full_time_and_then_says_yes_or_no(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {form_submitted: demo}, after: 4 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("does", "does-not", "too-late")
    world.tick("0 days")
    world.activity("does", "form_submitted", "demo", at="1 day")
    world.ticks("1 day", "2 days", at("4 days") - MICROSECOND)
    assert set(world.inside().values()) == {"asked"}
    assert len(world.inside()) == 3
    world.activity("too-late", "form_submitted", "demo", at=at("4 days") + MICROSECOND)
    world.tick("4 days 1 hour")
    assert world.tagged("yes") == {"does"}
    assert world.tagged("no") == {"does-not", "too-late"}


@pytest.mark.parametrize("late", ["3 days", "3 days 5 hours", "9 days"])
def test_an_event_at_the_deadline_wins_and_one_microsecond_later_loses(world: World, late: str) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("before", "at", "after")
    world.tick("0 days")
    world.activity("before", "page_viewed", "/a", at=at("3 days") - MICROSECOND)
    world.activity("at", "page_viewed", "/a", at="3 days")
    world.activity("after", "page_viewed", "/a", at=at("3 days") + MICROSECOND)
    world.now = at(late)
    world.tick(late)
    assert world.tagged("yes") == {"before", "at"}
    assert world.tagged("no") == {"after"}


def test_an_event_before_entry_does_not_count_and_one_at_the_entry_moment_does(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("before", "at-entry")
    world.activity("before", "page_viewed", "/a", at=at("1 day") - MICROSECOND)
    world.activity("at-entry", "page_viewed", "/a", at="1 day")
    world.tick("1 day")
    assert world.tagged("yes") == {"at-entry"}
    assert world.at("before") == "asked"
    world.tick("4 days")
    assert world.tagged("no") == {"before"}


def test_an_event_learnt_late_that_happened_before_entry_does_not_count(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.add("a", at="1 day")
    world.tick("1 day")
    world.activity("a", "page_viewed", "/a", at="23 hours")
    world.tick("2 days")
    assert world.at("a") == "asked"


def test_since_entry_sees_what_happened_before_the_step_was_reached(world: World) -> None:
    """
    steps:
      - wait: 2 days
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.people("early", "silent")
    world.tick("0 days")
    world.activity("early", "page_viewed", "/a", at="1 day")
    world.ticks("1 day", "2 days")
    assert world.tagged("yes") == {"early"}
    assert world.at("silent") == "asked"


def test_since_step_sees_only_what_happens_from_the_arrival_on(world: World) -> None:
    """
    steps:
      - wait: 2 days
      - id: asked
        trigger: {page_viewed: /a}
        since: step
        within: 3 days
        yes: [{add_tag: "yes"}]
        no: [{add_tag: "no"}]
    """
    world.people("early", "at-arrival", "later")
    world.tick("0 days")
    world.activity("early", "page_viewed", "/a", at=at("2 days") - MICROSECOND)
    world.activity("at-arrival", "page_viewed", "/a", at="2 days")
    world.tick("2 days")
    assert world.tagged("yes") == {"at-arrival"}
    world.activity("later", "page_viewed", "/a", at="3 days")
    world.ticks("3 days", "5 days")
    assert world.tagged("yes") == {"at-arrival", "later"}
    assert world.tagged("no") == {"early"}


def test_two_triggers_in_a_row_both_take_the_same_event(world: World) -> None:
    """
    steps:
      - {id: one, trigger: {page_viewed: /a}, within: 3 days}
      - {id: two, trigger: {page_viewed: /a}, within: 3 days}
      - {add_tag: done}
    """
    world.people("a", "b")
    world.tick("0 days")
    world.activity("a", "page_viewed", "/a", at="1 day")
    world.tick("1 day")
    assert world.path("a") == ["one.yes", "two.yes", "add_tag-done"]
    world.tick("3 days")
    assert world.at("b") == "two"


def test_with_since_step_a_second_trigger_waits_for_a_second_event(world: World) -> None:
    """
    steps:
      - {id: one, trigger: {page_viewed: /a}, within: 3 days}
      - {id: two, trigger: {page_viewed: /a}, since: step, within: 3 days}
      - {add_tag: done}
    """
    world.add("a")
    world.tick("0 days")
    world.activity("a", "page_viewed", "/a", at="1 day")
    world.tick("1 day 1 hour")
    assert world.path("a") == ["one.yes"]
    assert world.at("a") == "two"
    world.activity("a", "page_viewed", "/a", at="2 days")
    world.tick("2 days")
    assert world.path("a") == ["one.yes", "two.yes", "add_tag-done"]


def test_another_event_target_or_person_moves_nobody(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {form_submitted: demo}, within: 3 days}
    """
    world.people("type", "target", "person")
    world.add("outsider", lists=[])
    world.tick("0 days")
    world.activity("type", "form_viewed", "demo", at="1 day")
    world.activity("target", "form_submitted", "whitepaper", at="1 day")
    world.activity("outsider", "form_submitted", "demo", at="1 day")
    world.tick("1 day")
    assert world.inside() == {"type": "asked", "target": "asked", "person": "asked"}


def test_a_target_may_be_a_list_a_glob_or_any_and_width_and_case_do_not_matter(world: World) -> None:
    """
    steps:
      - {id: listed, trigger: {page_viewed: [/a, /Ｂ]}, within: 1 day, yes: [{add_tag: listed}]}
      - {id: glob, trigger: {page_viewed: "/docs/*/pricing*"}, within: 1 day, yes: [{add_tag: glob}]}
      - {id: any, trigger: {file_downloaded: any}, within: 1 day, yes: [{add_tag: any}]}
    """
    world.people("a", "b", "deep", "percent", "file", "other")
    world.tick("0 days")
    world.activity("a", "page_viewed", "/A", at="1 hour")
    world.activity("b", "page_viewed", "/b", at="1 hour")
    world.activity("deep", "page_viewed", "/docs/en/2026/PRICING/all", at="1 hour")
    world.activity("percent", "page_viewed", "/docs/%/price", at="1 hour")
    world.activity("file", "file_downloaded", "brochure.pdf", at="1 hour")
    world.activity("other", "page_viewed", "/c", at="1 hour")
    world.ticks("1 hour", "1 day", "2 days", "3 days")
    assert world.tagged("listed") == {"a", "b"}
    assert world.tagged("glob") == {"deep"}
    assert world.tagged("any") == {"file"}


def test_a_percent_or_underscore_in_a_target_is_no_wildcard(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: "/100%_off*"}, within: 1 day, yes: [{add_tag: "yes"}]}
    """
    world.people("right", "wrong", "also-wrong")
    world.tick("0 days")
    world.activity("right", "page_viewed", "/100%_off-today", at="1 hour")
    world.activity("wrong", "page_viewed", "/100 cents_off", at="1 hour")
    world.activity("also-wrong", "page_viewed", "/100%-off", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"right"}


def test_any_of_several_events_is_enough(world: World) -> None:
    """
    steps:
      - id: asked
        trigger: [{form_submitted: demo}, {page_viewed: "/pricing*"}, {x_called: any}]
        within: 1 day
        yes: [{add_tag: "yes"}]
    """
    world.people("form", "page", "own", "none", "mixed")
    world.tick("0 days")
    world.activity("form", "form_submitted", "demo", at="1 hour")
    world.activity("page", "page_viewed", "/pricing/en", at="1 hour")
    world.activity("own", "x_called", "sales", at="1 hour")
    world.activity("mixed", "form_submitted", "/pricing/en", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"form", "page", "own"}


def test_an_event_learnt_late_counts_as_long_as_the_prospect_still_waits(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("waits", "gone")
    world.tick("0 days")
    late = [world.activity(who, "page_viewed", "/a", at="1 day", learn=False) for who in ("waits", "gone")]
    world.ticks("1 day", "2 days")
    assert len(world.inside()) == 2
    world.arrive(late[0])
    world.tick(at("3 days") - MICROSECOND)
    assert world.tagged("yes") == {"waits"}
    world.tick("3 days")
    assert world.tagged("no") == {"gone"}
    world.arrive(late[1])
    world.tick("4 days")
    assert world.tagged("yes") == {"waits"}
    assert len(world.visits("gone")) == 2


def test_a_bot_moves_nobody(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.people("bot", "human")
    world.tick("0 days")
    world.activity("bot", "page_viewed", "/a", at="1 day", bot=True)
    world.activity("human", "page_viewed", "/a", at="1 day")
    world.tick("1 day")
    assert world.tagged("yes") == {"human"}


def test_an_event_dated_ahead_is_learnt_at_its_time(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: "yes"}]}
    """
    world.add("a")
    world.tick("0 days")
    world.activity("a", "page_viewed", "/a", at="2 days")
    world.tick("1 day")
    world.tick(at("2 days") - MICROSECOND)
    assert world.at("a") == "asked"
    world.tick("2 days")
    assert world.tagged("yes") == {"a"}


#: When each of five people views the page: hours and microseconds after entry.
VIEWS = {"first": (1, 0), "at": (48, 0), "late": (48, 1), "patient": (71, 0), "after": (72, 1)}


@pytest.mark.parametrize("every", [12, 96], ids=lambda hours: f"a tick each {hours} hours")
def test_an_outage_changes_no_way_out_of_a_trigger_that_was_waited_at(world: World, every: int) -> None:
    """
    steps:
      - {id: early, trigger: {page_viewed: /a}, within: 2 days, yes: [{add_tag: early}], no: [{add_tag: not-early}]}
    --- scenarios/patient.yaml
    steps:
      - {id: full, trigger: {page_viewed: /a}, after: 3 days, yes: [{add_tag: full}], no: [{add_tag: not-full}]}
    """
    world.people(*VIEWS, "silent")
    world.tick("0 days")
    for who, (hours, more) in VIEWS.items():
        world.activity(who, "page_viewed", "/a", at=at(f"{hours} hours") + more * MICROSECOND)
    for hour in range(every, 97, every):
        world.tick(f"{hour} hours")
    assert world.tagged("early") == {"first", "at"}
    assert world.tagged("not-early") == {"late", "patient", "after", "silent"}
    assert world.tagged("full") == {"first", "at", "late", "patient"}
    assert world.tagged("not-full") == {"after", "silent"}


def test_what_follows_a_late_step_is_timed_from_when_it_really_ran(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 1 day}
      - {send_email: one}
      - wait: 2 days
      - {send_email: two}
    """
    world.add("a")
    world.tick("0 days")
    world.tick("5 days")
    assert [(m.step, m.at) for m in world.emails()] == [("send_email-one", at("5 days"))]
    world.tick(at("7 days") - MICROSECOND)
    assert len(world.emails()) == 1
    world.tick("7 days")
    assert [(m.step, m.at) for m in world.emails()][1:] == [("send_email-two", at("7 days"))]


def test_a_trigger_settles_once_though_event_and_deadline_meet_in_one_tick(world: World) -> None:
    """
    steps:
      - id: asked
        trigger: {page_viewed: /a}
        within: 2 days
        yes: [{create_todo: {subject: "Yes"}}]
        no: [{create_todo: {subject: "No"}}]
    """
    world.people("a", "b")
    world.tick("0 days")
    for _ in range(3):
        world.activity("a", "page_viewed", "/a", at="2 days")
    world.ticks("2 days", "2 days", "3 days")
    assert [(todo.who, todo.subject) for todo in world.todos()] == [("a", "Yes"), ("b", "No")]


def test_many_events_while_waiting_move_once_and_leave_the_deadline_as_it_was(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, after: 2 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("a", "b")
    world.tick("0 days")
    for hour in range(1, 6):
        world.activity("a", "page_viewed", "/a", at=f"{hour} hours")
        world.activity("b", "page_viewed", "/b", at=f"{hour} hours")
        world.tick(f"{hour} hours")
    world.tick(at("2 days") - MICROSECOND)
    assert len(world.inside()) == 2
    world.tick("2 days")
    assert (world.tagged("yes"), world.tagged("no")) == ({"a"}, {"b"})


def test_a_trigger_in_a_trigger_goes_on_with_the_next_step_after_the_blocks(world: World) -> None:
    """
    steps:
      - id: outer
        trigger: {page_viewed: /a}
        within: 1 day
        yes:
          - {id: inner, trigger: {page_viewed: /b}, within: 1 day, yes: [{add_tag: both}], no: [{end: true}]}
          - add_tag: inner-yes
        no: []
      - add_tag: last
    """
    world.people("both", "one", "none")
    world.tick("0 days")
    world.activity("both", "page_viewed", "/a", at="1 hour")
    world.activity("one", "page_viewed", "/a", at="1 hour")
    world.activity("both", "page_viewed", "/b", at="2 hours")
    world.ticks("1 hour", "2 hours", "1 day", "2 days")
    assert world.path("both") == ["outer.yes", "inner.yes", "add_tag-both", "add_tag-inner-yes", "add_tag-last"]
    assert world.path("one") == ["outer.yes", "inner.no"]
    assert world.path("none") == ["outer.no", "add_tag-last"]


def test_a_trigger_counts_business_days(world: World) -> None:
    """
    steps:
      - {id: asked, trigger: {page_viewed: /a}, within: 3 business days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("in-time", "late", at="2026-12-03T10:00")  # a Thursday
    world.tick("2026-12-03T10:00")
    world.activity("in-time", "page_viewed", "/a", at="2026-12-08T10:00")
    world.activity("late", "page_viewed", "/a", at=at("2026-12-08T10:00") + MICROSECOND)
    world.tick("2026-12-08T09:59:59.999999")
    assert len(world.inside()) == 2
    world.tick("2026-12-09")
    assert (world.tagged("yes"), world.tagged("no")) == ({"in-time"}, {"late"})
