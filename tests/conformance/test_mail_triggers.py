"""E-mail triggers: they see the message of this run, and their time begins at its hand-over (SPEC section 5)."""

from __future__ import annotations

import pytest

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_the_time_begins_at_the_hand_over_if_that_is_later_than_the_arrival(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("at-deadline", "too-late", "silent")
    world.tick("0 days")
    world.deliver("5 days")
    world.tick("5 days")
    assert set(world.inside().values()) == {"opened"}
    world.activity("at-deadline", "email_opened", "invite", at="8 days")
    world.activity("too-late", "email_opened", "invite", at=at("8 days") + MICROSECOND)
    world.tick(at("8 days") - MICROSECOND)
    assert len(world.inside()) == 3
    world.tick("9 days")
    assert world.tagged("yes") == {"at-deadline"}
    assert world.tagged("no") == {"too-late", "silent"}


@pytest.mark.parametrize("status", ["QUEUED", "HELD"])
def test_while_the_message_is_queued_or_held_the_time_has_not_begun(world: World, status: str) -> None:
    """
    # FAULTS R49: a mail server that is down starts no deadline
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, after: 1 day, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.add("a")
    world.tick("0 days")
    if status == "HELD":
        world.deliver("1 hour", status="HELD")
    world.ticks("1 day", "2 days", "400 days")
    assert world.inside() == {"a": "opened"}


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED"])
def test_for_a_cancelled_or_failed_message_the_time_begins_at_the_arrival(world: World, status: str) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("1 day", status=status)
    world.tick("1 day")
    world.tick(at("3 days") - MICROSECOND)
    assert world.at("a") == "opened"
    world.tick("3 days")
    assert world.path("a") == ["invite", "opened.no", "add_tag-no"]


def test_a_message_cancelled_after_the_time_was_over_says_no_at_once(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("9 days", status="CANCELLED")
    world.tick("9 days")
    assert world.path("a") == ["invite", "opened.no"]


def test_for_a_skipped_message_the_time_begins_at_the_arrival(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a", opted_out=True)
    world.tick("0 days")
    world.tick(at("3 days") - MICROSECOND)
    assert world.path("a") == ["invite.skipped"]
    world.tick("3 days")
    assert world.path("a") == ["invite.skipped", "opened.no"]


def test_a_message_in_doubt_counts_as_handed_over_at_the_attempt(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a")
    world.tick("0 days")
    world.deliver("2 days", status="IN_DOUBT")
    world.ticks("2 days", at("5 days") - MICROSECOND)
    assert world.at("a") == "opened"
    world.tick("5 days")
    assert world.path("a") == ["invite", "opened.no"]


def test_a_message_handed_over_before_the_arrival_leaves_the_time_at_the_arrival(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - wait: 2 days
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.people("early", "silent")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("early", "email_opened", "invite", at="1 day")
    world.tick("2 days")
    assert world.path("early") == ["invite", "opened.yes"]
    world.tick(at("5 days") - MICROSECOND)
    assert world.at("silent") == "opened"
    world.tick("5 days")
    assert world.path("silent") == ["invite", "opened.no"]


def test_of_several_messages_the_last_hand_over_begins_the_time(world: World) -> None:
    """
    steps:
      - {id: one, send_email: invite}
      - {id: two, send_email: reminder}
      - {id: opened, trigger: {email_opened: [one, two]}, within: 3 days}
    """
    world.people("opens", "silent")
    world.tick("0 days")
    world.deliver("1 day", step="one")
    world.tick("1 day")
    world.activity("opens", "email_opened", "one", at="2 days")
    world.tick("2 days")
    assert world.path("opens") == ["one", "two", "opened.yes"]
    world.tick("4 days")
    assert world.at("silent") == "opened"
    world.deliver("6 days", step="two")
    world.ticks("6 days", at("9 days") - MICROSECOND)
    assert world.at("silent") == "opened"
    world.tick("9 days")
    assert world.path("silent") == ["one", "two", "opened.no"]


def test_a_click_counts_as_an_open_and_an_open_not_as_a_click(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 1 day, yes: [{add_tag: opened}]}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [{add_tag: clicked}]}
    """
    world.people("clicks", "opens")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("clicks", "email_clicked", "invite", at="1 hour")
    world.activity("opens", "email_opened", "invite", at="1 hour")
    world.ticks("1 hour", "2 days")
    assert world.tagged("opened") == {"clicks", "opens"}
    assert world.tagged("clicked") == {"clicks"}


def test_one_link_may_be_meant(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - id: priced
        trigger: {email_clicked: {email: invite, link: "*/pricing*"}}
        within: 1 day
        yes: [{add_tag: "yes"}]
    """
    world.people("right", "wrong", "no-link")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("right", "email_clicked", "invite", at="1 hour", link="https://example.co.jp/Pricing/en")
    world.activity("wrong", "email_clicked", "invite", at="1 hour", link="https://example.co.jp/docs")
    world.activity("no-link", "email_clicked", "invite", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"right"}


def test_a_template_names_every_step_that_sends_it(world: World) -> None:
    """
    steps:
      - {id: one, send_email: invite}
      - {id: two, send_email: reminder}
      - {id: opened, trigger: {email_opened: reminder}, within: 1 day, yes: [{add_tag: "yes"}]}
    """
    world.people("reminder", "invite")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("reminder", "email_opened", "two", at="1 hour")
    world.activity("invite", "email_opened", "one", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"reminder"}


def test_only_the_message_of_this_run_counts(world: World) -> None:
    """
    audience: {lists: [members]}
    priority: 90
    steps:
      - {id: first, send_email: news}
    --- scenarios/second.yaml
    steps:
      - {id: second, send_email: news}
      - {id: opened, trigger: {email_opened: news}, within: 1 day, yes: [{add_tag: "yes"}]}
    """
    world.people("this", "that")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("this", "email_opened", "second", at="1 hour")
    world.activity("that", "email_opened", "first", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"this"}
    assert world.at("that", key="second") == "opened"


@pytest.mark.parametrize("every", [6, 96], ids=lambda hours: f"a tick each {hours} hours")
def test_an_outage_over_hand_over_and_deadline_changes_no_way_out(world: World, every: int) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 2 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.people("in-time", "late", "silent")
    world.tick("0 days")
    world.deliver("1 day")
    world.activity("in-time", "email_opened", "invite", at="3 days")
    world.activity("late", "email_opened", "invite", at=at("3 days") + MICROSECOND)
    for hour in range(every if every > 24 else 24, 97, every):
        world.tick(f"{hour} hours")
    assert world.tagged("yes") == {"in-time"}
    assert world.tagged("no") == {"late", "silent"}


def test_the_hand_over_is_noticed_on_return_by_who_was_held_meanwhile(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 3 days}
    """
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", at="1 hour")
    world.tick("1 hour")
    world.deliver("1 day")
    world.tick("1 day")
    assert world.state("a") == "held"
    world.add_to_list("a", "members", at="2 days")
    world.ticks("2 days", at("4 days") - MICROSECOND)
    assert world.at("a") == "opened"
    world.tick("4 days")
    assert world.path("a") == ["invite", "opened.no"]


def test_business_days_are_counted_from_the_hand_over(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 2 business days}
    """
    world.people("a", "b")
    world.tick("0 days")
    world.deliver("2026-12-04T15:00")  # a Friday
    world.tick("2026-12-04T15:00")
    world.tick("2026-12-08T14:59:59.999999")
    assert len(world.inside()) == 2
    world.tick("2026-12-08T15:00")  # Tuesday
    assert world.path("a") == ["invite", "opened.no"]


def test_a_bounce_or_a_click_of_any_mail_may_be_waited_for(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: back, trigger: [{email_bounced: invite}, {form_submitted: demo}], within: 1 day, yes: [{add_tag: "yes"}]}
    """
    world.people("bounced", "form", "opened")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("bounced", "email_bounced", "invite", at="1 hour")
    world.activity("form", "form_submitted", "demo", at="1 hour")
    world.activity("opened", "email_opened", "invite", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("yes") == {"bounced", "form"}
