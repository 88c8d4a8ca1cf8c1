"""Waits and ``after``: elapsed time, counted from the moment the step was really reached (SPEC 5 and 7)."""

from __future__ import annotations

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_a_wait_ends_at_its_moment_and_not_one_microsecond_earlier(world: World) -> None:
    """
    steps:
      - wait: 3 days
      - add_tag: done
    """
    world.add("a")
    world.tick("0 days")
    world.add("later", at="1 hour")
    world.ticks("1 hour", at("3 days") - MICROSECOND)
    assert world.inside() == {"a": "wait", "later": "wait"}
    world.tick("3 days")
    assert world.tagged("done") == {"a"}
    assert (world.state("a"), world.ends_at("a")) == ("completed", at("3 days"))
    world.tick("3 days 1 hour")
    assert world.tagged("done") == {"a", "later"}


def test_units_add_up(world: World) -> None:
    """
    steps: [{wait: 1 week 1 day 2 hours 3 minutes}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.tick(at("8 days 2 hours 3 minutes") - MICROSECOND)
    assert world.at("a") == "wait"
    world.tick("8 days 2 hours 3 minutes")
    assert world.tagged("done") == {"a"}


def test_moments_a_minute_apart_are_kept_apart_to_the_microsecond(world: World) -> None:
    """
    steps: [{wait: 1 day}, {add_tag: done}]
    """
    first = at("0 days")
    world.add("a")
    world.tick(first)
    world.add("b", at=first + MICROSECOND)
    world.tick(first + MICROSECOND)
    world.tick(at("1 day"))
    assert world.tagged("done") == {"a"}
    world.tick(at("1 day") + MICROSECOND)
    assert world.tagged("done") == {"a", "b"}


def test_after_stays_first_and_then_acts_on_that_moments_data(world: World) -> None:
    """
    steps:
      - {id: mail, send_email: hello, after: 2 days}
      - {id: note, create_todo: {subject: "Call {{ prospect.last_name }}", to: "user:sato", due: 1 day}, after: 1 day}
    """
    world.add("a", last_name="Old")
    world.add("opts-out", last_name="Old")
    world.tick("0 days")
    world.set("opts-out", opted_out=True, at="1 day")
    world.ticks("1 day", at("2 days") - MICROSECOND)
    assert world.inside() == {"a": "mail", "opts-out": "mail"}
    assert world.emails() == []
    world.tick("2 days")
    assert [m.who for m in world.emails()] == ["a"]
    assert world.path("opts-out") == ["mail.skipped"]
    world.set("a", last_name="New", at="2 days 1 hour")
    world.tick("3 days")
    assert [(todo.subject, todo.due) for todo in world.todos("a")] == [("Call New", at("4 days"))]


def test_an_outage_never_makes_two_spaced_steps_run_together(world: World) -> None:
    """
    steps: [{send_email: one}, {wait: 1 day}, {send_email: two, after: 1 day}, {wait: 1 day}, {send_email: three}]
    """
    world.add("a")
    world.ticks("0 days", "10 days", "20 days", "21 days")
    assert [(m.step, m.at) for m in world.emails()] == [
        ("send_email-one", at("0 days")),
        ("send_email-two", at("20 days")),
        ("send_email-three", at("21 days")),
    ]


def test_business_days_keep_the_time_of_day_and_count_open_days_only(world: World) -> None:
    """
    steps: [{wait: 2 business days}, {add_tag: done}]
    """
    world.add("friday", at="2026-12-04T10:00")
    world.tick("2026-12-04T10:00")
    world.add("sunday", at="2026-12-06T23:00")
    world.tick("2026-12-06T23:00")
    world.tick("2026-12-08T09:59:59.999999")
    assert world.tagged("done") == set()
    world.tick("2026-12-08T10:00")
    assert world.tagged("done") == {"friday"}
    world.tick("2026-12-08T22:59:59.999999")
    assert world.tagged("done") == {"friday"}
    world.tick("2026-12-08T23:00")
    assert world.tagged("done") == {"friday", "sunday"}


def test_an_end_ends_the_run_in_its_branch_only(world: World) -> None:
    """
    steps:
      - {rule: {tag: stop}, yes: [{end: true}]}
      - {wait: 1 day}
      - {add_tag: done}
    """
    world.add("stops", tags=["stop"])
    world.add("goes")
    world.tick("0 days")
    assert (world.state("stops"), world.ends_at("stops")) == ("completed", at("0 days"))
    world.tick("1 day")
    assert world.tagged("done") == {"goes"}
