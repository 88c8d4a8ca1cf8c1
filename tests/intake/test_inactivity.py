"""Inactivity: points taken for each full span without activity, and the timers that look."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engage.intake import inactivity as module
from engage.intake.inactivity import count_inactive, start_inactivity
from engage.plan.moves import Inactivity, Plans
from engage.sql import tables as t
from engage.sql.codes import EntryKind, TimerKind
from tests.intake.town import DAY, HOUR, START, Town, days, plans, rule

TAKEN = EntryKind.INACTIVITY
RULE = Inactivity(days(30), -10, 0)


def due(town: Town, now: datetime) -> list[int]:
    """Return the timers that are due."""
    x = t.timers.c
    found = select(x.id).where(x.kind == TimerKind.INACTIVE, x.due_at <= now).order_by(x.id)
    return list(town.connection.scalars(found))


def count(town: Town, applied: Plans, now: datetime) -> None:
    """Count inactivity where a timer is due."""
    if timers := due(town, now):
        count_inactive(town.connection, applied, now, timers)


def timers(town: Town) -> list[tuple[datetime, list[int]]]:
    """Return each timer's moment and prospects."""
    rows = town.connection.execute(select(t.timers).order_by(t.timers.c.due_at, t.timers.c.id))
    kept = [(row._mapping["count"], row.due_at, sorted(row.ids)) for row in rows]
    assert all(number == len(ids) for number, _, ids in kept)
    return [(moment, ids) for _, moment, ids in kept]


def start(town: Town, applied: Plans, now: datetime = START) -> None:
    start_inactivity(town.connection, applied, now, select(t.standings.c.prospect_id))


def test_each_full_period_takes_points_at_its_own_moment_down_to_the_floor(town: Town) -> None:
    poor, below, some, rich = town.prospects("poor", "below", "some", "rich")
    applied = plans(inactivity=Inactivity(days(30), -10, 5))
    for each, points in ((below, -3), (some, 18), (rich, 100)):
        town.adjust(each, points)
    start(town, applied)
    count(town, applied, START + 30 * DAY - timedelta(microseconds=1))
    assert [town.score(each) for each in (poor, below, some, rich)] == [0, -3, 18, 100]
    count(town, applied, START + 95 * DAY)
    assert [town.score(each) for each in (poor, below, some, rich)] == [0, -3, 5, 70]
    taken = [entry for entry in town.ledger(some) if entry[2] is TAKEN]
    assert taken == [(START + 30 * DAY, -10, TAKEN), (START + 60 * DAY, -3, TAKEN)]
    assert {town.standing(each).inactive_periods for each in (poor, below, some, rich)} == {3}
    assert timers(town) == [(START + 120 * DAY, [poor, below, some, rich])]


def test_one_late_count_is_as_good_as_many_on_time(town: Town) -> None:
    (ann,) = town.prospects("ann")
    applied = plans(inactivity=RULE)
    town.adjust(ann, 25)
    start(town, applied)
    for month in range(1, 4):
        count(town, applied, START + month * 30 * DAY)
        count(town, applied, START + month * 30 * DAY)
    taken = [(at, points) for at, points, kind in town.ledger(ann) if kind is TAKEN]
    assert taken == [(START + 30 * DAY, -10), (START + 60 * DAY, -10), (START + 90 * DAY, -5)]


def test_activity_begins_the_time_anew_and_opens_do_not(town: Town) -> None:
    opener, visitor = town.prospects("opener", "visitor")
    applied = plans(inactivity=RULE)
    for each in (opener, visitor):
        town.adjust(each, 100)
    start(town, applied)
    town.did(opener, "email_opened", at=START + 20 * DAY)
    town.did(visitor, "page_viewed", at=START + 20 * DAY)
    town.learn(applied, START + 20 * DAY)
    count(town, applied, START + 45 * DAY)
    assert [town.score(each) for each in (opener, visitor)] == [90, 100]
    assert timers(town) == [(START + 50 * DAY, [visitor]), (START + 60 * DAY, [opener])]
    count(town, applied, START + 50 * DAY)
    town.did(visitor, "page_viewed", at=START + 55 * DAY)
    town.learn(applied, START + 55 * DAY)
    assert (town.score(visitor), town.standing(visitor).inactive_periods) == (90, 0)


def test_an_activity_learnt_late_makes_nobody_pay_twice(town: Town) -> None:
    """Counted at days 30, 60 and 90; then a visit of day 10 is learnt: its periods end at 40, 70, 100, 130."""
    (ann,) = town.prospects("ann")
    applied = plans(inactivity=RULE)
    town.adjust(ann, 100)
    start(town, applied)
    count(town, applied, START + 95 * DAY)
    town.did(ann, "page_viewed", at=START + 10 * DAY)
    town.learn(applied, START + 105 * DAY)
    count(town, applied, START + 129 * DAY)
    assert town.score(ann) == 70
    count(town, applied, START + 130 * DAY)
    assert town.score(ann) == 60


def test_history_before_creation_counts_from_the_last_activity(town: Town) -> None:
    fresh, old = town.prospects("fresh", "old")
    applied = plans(rule("page_viewed", 50), inactivity=RULE)
    start(town, applied)
    town.did(fresh, "page_viewed", at=START - DAY)
    town.did(old, "page_viewed", at=START - 65 * DAY)
    town.learn(applied)
    count(town, applied, START)
    assert [town.score(each) for each in (fresh, old)] == [50, 30]


def test_timers_are_packed_by_the_minute(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    applied = plans(inactivity=RULE)
    second = timedelta(seconds=1)
    first = town.prospects("a", "b", "c", created_at=START + 10 * second)
    others = town.prospects("d", created_at=START + 5 * second) + town.prospects("e", created_at=START + HOUR)
    long_ago = town.prospects("f", created_at=START - 90 * DAY) + town.prospects("g", created_at=START - 91 * DAY)
    start(town, applied)
    month = START + 30 * DAY
    assert timers(town) == [
        (START, list(long_ago)),
        (month + 5 * second, [first[2], others[0]]),
        (month + 10 * second, list(first[:2])),
        (month + HOUR, [others[1]]),
    ]


def test_without_the_rule_timers_go_and_nothing_else_happens(town: Town) -> None:
    (ann,) = town.prospects("ann")
    town.adjust(ann, 100)
    start(town, plans())
    assert timers(town) == []
    start(town, plans(inactivity=RULE))
    count(town, plans(), START + 90 * DAY)
    assert (town.score(ann), timers(town)) == (100, [])
