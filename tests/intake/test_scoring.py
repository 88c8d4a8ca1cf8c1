"""Scoring rules, their limits and expiry, the ledger, and scoring history again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engage.intake.rescoring import rescore
from engage.intake.scoring import expire_due
from engage.plan.moves import Inactivity
from engage.sql import tables as t
from engage.sql.codes import EntryKind
from tests.intake.town import DAY, HOUR, START, Town, days, plans, rule

RULE, MANUAL, EXPIRY = EntryKind.RULE, EntryKind.MANUAL, EntryKind.EXPIRY


def test_every_rule_that_matches_adds_its_points(town: Town) -> None:
    idle, other, ann = town.prospects("idle", "other", "ann")
    town.did(other, "form_viewed", "/pricing")
    town.did(ann, "page_viewed", "/about")
    town.did(ann, "page_viewed", "/ＰＲＩＣＩＮＧ/plans")
    town.learn(
        plans(
            rule("page_viewed", 1),
            rule("page_viewed", 10, target="/pricing*", category="product-a"),
            rule("page_viewed", 100, target="/pricing"),
            rule("page_viewed", 0),
            rule("form_submitted", 50),
        )
    )
    assert [town.score(each) for each in (idle, other, ann)] == [0, 0, 12]
    assert town.categories(ann) == {"product-a": 10}
    assert sorted(points for _, points, _ in town.ledger(ann)) == [1, 1, 10]


def test_two_rules_of_the_same_words_both_count(town: Town) -> None:
    (ann,) = town.prospects("ann")
    town.did(ann, "page_viewed")
    once = rule("page_viewed", 5, limit=1)
    town.learn(plans(once, once))
    assert town.score(ann) == 10


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_limit_counts_the_first_learnt(town: Town, chunk: int) -> None:
    """Two ever: of four clicks two count, whether they are learnt together or one by one."""
    (two, four) = town.prospects("two", "four")
    applied = plans(rule("link_clicked", 3, limit=2))
    for hours in range(4):
        town.did(four, "link_clicked", at=START + hours * HOUR)
    town.did(two, "link_clicked")
    town.did(two, "link_clicked")
    town.learn(applied, START + DAY, limit=chunk)
    town.did(four, "link_clicked", at=START - DAY)
    town.learn(applied, START + DAY)
    assert [town.score(each) for each in (two, four)] == [6, 6]
    assert [at for at, _, _ in town.ledger(four)] == [START, START + HOUR]


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_limit_per_day_counts_local_days(town: Town, chunk: int) -> None:
    """Midnight in Tokyo is 15:00 UTC."""
    (ann,) = town.prospects("ann")
    midnight = datetime(2026, 12, 1, 15, tzinfo=UTC)
    for minutes in (-90, -1, 0, 60):
        town.did(ann, "page_viewed", at=midnight + timedelta(minutes=minutes))
    applied = plans(rule("page_viewed", 10, limit=1, limit_by="day"))
    town.learn(applied, midnight + DAY, limit=chunk)
    assert [at for at, _, _ in town.ledger(ann)] == [midnight - timedelta(minutes=90), midnight]
    assert town.score(ann) == 20


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_limit_per_target_folds_targets_and_none_is_one(town: Town, chunk: int) -> None:
    (ann,) = town.prospects("ann")
    for number, target in enumerate(("invite", "INVITE", "offer", None, None, "offer")):
        town.did(ann, "email_opened", target, at=START + number * HOUR)
    town.learn(plans(rule("email_opened", 1, limit=1, limit_by="target")), START + DAY, limit=chunk)
    assert town.score(ann) == 3


def test_points_expire_at_their_own_moment(town: Town) -> None:
    """Learnt at that moment or later, an activity gives none and uses up no limit."""
    stale, brink, fresh = town.prospects("stale", "brink", "fresh")
    applied = plans(rule("form_submitted", 50, expires_after=days(10), category="a", limit=1))
    for each, ago in ((stale, 11 * DAY), (brink, 10 * DAY), (fresh, 9 * DAY)):
        town.did(each, "form_submitted", at=START - ago)
    town.learn(applied)
    assert [town.score(each) for each in (stale, brink, fresh)] == [0, 0, 50]

    town.did(stale, "form_submitted", at=START)
    town.learn(applied, START + DAY - timedelta(microseconds=1))
    assert [town.score(each) for each in (stale, brink, fresh)] == [50, 0, 50]
    assert expire_due(town.connection, START + DAY) == 1
    assert [town.score(each) for each in (stale, brink, fresh)] == [50, 0, 0]
    assert town.ledger(fresh) == [(START - 9 * DAY, 50, RULE), (START + DAY, -50, EXPIRY)]
    assert town.categories(fresh) == {"a": 0}
    assert expire_due(town.connection, START + DAY) == 0

    # What has expired still uses up its limit.
    town.did(fresh, "form_submitted", at=START + DAY)
    town.learn(applied, START + DAY)
    assert town.score(fresh) == 0


def test_expiry_comes_in_chunks_oldest_first(town: Town) -> None:
    (ann,) = town.prospects("ann")
    for number in range(3):
        town.did(ann, "page_viewed", at=START + number * HOUR)
    applied = plans(rule("page_viewed", 1, expires_after=days(1)))
    town.learn(applied, START + 3 * HOUR)
    late = START + 30 * DAY
    assert [expire_due(town.connection, late, limit=2) for _ in range(3)] == [2, 1, 0]
    assert town.score(ann) == 0
    assert [at for at, _, kind in town.ledger(ann) if kind is EXPIRY] == [START + DAY + n * HOUR for n in range(3)]


def test_rescoring_leaves_what_rules_did_not_give(town: Town) -> None:
    other, ann, later = town.prospects("other", "ann", "later")
    town.did(ann, "page_viewed", "/pricing")
    town.did(ann, "page_viewed", "/about", bot=True)
    town.learn(plans(rule("page_viewed", 1, category="a", expires_after=days(1))))
    town.did(later, "page_viewed", "/pricing", at=START + DAY)
    town.adjust(ann, 7)
    town.adjust(other, 5)
    changed = plans(rule("page_viewed", 20, category="b"), inactivity=Inactivity(days(30), -10, 0))

    assert rescore(town.connection, changed, START, limit=2) == ann
    assert rescore(town.connection, changed, START, ann, limit=2) == later
    assert rescore(town.connection, changed, START, later) is None
    assert [town.score(each) for each in (other, ann, later)] == [5, 27, 0]
    assert (town.categories(other), town.categories(ann)) == ({}, {"b": 20})
    assert [kind for _, _, kind in town.ledger(ann)].count(MANUAL) == 1
    assert town.connection.scalar(select(func.count()).select_from(t.expiries)) == 0


def test_rescoring_to_the_same_rules_changes_nothing(town: Town) -> None:
    """Limits and expiry fall as they fell: what had expired, what came too late, what was one too many."""
    (ann,) = town.prospects("ann")
    applied = plans(
        rule("page_viewed", 1, limit=2, limit_by="day"),
        rule("page_viewed", 10, limit=1, expires_after=days(5), category="a"),
        rule("page_viewed", 100, limit=1, limit_by="target", expires_after=days(60)),
    )
    for number, target in enumerate(("/a", "/b", "/a", "/b", "/c")):
        town.did(ann, "page_viewed", target, at=START + number * 5 * HOUR)
    town.did(ann, "page_viewed", "/late", at=START - 6 * DAY)
    town.learn(applied, START + 7 * DAY)
    before = (town.score(ann), sorted(town.ledger(ann)), town.categories(ann))
    now = START + 20 * DAY
    rescore(town.connection, applied, now)
    assert (town.score(ann), sorted(town.ledger(ann)), town.categories(ann)) == (
        before[0],
        sorted(before[1]),
        before[2],
    )
    assert expire_due(town.connection, now) == 0
    assert expire_due(town.connection, START + 90 * DAY) == 4
    assert town.score(ann) == 6 - 1
