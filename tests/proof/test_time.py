"""Clocks that change, days that are missing, moments at the edges (R39, R40, R42, R46)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from engage.language.zones import day_start, local_day
from tests.proof.audit import dump, problems
from tests.support.files import ENGAGE
from tests.support.moments import at
from tests.support.world import World

INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
#: Zones and the day on which their clocks change: an hour lost and won, half an hour, at midnight, a whole day.
CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("Asia/Beirut", date(2027, 3, 28)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Africa/Cairo", date(2027, 10, 29)),
    ("America/Santiago", date(2027, 9, 5)),
    ("Asia/Tokyo", date(2027, 3, 28)),
]
ZONES = pytest.mark.parametrize(("name", "change"), CHANGES, ids=[f"{name}-{day}" for name, day in CHANGES])


def in_zone(name: str) -> str:
    """Return an engine.yaml of a company in a zone, which works every day."""
    days = "days: [mon, tue, wed, thu, fri, sat, sun]"
    return ENGAGE.replace("timezone: UTC", f"timezone: {name}").replace("days: [mon, tue, wed, thu, fri]", days)


@ZONES
def test_a_wait_of_a_day_is_24_hours_across_a_change_of_clocks(sqlite_engine: Engine, name: str, change: date) -> None:
    """A day is elapsed time, a business day keeps the time of day."""
    zone = ZoneInfo(name)
    steps = """
        steps:
          - {id: elapsed, wait: 1 day}
          - {id: kept, wait: 1 business day}
        """
    world = World(sqlite_engine, steps, engage=in_zone(name))
    world.tick(at("0 days"))
    noon = datetime.combine(change - timedelta(days=1), time(12), zone).astimezone(UTC)
    world.add("a", at=noon)
    world.tick(noon)
    world.tick(noon + 24 * HOUR - INSTANT)
    assert world.at("a") == "elapsed"
    world.tick(noon + 24 * HOUR)
    assert world.at("a") == "kept"
    arrived = (noon + 24 * HOUR).astimezone(zone)
    then = datetime.combine(arrived.date() + timedelta(days=1), arrived.time(), zone).astimezone(UTC)
    world.tick(then - INSTANT)
    assert world.at("a") == "kept"
    world.tick(then)
    assert world.ends_at("a") == then


@ZONES
def test_a_window_of_days_opens_at_the_first_instant_of_the_local_day(
    sqlite_engine: Engine, name: str, change: date
) -> None:
    """R39, R42: an audience is looked at when the local day begins, which is not midnight where clocks change then."""
    zone = ZoneInfo(name)
    steps = "audience: {where: {renewal_date: {within: next 1 days}}}\nsteps: [{id: mail, send_email: renew}]\n"
    world = World(sqlite_engine, steps, engage=in_zone(name))
    world.add("before", renewal_date=(change - timedelta(days=1)).isoformat())
    world.add("on", renewal_date=change.isoformat())
    world.add("after", renewal_date=(change + timedelta(days=1)).isoformat())
    found: dict[str, datetime] = {}
    for ahead in range(-3, 2):
        begins = day_start(change + timedelta(days=ahead), zone)
        for moment in (begins - INSTANT, begins, begins + 12 * HOUR):
            world.tick(moment)
            for mail in world.emails():
                found.setdefault(mail.who, mail.at)
    days = {"before": -2, "on": -1, "after": 0}
    assert found == {who: day_start(change + timedelta(days=ahead), zone) for who, ahead in days.items()}
    assert len(world.emails()) == 3


@ZONES
def test_a_limit_for_a_day_counts_once_on_every_local_date(engine: Engine, name: str, change: date) -> None:
    """R39: an event each half hour for three days, of which one has 23, 24 or 25 hours: three entries, never four."""
    zone = ZoneInfo(name)
    scoring = "rules: [{activity: page_viewed, points: 10, limit: 1 per day}]\n"
    world = World(engine, "steps: [{id: rest, wait: 1 day}]\n", scoring=scoring, engage=in_zone(name))
    world.add("a")
    first, last = day_start(change - timedelta(days=1), zone), day_start(change + timedelta(days=2), zone)
    moment, dates = first, set()
    while moment < last:
        world.activity("a", "page_viewed", "/", at=moment)
        dates.add(local_day(moment, zone))
        moment += 2 * HOUR
    world.activity("a", "page_viewed", "/", at=last - INSTANT)
    world.tick(last - INSTANT)
    assert len(dates) == 3
    assert world.score("a") == 30
    assert problems(engine, zone) == []


def test_a_tick_before_the_last_one_changes_nothing(engine: Engine) -> None:
    """R40: a clock that went back neither repeats nor undoes."""
    world = World(engine, "steps: [{id: mail, send_email: hello}, {id: rest, wait: 1 day}]\n")
    world.add("a")
    world.ticks("0 days", "2 days")
    world.add("b", at="2 days")
    before = dump(engine, ())
    assert not world.tick("1 day 23 hours").done
    assert not world.tick("2025-01-01T00:00").done
    assert dump(engine, ()) == before
    world.tick("2 days")
    assert world.inside() == {"b": "rest"}


def test_every_birthday_has_its_day_in_each_of_four_years(engine: Engine) -> None:
    """R42: windows of days around February 29 and the ends of months, the same on both databases."""
    steps = "audience: {where: {renewal_date: {within: next 1 days}}}\nsteps: [{id: mail, send_email: renew}]\n"
    days = [
        date(2027, 2, 28), date(2027, 3, 1), date(2027, 12, 31), date(2028, 1, 1), date(2028, 2, 28), date(2028, 2, 29),
        date(2028, 3, 1), date(2028, 3, 31), date(2028, 4, 30),
    ]  # fmt: skip
    world = World(engine, steps, engage=in_zone("Asia/Tokyo"))
    for day in days:
        world.add(day.isoformat(), renewal_date=day.isoformat())
    zone = ZoneInfo("Asia/Tokyo")
    world.tick("0 days")
    for day in days:
        for ahead in (2, 1):
            world.tick(max(day_start(day - timedelta(days=ahead), zone), world.now))
    got = {mail.who: local_day(mail.at, zone) for mail in world.emails()}
    assert got == {day.isoformat(): day - timedelta(days=1) for day in days}


@pytest.mark.parametrize(
    "moment",
    [
        "1970-01-01T00:00:00.000001",
        "2038-01-19T03:14:07.999999",
        "2038-01-19T03:14:08",
        "2106-02-07T06:28:16",
        "9998-12-30T00:00",
    ],
)
def test_moments_at_the_edges_are_computed(engine: Engine, moment: str) -> None:
    """R46: no wrap, no crash; a journey begins, waits ten years' worth and ends, wherever in time it stands."""
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    length = "1 hour" if now.year > 9000 else "520 weeks"
    steps = f"""
        steps:
          - {{id: mail, send_email: hello}}
          - {{id: page, trigger: {{page_viewed: any}}, within: {length}, yes: [], no: []}}
          - {{id: call, create_todo: {{subject: Call, to: "queue:inside-sales", due: 2 business days}}}}
        """
    world = World(engine, steps, start=False)
    world.now = now
    world.start(now)
    for who in "ab":
        world.add(who, at=now)
    world.tick(now)
    world.activity("a", "page_viewed", "/", at=now + timedelta(minutes=1))
    world.tick(now + timedelta(minutes=1))
    due = now + (HOUR if now.year > 9000 else timedelta(weeks=520))
    world.tick(due - INSTANT)
    assert world.inside() == {"b": "page"}
    world.tick(due)
    assert world.path("a") == ["mail", "page.yes", "call"]
    assert world.path("b") == ["mail", "page.no", "call"]
    assert problems(engine) == []


def test_days_at_the_edges_are_compared(engine: Engine) -> None:
    """R46: the first and the last day that can be written, and the end of a long year's last week."""
    steps = "audience: {where: {renewal_date: {before: 2027-01-04}}}\nsteps: [{id: rest, wait: 1 day}]\n"
    world = World(engine, steps)
    days = {
        "old": "1900-01-01",
        "epoch": "1970-01-01",
        "week53": "2027-01-03",
        "then": "2027-01-04",
        "far": "9998-12-31",
    }
    for who, day in days.items():
        world.add(who, renewal_date=day)
    world.add("none")
    world.tick("0 days")
    assert set(world.inside()) == {"old", "epoch", "week53"}
