"""A backtest counts what was known before the outcome, and nothing that came with it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from engage.reports.backtest import Backtest, backtest
from engage.reports.separation import auc, deciles, threshold_for, thresholds
from tests.support.world import World, at

ENGAGE = """
name: Example
timezone: Asia/Tokyo
fields:
  bought: {type: boolean}
  bought_on: {type: date}
  bought_at: {type: datetime}
"""
GRADING = "profiles: {default: [{name: Osaka, match: {city: Osaka}, worth: 1, mismatch: 0}]}"


@pytest.fixture
def world(engine: Engine) -> World:
    """Give three people: one bought while cold and was given points for it, one bought when warm, one never did."""
    world = World(engine, "steps: [{wait: 9 days}]", engage=ENGAGE, grading=GRADING)
    for who in ("cold", "warm", "never"):
        world.add(who, at="0 days", score=10, city="Nara")
    world.adjust("warm", 40, at="1 day")
    world.set("warm", at="1 day", city="Osaka")
    world.tick("1 day")
    world.adjust("never", 10, at="2 days")
    for who in ("cold", "warm"):
        world.set(who, at="3 days", bought=True, bought_on="2026-12-04", bought_at=at("3 days"))
    world.adjust("cold", 100, at="3 days")
    world.set("cold", at="4 days", city="Osaka")
    world.tick("4 days")
    return world


def backtest_of(world: World, when: str | None, **options: float) -> Backtest:
    """Return the backtest of who bought."""
    fields, zone = world.applied.workspace.vocabulary.fields, world.plans.house.hours.zone
    with world.engine.connect() as connection:
        chosen = None if when is None else fields[when]
        return backtest(connection, fields["bought"], chosen, world.now, zone, **options)


@pytest.mark.parametrize("when", ["bought_at", "bought_on"])
def test_only_what_was_known_before_counts(world: World, when: str) -> None:
    found = backtest_of(world, when, per_week=1)
    assert (found.prospects, found.with_outcome, found.undated) == (3, 2, 0)
    assert [(each.score, each.prospects, each.with_outcome) for each in found.thresholds] == [
        (50, 1, 1), (20, 2, 1), (10, 3, 2),
    ]  # fmt: skip
    assert found.auc == 0.5
    assert [(each.grade, each.prospects, each.with_outcome) for each in found.grades] == [("C", 1, 1), ("D", 2, 1)]
    assert found.wished is not None
    assert found.wished.score == 50


OLD = "rules: [{activity: page_viewed, points: 1}, {activity: form_submitted, points: 20, expires_after: 5 days}]"
NEW = """
rules:
  - {activity: page_viewed, points: 10, limit: 1 per day}
  - {activity: form_submitted, points: 30, expires_after: 1 day}
"""


def test_changed_rules_score_what_was_known_before_the_outcome(engine: Engine) -> None:
    """By hand: a form of two days before is over by the new rules; what came after, or was learnt after, is unknown."""
    world = World(engine, "steps: [{wait: 9 days}]", engage=ENGAGE, scoring=OLD)
    world.people("page", "form", "late", "never")
    world.tick("0 days")
    for hour in (1, 2):
        world.activity("page", "page_viewed", "/", at=f"{hour} hours")
    world.activity("form", "form_submitted", "demo", at="1 hour")
    world.activity("form", "form_submitted", "demo", at="60 hours")
    reported = world.activity("late", "page_viewed", "/", at="1 hour", learn=False)
    world.tick("3 hours")
    world.adjust("page", 5, at="1 day")
    world.tick("70 hours")
    for who in ("page", "form", "late"):
        world.set(who, at="3 days", bought=True, bought_at=at("3 days"))
    world.arrive(reported)
    for who in ("page", "form", "late", "never"):
        world.activity(who, "page_viewed", "/", at="4 days")
    world.adjust("page", 500, at="4 days")
    world.tick("4 days")

    def scores() -> dict[int, tuple[int, int]]:
        """Return how many there are from each score on, and how many of them bought."""
        return {each.score: (each.prospects, each.with_outcome) for each in backtest_of(world, "bought_at").thresholds}

    # page 1 + 1 + 5, form 20 + 20, late nothing yet, never its page of today
    assert scores() == {40: (1, 1), 7: (2, 2), 1: (3, 2), 0: (4, 3)}
    world.apply(when="5 days", scoring=NEW)
    # page 10 (one a day) + 5, form 30 - 30 + 30, late nothing yet, never its page of today
    assert scores() == {30: (1, 1), 15: (2, 2), 10: (3, 2), 0: (4, 3)}


def test_without_the_moment_the_present_score_counts(world: World) -> None:
    found = backtest_of(world, None)
    assert [(each.score, each.with_outcome) for each in found.thresholds] == [(110, 1), (50, 2), (20, 2)]
    assert found.auc == 1.0
    assert found.outcome_at is None
    assert [(each.grade, each.prospects) for each in found.grades] == [("C", 2), ("D", 1)]


def test_who_has_the_outcome_and_no_moment_is_left_out(world: World) -> None:
    world.set("cold", bought_at=None)
    found = backtest_of(world, "bought_at")
    assert (found.prospects, found.with_outcome, found.undated) == (2, 1, 1)


def test_the_formulas_by_hand() -> None:
    # Six with the outcome and four without; pairs: 24, of which 30 beats all 4, 20 beats 2 and ties 1, 10 beats none.
    counts = {10: (1, 2), 20: (2, 1), 30: (3, 1)}
    assert auc(counts) == pytest.approx((3 * (3 + 0.5) + 2 * (2 + 0.5) + 1 * (0 + 1)) / 24)
    assert auc({1: (3, 0)}) is None
    assert [(each.precision, each.recall) for each in thresholds(counts)] == [
        (3 / 4, 3 / 6), (5 / 7, 5 / 6), (6 / 10, 1.0),
    ]  # fmt: skip
    parts = deciles(counts)
    assert sum(part.with_outcome for part in parts) == pytest.approx(6)
    assert [round(part.rate, 3) for part in parts] == [0.75] * 4 + [0.667] * 3 + [0.333] * 3
    assert parts[0].lift == pytest.approx(0.75 / 0.6)
    assert deciles({}) == ()
    assert threshold_for(thresholds(counts), weeks=2, wished=3.5) == thresholds(counts)[1]
    assert threshold_for(thresholds(counts), weeks=1, wished=3) is None
