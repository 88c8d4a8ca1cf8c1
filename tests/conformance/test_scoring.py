"""Scoring: every rule that matches adds its points; the ledger's sum is the score (SPEC section 8)."""

from __future__ import annotations

from sqlalchemy import func, select

from engage.clock import MICROSECOND
from engage.sql import tables as t
from tests.support.world import World, at


def ledger(world: World, who: str) -> int:
    """Return the sum of the ledger's rows."""
    e = t.score_entries
    with world.engine.connect() as connection:
        return int(connection.scalar(select(func.sum(e.c.points)).where(e.c.prospect_id == world.ids[who])) or 0)


def scores(world: World) -> dict[str, int]:
    """Return every score, each proved by its ledger."""
    found = {who: world.score(who) for who in world.ids}
    assert found == {who: ledger(world, who) for who in world.ids}
    return found


def test_every_rule_that_matches_adds_its_points_and_categories_count_in_the_total(world: World) -> None:
    """
    audience: {where: {score: {gte: 16}}}
    steps: [{wait: 1 day}]
    --- scoring.yaml
    rules:
      - {activity: page_viewed, points: 1}
      - {activity: page_viewed, target: "/Pricing*", points: 10, category: product-a}
      - {activity: form_submitted, target: demo, points: 50}
      - {activity: form_failed, points: -5}
    """
    world.people("page", "pricing", "form", "fails", "bot", "nothing")
    world.activity("page", "page_viewed", "/docs", at="1 hour")
    world.activity("pricing", "page_viewed", "/pricing/en", at="1 hour")
    world.activity("pricing", "page_viewed", "/PRICING", at="1 hour")
    world.activity("form", "form_submitted", "demo", at="1 hour")
    world.activity("form", "form_submitted", "whitepaper", at="1 hour")
    world.activity("fails", "form_failed", "demo", at="1 hour")
    world.activity("bot", "form_submitted", "demo", at="1 hour", bot=True)
    world.tick("1 hour")
    assert scores(world) == {"page": 1, "pricing": 22, "form": 50, "fails": -5, "bot": 0, "nothing": 0}
    assert world.score("pricing", "product-a") == 20
    assert world.inside() == {"pricing": "wait", "form": "wait"}


def test_a_limit_takes_the_first_learnt_ever_by_day_or_by_target(world: World) -> None:
    """
    steps: [{wait: 1 day}]
    --- scoring.yaml
    rules:
      - {activity: page_viewed, points: 1, limit: 2}
      - {activity: file_downloaded, points: 10, limit: 1 per day}
      - {activity: video_watched, points: 100, limit: 1 per target}
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    world.people("pages", "files", "videos")
    for hour in (1, 2, 3):
        world.activity("pages", "page_viewed", f"/{hour}", at=f"{hour} hours")
        world.tick(f"{hour} hours")
    for when in ("2026-12-02T14:00", "2026-12-02T14:59:59.999999", "2026-12-02T15:00", "2026-12-02T16:00"):
        world.activity("files", "file_downloaded", "a.pdf", at=when)
    for target in ("a", "A", "b", "a"):
        world.activity("videos", "video_watched", target)
    world.tick("2026-12-03")
    assert scores(world) == {"pages": 2, "files": 20, "videos": 200}


def test_points_expire_at_their_moment_and_those_learnt_later_than_that_are_none(world: World) -> None:
    """
    exit: {score: {gte: 50}}
    steps: [{wait: 90 days}]
    --- scoring.yaml
    rules: [{activity: form_submitted, points: 50, expires_after: 2 days}]
    """
    world.people("early", "late", "in-time")
    world.activity("early", "form_submitted", "demo", at="1 hour")
    late = world.activity("late", "form_submitted", "demo", at="1 hour", learn=False)
    in_time = world.activity("in-time", "form_submitted", "demo", at="1 hour", learn=False)
    world.tick("1 hour")
    assert scores(world) == {"early": 50, "late": 0, "in-time": 0}
    world.arrive(in_time)
    world.tick(at("2 days 1 hour") - MICROSECOND)
    assert scores(world) == {"early": 50, "late": 0, "in-time": 50}
    world.arrive(late)
    world.tick("2 days 1 hour")
    assert scores(world) == {"early": 0, "late": 0, "in-time": 0}
    assert [world.state(who) for who in world.ids] == ["active", "active", "left"]


def test_inactivity_takes_points_for_each_full_span_and_never_below_the_floor(world: World) -> None:
    """
    goal: {score: {lt: 5}}
    steps: [{wait: 900 days}]
    --- scoring.yaml
    rules: [{activity: email_opened, points: 0}]
    inactivity: {every: 30 days, points: -10, floor: 3}
    """
    world.add("quiet", score=25)
    world.add("busy", score=25)
    world.add("below", score=-5)
    world.tick("0 days")
    world.activity("busy", "page_viewed", "/", at="20 days")
    world.tick(at("30 days") - MICROSECOND)
    assert scores(world) == {"quiet": 25, "busy": 25, "below": -5}
    world.tick("30 days")
    assert scores(world) == {"quiet": 15, "busy": 25, "below": -5}
    world.tick("50 days")
    assert scores(world) == {"quiet": 15, "busy": 15, "below": -5}
    world.tick("200 days")
    assert scores(world) == {"quiet": 3, "busy": 3, "below": -5}
    assert world.state("quiet") == "goal"


def test_changed_rules_rescore_history_and_leave_adjustments_as_they_are(world: World) -> None:
    """
    audience: {where: {score: {gte: 100}}}
    steps: [{wait: 1 day}]
    --- scoring.yaml
    rules: [{activity: page_viewed, points: 1, category: a}, {activity: form_submitted, points: 50}]
    """
    world.add("page", score=7)
    world.add("form")
    world.activity("page", "page_viewed", "/", at="1 hour")
    world.activity("page", "page_viewed", "/", at="1 hour")
    world.activity("form", "form_submitted", "demo", at="1 hour")
    world.tick("1 hour")
    assert scores(world) == {"page": 9, "form": 50}
    world.apply(when="2 hours", scoring="rules: [{activity: page_viewed, points: 50, limit: 1}]\n")
    assert scores(world) == {"page": 57, "form": 0}
    assert world.score("page", "a") == 0
    world.apply(when="3 hours", scoring="rules: [{activity: page_viewed, points: 50}]\n")
    world.tick("3 hours")
    assert scores(world) == {"page": 107, "form": 0}
    assert world.inside() == {"page": "wait"}


def test_a_score_earned_in_this_tick_is_seen_by_the_rule_of_this_tick(world: World) -> None:
    """
    steps:
      - {id: seen, trigger: {page_viewed: /a}, within: 3 days}
      - {rule: {score: {gte: 10}}, yes: [{add_tag: hot}], no: [{add_tag: cold}]}
    --- scoring.yaml
    rules: [{activity: page_viewed, points: 5}]
    """
    world.add("once")
    world.add("twice")
    world.tick("0 days")
    world.activity("once", "page_viewed", "/a", at="1 day")
    world.activity("twice", "page_viewed", "/a", at="1 day")
    world.activity("twice", "page_viewed", "/b", at="1 day")
    world.tick("1 day")
    assert (world.tagged("hot"), world.tagged("cold")) == ({"twice"}, {"once"})


def test_the_same_event_counts_once_and_opens_do_not_end_the_quiet(world: World) -> None:
    """
    steps: [{send_email: hello}, {wait: 90 days}]
    --- scoring.yaml
    rules: [{activity: email_opened, points: 0}, {activity: email_clicked, points: 3}]
    """
    world.people("opens", "clicks")
    world.tick("0 days")
    world.deliver("0 days")
    world.activity("opens", "email_opened", "hello", at="1 day")
    world.activity("clicks", "email_clicked", "hello", at="1 day")
    world.tick("1 day")
    assert scores(world) == {"opens": 0, "clicks": 3}
    assert world.standing("opens").last_activity_at is None
    assert world.standing("clicks").last_activity_at == at("1 day")
