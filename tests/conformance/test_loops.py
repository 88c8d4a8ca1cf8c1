"""repeat: rounds, what ends them, and editing loops (SPEC section 5)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from engage.errors import Refused
from tests.support.world import World, at


def test_the_first_round_begins_at_once_each_next_after_every(world: World) -> None:
    """
    steps:
      - {id: loop, repeat: {times: 3, every: 2 days, steps: [{id: remind, send_email: hello}]}}
      - {add_tag: done}
    """
    world.add("a")
    world.tick("0 days")
    assert world.at("a") == "loop#2"
    world.tick(at("2 days") - MICROSECOND)
    assert len(world.emails()) == 1
    world.ticks("2 days", "4 days")
    assert [(m.step, m.at) for m in world.emails()] == [
        ("remind#1", at("0 days")), ("remind#2", at("2 days")), ("remind#3", at("4 days")),
    ]  # fmt: skip
    assert world.tagged("done") == {"a"}
    assert world.path("a") == ["remind#1", "remind#2", "remind#3", "add_tag-done"]
    card = world.card()
    assert list(card) == ["loop#1", "remind#1", "loop#2", "remind#2", "loop#3", "remind#3", "add_tag-done"]
    assert (card["loop#2"].type, card["loop#2"].completed, card["loop#2"].median_wait_hours) == ("repeat", 1, 48.0)


def test_a_condition_is_asked_before_each_round_after_the_wait(world: World) -> None:
    """
    steps:
      - id: loop
        repeat: {times: 3, every: 1 day, until: {tag: enough}, steps: [{id: remind, send_email: hello}]}
      - {add_tag: done}
    """
    world.add("never", tags=["enough"])
    world.add("once")
    world.add("always")
    world.tick("0 days")
    assert world.path("never") == ["add_tag-done"]
    world.add_tag("once", "enough", at="1 hour")
    world.tick("1 hour")
    assert world.inside() == {"once": "loop#2", "always": "loop#2"}
    world.ticks("1 day", "2 days")
    assert world.path("once") == ["remind#1", "add_tag-done"]
    assert world.path("always") == ["remind#1", "remind#2", "remind#3", "add_tag-done"]
    card = world.card()
    assert [(card[key].yes, card[key].no) for key in ("loop#1", "loop#2", "loop#3")] == [(1, 2), (1, 1), (0, 1)]


def test_a_round_that_took_longer_than_every_is_followed_at_once(world: World) -> None:
    """
    steps:
      - id: loop
        repeat: {times: 2, every: 1 day, steps: [{id: remind, send_email: hello}, {wait: 3 days}]}
      - {add_tag: done}
    """
    world.add("a")
    world.ticks("0 days", "3 days")
    assert [m.at for m in world.emails()] == [at("0 days"), at("3 days")]
    world.tick("6 days")
    assert world.tagged("done") == {"a"}


def test_every_counts_from_when_the_round_really_began(world: World) -> None:
    """
    steps:
      - id: loop
        repeat: {times: 3, every: 2 days, steps: [{id: remind, send_email: hello}, {wait: 1 day}]}
    """
    world.add("a")
    world.ticks("0 days", "5 days")
    assert world.at("a") == "wait#2"
    world.ticks("6 days", at("7 days") - MICROSECOND)
    assert world.at("a") == "loop#3"
    world.tick("7 days")
    assert [m.at for m in world.emails()] == [at("0 days"), at("5 days"), at("7 days")]


def test_every_after_an_outage_counts_from_the_late_round(world: World) -> None:
    """
    steps:
      - id: loop
        repeat: {times: 3, every: 2 days, steps: [{id: remind, send_email: hello}, {wait: 1 hour}]}
    """
    world.add("a")
    world.ticks("0 days", "1 hour", "7 days", "7 days 1 hour", at("9 days") - MICROSECOND, "9 days")
    assert [m.at for m in world.emails()] == [at("0 days"), at("7 days"), at("9 days")]


def test_an_event_ends_the_loop_at_once_from_the_wait_for_a_round(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 3
          every: 2 days
          until: {email_clicked: remind}
          steps: [{id: remind, send_email: hello}]
      - {add_tag: done}
    """
    for who in ("first", "second", "never"):
        world.add(who)
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("first", "email_clicked", "remind#1", at="1 day")
    world.tick("1 day")
    assert world.inside() == {"second": "loop#2", "never": "loop#2"}
    assert world.tagged("done") == {"first"}
    world.tick("2 days")
    world.deliver("2 days")
    world.activity("second", "email_clicked", "remind#1", at="3 days")
    world.tick("3 days")
    assert world.path("second") == ["remind#1", "remind#2", "add_tag-done"]
    world.tick("4 days")
    assert world.path("never") == ["remind#1", "remind#2", "remind#3", "add_tag-done"]
    card = world.card()
    assert [(card[key].yes, card[key].no) for key in ("loop#1", "loop#2", "loop#3")] == [(0, 3), (1, 2), (1, 1)]


def test_an_event_ends_the_loop_from_any_step_inside_which_is_skipped(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 2
          every: 5 days
          until: {trigger: {form_submitted: demo}}
          steps:
            - {id: mail, send_email: hello, after: 1 day}
            - {id: rest, wait: 1 day}
            - {id: asked, trigger: {page_viewed: /pricing}, within: 1 day, yes: [{add_tag: saw}, {end: true}]}
      - {id: last, add_tag: done}
    """
    for who in ("stays", "waits", "asked", "pages", "through"):
        world.add(who)
    world.tick("0 days")
    world.activity("stays", "form_submitted", "demo", at="12 hours")
    world.tick("12 hours")
    assert (world.path("stays"), world.tagged("done")) == (["last"], {"stays"})
    world.ticks("1 day")
    world.activity("waits", "form_submitted", "demo", at="36 hours")
    world.tick("36 hours")
    assert world.path("waits") == ["mail#1", "last"]
    world.tick("2 days")
    world.activity("asked", "form_submitted", "demo", at="50 hours")
    world.activity("pages", "page_viewed", "/pricing", at="50 hours")
    world.activity("through", "form_submitted", "other", at="50 hours")
    world.tick("50 hours")
    assert world.path("asked") == ["mail#1", "last"]
    assert world.path("pages") == ["mail#1", "asked#1.yes", "add_tag-saw#1"]
    world.tick("3 days")
    assert world.inside() == {"through": "loop#2"}
    assert world.card()["rest#1"].skipped == 1
    assert world.reason("asked", "asked#1") == "the loop has ended"


def test_a_trigger_inside_settles_before_a_later_event_ends_the_loop(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 1
          until: {form_submitted: demo}
          steps:
            - id: asked
              trigger: {page_viewed: /x}
              within: 1 day
              no: [{add_tag: cold}, {id: mail, send_email: hello}]
      - {id: last, add_tag: done}
    """
    world.add("late")
    world.add("in-time")
    world.tick("0 days")
    world.activity("in-time", "form_submitted", "demo", at="1 day")
    world.activity("late", "form_submitted", "demo", at="25 hours")
    world.tick("3 days")
    assert world.path("in-time") == ["last"]
    assert world.path("late") == ["asked#1.no", "last"]
    assert world.emails() == []


def test_a_triggers_own_earlier_event_settles_before_a_later_one_ends_the_loop(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 1
          until: {form_submitted: demo}
          steps:
            - {id: asked, trigger: {page_viewed: /x}, within: 2 days, yes: [{add_tag: saw}]}
      - {id: last, add_tag: done}
    """
    world.people("page-first", "form-first", "both-at-once")
    world.tick("0 days")
    for who, page, form in (("page-first", 1, 2), ("form-first", 2, 1), ("both-at-once", 1, 1)):
        world.activity(who, "page_viewed", "/x", at=f"{page} hours")
        world.activity(who, "form_submitted", "demo", at=f"{form} hours")
    world.tick("1 day")
    assert world.path("page-first") == ["asked#1.yes", "last"]
    assert world.path("form-first") == ["last"]
    assert world.path("both-at-once") == ["last"]
    assert world.tagged("saw") == set()


def test_who_waits_the_full_time_is_let_out_of_a_loop_also_after_the_event(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 1
          until: {form_submitted: demo}
          steps: [{id: asked, trigger: {page_viewed: /x}, after: 2 days}]
      - {id: last, add_tag: done}
    """
    world.people("early", "late")
    world.tick("0 days")
    for who, form in (("early", "2 days"), ("late", "49 hours")):
        world.activity(who, "page_viewed", "/x", at="1 hour")
        world.activity(who, "form_submitted", "demo", at=form)
    world.tick("3 days")
    assert world.path("early") == ["last"]
    assert world.path("late") == ["asked#1.yes", "last"]


def test_a_triggers_time_from_the_hand_over_is_over_before_a_later_event_ends_the_loop(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 1
          until: {form_submitted: demo}
          steps:
            - {id: mail, send_email: hello}
            - {id: opened, trigger: {email_opened: mail}, within: 1 day}
      - {id: last, add_tag: done}
    """
    world.people("in-time", "late", "never")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("in-time", "form_submitted", "demo", at="25 hours")
    world.activity("late", "form_submitted", "demo", at="26 hours")
    world.tick("3 days")
    assert world.path("in-time") == ["mail#1", "last"]
    assert world.path("late") == ["mail#1", "opened#1.no", "last"]
    assert world.path("never") == ["mail#1", "opened#1.no", "last"]


def test_a_trigger_inside_sees_its_own_rounds_message(world: World) -> None:
    """
    steps:
      - id: loop
        repeat:
          times: 2
          steps:
            - {id: remind, send_email: hello}
            - {id: opened, trigger: {email_opened: remind}, within: 2 days, yes: [{add_tag: opened}]}
      - {id: after, trigger: {email_opened: remind}, within: 1 day}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("0 days")
    world.ticks("0 days", "2 days")
    world.deliver("2 days")
    world.tick("2 days")
    world.activity("a", "email_opened", "remind#1", at="3 days")
    world.tick("3 days")
    assert world.at("a") == "opened#2"
    world.tick("4 days")
    assert world.path("a") == ["remind#1", "opened#1.no", "remind#2", "opened#2.no", "after.yes"]


def test_a_pause_freezes_every(world: World) -> None:
    """
    steps: [{id: loop, repeat: {times: 2, every: 2 days, steps: [{id: remind, send_email: hello}]}}]
    """
    world.add("a")
    world.tick("0 days")
    world.pause("1 day")
    world.resume("4 days")
    world.ticks("4 days", at("5 days") - MICROSECOND)
    assert len(world.emails()) == 1
    world.tick("5 days")
    assert len(world.emails()) == 2


def test_business_days_between_rounds(world: World) -> None:
    """
    steps:
      - repeat: {times: 2, every: 1 business day, steps: [{id: remind, send_email: hello}, {wait: 1 hour}]}
    """
    world.add("friday", at="2026-12-04T10:00")
    world.ticks("2026-12-04T10:00", "2026-12-04T11:00", "2026-12-07T09:59")
    assert len(world.emails()) == 1
    world.tick("2026-12-07T10:00")
    assert len(world.emails()) == 2


def test_loops_in_loops_and_a_way_out(world: World) -> None:
    """
    steps:
      - id: outer
        repeat:
          times: 2
          every: 3 days
          steps:
            - {id: inner, repeat: {times: 2, every: 1 day, steps: [{id: mail, send_email: hello}]}}
            - {rule: {tag: out}, yes: [{go_to: last}]}
      - {add_tag: stayed}
      - {id: last, add_tag: done}
    """
    world.add("a")
    world.add("leaves", tags=["out"])
    world.ticks("0 days", "1 day")
    assert world.path("leaves") == ["mail#1#1", "mail#1#2", "rule#1.yes", "last"]
    world.ticks("3 days", "4 days")
    assert [(m.step, m.at) for m in world.emails("a")] == [
        ("mail#1#1", at("0 days")), ("mail#1#2", at("1 day")), ("mail#2#1", at("3 days")), ("mail#2#2", at("4 days")),
    ]  # fmt: skip
    assert world.path("a")[-3:] == ["rule#2.no", "add_tag-stayed", "last"]


def test_more_rounds_are_seen_by_those_inside_and_fewer_need_moved(world: World, later: str) -> None:
    """
    steps:
      - {id: loop, repeat: {times: 2, every: 2 days, until: {tag: x}, steps: [{id: mail, send_email: hello}]}}
      - {id: last, add_tag: done}
    --- later
    steps:
      - {id: loop, repeat: {times: 3, every: 1 day, until: {tag: x}, steps: [{id: mail, send_email: hello}]}}
      - {id: last, add_tag: done}
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "12 hours")
    world.ticks("1 day", "2 days")
    assert [m.at for m in world.emails()] == [at("0 days"), at("1 day"), at("2 days")]
    world.add("b", at="3 days")
    world.ticks("3 days", "4 days")
    assert world.at("b") == "loop#3"
    fewer = later.replace("times: 3", "times: 2")
    with pytest.raises(Refused):
        world.apply(fewer, "4 days")
    world.apply(fewer + "\nmoved: {loop#3: last}\n", "4 days")
    world.tick("4 days")
    assert (world.state("b"), len(world.emails("b"))) == ("completed", 2)
