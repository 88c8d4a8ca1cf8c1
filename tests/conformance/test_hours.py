"""Opening hours and dates of e-mails (SPEC sections 3, 5 and 7)."""

from __future__ import annotations

from engage.clock import MICROSECOND
from tests.support.world import World, at


def test_outside_business_hours_a_mail_waits_for_the_opening_and_other_steps_go_on(world: World) -> None:
    """
    hours: business
    steps: [{add_tag: before}, {id: mail, send_email: hello}, {add_tag: after}]
    """
    world.add("early", at="2026-12-04T08:59")
    world.tick("2026-12-04T08:59")
    assert (world.tagged("before"), world.tagged("after")) == ({"early"}, set())
    assert (world.card()["mail"].waiting, world.card()["mail"].completed) == (1, 0)
    world.tick("2026-12-04T09:00")
    assert [(m.who, m.at) for m in world.emails()] == [("early", at("2026-12-04T09:00"))]
    world.add("in-time", at=at("2026-12-04T18:00") - MICROSECOND)
    world.tick(at("2026-12-04T18:00") - MICROSECOND)
    world.add("too-late", at="2026-12-04T18:00")
    world.tick("2026-12-04T18:00")
    assert world.inside() == {"too-late": "mail"}
    world.tick(at("2026-12-07T09:00") - MICROSECOND)
    assert world.inside() == {"too-late": "mail"}
    world.tick("2026-12-07T09:00")
    assert [m.who for m in world.emails()] == ["early", "in-time", "too-late"]
    assert world.tagged("after") == {"early", "in-time", "too-late"}


def test_an_opening_missed_by_an_outage_is_not_made_up_for_in_the_night(world: World) -> None:
    """
    hours: business
    steps: [{id: mail, send_email: hello}]
    """
    world.add("a", at="2026-12-01T20:00")
    world.ticks("2026-12-01T20:00", "2026-12-02T23:00")
    assert world.at("a") == "mail"
    world.tick("2026-12-03T09:00")
    assert [m.at for m in world.emails()] == [at("2026-12-03T09:00")]


def test_windows_over_midnight_belong_to_the_day_they_start_on(world: World) -> None:
    """
    hours: {days: [fri], between: "22:00-02:00"}
    steps: [{id: mail, send_email: hello}]
    # FAULTS R47
    """
    world.add("thursday-night", at="2026-12-03T23:00")
    world.tick("2026-12-03T23:00")
    world.tick("2026-12-04T01:00")
    assert world.emails() == []
    world.tick("2026-12-04T22:00")
    assert [m.who for m in world.emails()] == ["thursday-night"]
    world.add("saturday-early", at=at("2026-12-05T02:00") - MICROSECOND)
    world.tick(at("2026-12-05T02:00") - MICROSECOND)
    world.add("saturday-two", at="2026-12-05T02:00")
    world.tick("2026-12-05T02:00")
    assert [m.who for m in world.emails()] == ["thursday-night", "saturday-early"]
    world.ticks("2026-12-05T23:00", "2026-12-11T22:00")
    assert [m.who for m in world.emails()] == ["thursday-night", "saturday-early", "saturday-two"]


def test_holidays_and_a_zone_of_the_scenarios_own(world: World) -> None:
    """
    hours: {between: "10:00-17:00", timezone: Asia/Tokyo, holidays: [JP, 2026-12-29..2027-01-04]}
    steps: [{id: mail, send_email: hello}]
    """
    world.add("a", at="2026-12-28T08:00")
    world.tick("2026-12-28T08:00")
    world.tick(at("2027-01-05T01:00") - MICROSECOND)
    assert world.at("a") == "mail"
    world.tick("2027-01-05T01:00")
    assert [m.who for m in world.emails()] == ["a"]


def test_each_prospect_in_the_own_zone_with_a_fallback(world: World) -> None:
    """
    hours: {between: "09:00-10:00", timezone: prospect}
    steps: [{id: mail, send_email: hello}]
    """
    world.add("tokyo", timezone="Asia/Tokyo")
    world.add("new-york", timezone="America/New_York")
    world.add("none")
    world.add("wrong", timezone="Nowhere")
    world.add("open", timezone="UTC")
    world.tick("2026-12-01T09:30")
    assert {m.who for m in world.emails()} == {"none", "wrong", "open"}
    world.tick("2026-12-01T14:00")
    assert {m.who for m in world.emails()} == {"none", "wrong", "open", "new-york"}
    world.tick("2026-12-02T00:00")
    assert {m.who for m in world.emails()} == {"none", "wrong", "open", "new-york", "tokyo"}


def test_who_moves_to_another_zone_while_waiting_gets_no_mail_in_the_night(world: World) -> None:
    """
    hours: {between: "09:00-10:00", timezone: prospect}
    steps: [{id: mail, send_email: hello}]
    # FAULTS R43
    """
    world.add("a", timezone="Asia/Tokyo")
    world.tick("2026-12-01T09:30")
    world.set("a", timezone="America/New_York", at="2026-12-01T12:00")
    world.ticks("2026-12-01T12:00", "2026-12-02T00:00")
    assert world.emails() == []
    world.tick("2026-12-02T14:00")
    assert [m.who for m in world.emails()] == ["a"]


def test_after_comes_first_and_then_the_opening(world: World) -> None:
    """
    hours: business
    steps: [{id: mail, send_email: hello, after: 12 hours}]
    """
    world.add("a", at="2026-12-01T10:00")
    world.ticks("2026-12-01T10:00", "2026-12-01T22:00")
    assert world.at("a") == "mail"
    world.tick("2026-12-02T09:00")
    assert [m.who for m in world.emails()] == ["a"]


def test_a_pause_does_not_move_the_opening(world: World) -> None:
    """
    hours: business
    steps: [{id: mail, send_email: hello}]
    """
    world.add("a", at="2026-12-01T20:00")
    world.tick("2026-12-01T20:00")
    world.pause("2026-12-01T21:00")
    world.resume("2026-12-02T07:00")
    world.tick("2026-12-02T07:00")
    assert world.at("a") == "mail"
    world.tick("2026-12-02T09:00")
    assert [m.who for m in world.emails()] == ["a"]


def test_a_mail_with_a_date_waits_for_it_and_skips_who_comes_later(world: World) -> None:
    """
    steps: [{id: mail, send_email: {template: hello, on_date: 2026-12-05T10:00}}, {add_tag: done}]
    """
    world.add("early")
    world.tick("2026-12-01T10:00")
    world.tick(at("2026-12-05T10:00") - MICROSECOND)
    world.add("on-it", at="2026-12-05T10:00")
    world.tick("2026-12-05T10:00")
    assert [m.who for m in world.emails()] == ["early", "on-it"]
    world.add("late", at=at("2026-12-05T10:00") + MICROSECOND)
    world.tick(at("2026-12-05T10:00") + MICROSECOND)
    assert world.path("late") == ["mail.skipped", "add_tag-done"]
    assert world.reason("late", "mail") == "its date has passed"


def test_a_date_before_the_opening_goes_at_the_opening_one_after_closing_never(world: World) -> None:
    """
    hours: business
    steps: [{id: mail, send_email: {template: one, on_date: 2026-12-04T07:00}}, {add_tag: done}]
    --- scenarios/evening.yaml
    hours: business
    steps: [{id: mail, send_email: {template: two, on_date: 2026-12-04T18:00}}]
    --- scenarios/saturday.yaml
    hours: business
    steps: [{id: mail, send_email: {template: three, on_date: 2026-12-05T10:00}}]
    """
    world.add("a")
    world.ticks("2026-12-01T10:00", "2026-12-04T07:00")
    assert world.inside() == {"a": "mail"}
    world.tick("2026-12-04T09:00")
    assert [m.at for m in world.emails()] == [at("2026-12-04T09:00")]
    assert world.at("a", key="evening") == "mail"
    world.tick("2026-12-04T18:00")
    assert world.path("a", key="evening") == ["mail.skipped"]
    world.tick("2026-12-05T09:59")
    assert world.at("a", key="saturday") == "mail"
    world.tick("2026-12-05T10:00")
    assert world.path("a", key="saturday") == ["mail.skipped"]
    assert len(world.emails()) == 1


def test_a_date_kept_past_by_an_outage_goes_on_the_same_local_day_only(world: World) -> None:
    """
    steps: [{id: mail, send_email: {template: one, on_date: 2026-12-04T10:00}}]
    --- scenarios/second.yaml
    steps: [{id: mail, send_email: {template: two, on_date: 2026-12-03T10:00}}]
    """
    world.add("a")
    world.ticks("2026-12-01T10:00", "2026-12-04T23:59")
    assert world.path("a") == ["mail"]
    assert world.path("a", key="second") == ["mail.skipped"]


def test_a_date_kept_past_by_a_pause_or_a_hold(world: World) -> None:
    """
    steps: [{id: mail, send_email: {template: one, on_date: 2026-12-04T10:00}}]
    """
    world.add("held")
    world.add("long-held")
    world.add("plain")
    world.tick("2026-12-01T10:00")
    for who in ("held", "long-held"):
        world.remove_from_list(who, "members", at="2026-12-02T10:00")
    world.tick("2026-12-02T10:00")
    world.pause("2026-12-04T08:00")
    world.tick("2026-12-04T10:00")
    world.resume("2026-12-04T15:00")
    world.tick("2026-12-04T15:00")
    world.add_to_list("held", "members", at="2026-12-04T16:00")
    world.tick("2026-12-04T16:00")
    assert {(m.who, m.at) for m in world.emails()} == {
        ("plain", at("2026-12-04T15:00")),
        ("held", at("2026-12-04T16:00")),
    }
    world.add_to_list("long-held", "members", at="2026-12-05T00:00")
    world.tick("2026-12-05T00:00")
    assert world.path("long-held") == ["mail.skipped"]


def test_a_date_is_compared_with_the_end_of_after(world: World) -> None:
    """
    steps: [{id: mail, after: 1 day, send_email: {template: one, on_date: 2026-12-04T10:00}}]
    """
    world.add("in-time", at="2026-12-03T10:00")
    world.tick("2026-12-03T10:00")
    world.add("late", at="2026-12-03T10:01")
    world.ticks("2026-12-03T10:01", "2026-12-04T10:00", "2026-12-04T10:01")
    assert (world.path("in-time"), world.path("late")) == (["mail"], ["mail.skipped"])


def test_a_changed_date_and_changed_hours_apply_to_those_waiting(world: World, later: str) -> None:
    """
    steps: [{id: mail, send_email: {template: one, on_date: 2026-12-20T10:00}}]
    --- later
    hours: business
    steps: [{id: mail, send_email: {template: one, on_date: 2026-12-03T07:00}}]
    """
    world.add("a")
    world.tick("2026-12-01T10:00")
    world.apply(later, "2026-12-02T10:00")
    world.ticks("2026-12-02T10:00", "2026-12-03T07:00")
    assert world.at("a") == "mail"
    world.tick("2026-12-03T09:00")
    assert [m.who for m in world.emails()] == ["a"]
