"""What is told of a past moment is what was told at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from engage.rehearse.explain import explain
from engage.rehearse.explained import Explanation
from engage.rehearse.older import older_plans
from tests.support.moments import When
from tests.support.world import World

COMPANY = """
name: Example
locale: en
timezone: Asia/Tokyo
hours: {days: [mon, tue, wed, thu, fri], between: "09:00-18:00"}
sender: {name: Example marketing, email: marketing@example.co.jp, address: "1-1 Chiyoda, Tokyo"}
limits: {emails_per_prospect: {count: 2, within: 2 days}}
fields: {renewal_date: {type: date}}
"""
#: Somebody stands a while at each of its waits, in turn.
WAITS = """
audience: {lists: [members], suppress: {where: {tag: stop}}}
hours: business
steps:
  - {id: later, after: 1 hour, add_tag: seen}
  - {id: nap, wait: 1 day}
  - {id: first, send_email: {template: one}}
  - {id: opened, trigger: {email_opened: first}, within: 1 day}
  - {id: dated, send_email: {template: two, on_date: "2026-12-04T10:00"}}
  - {id: third, send_email: {template: three}}
  - {id: wednesday, wait: {until: "next wednesday 09:00"}}
  - {id: renewal, wait: {field: renewal_date, offset: -3 days, at: "08:00"}}
  - id: loop
    repeat: {times: 2, every: 1 day, until: {page_viewed: /bought}, steps: [{id: points, adjust_score: +1}]}
  - {id: business, wait: 2 business days}
"""


class Diary:
    """What was told of somebody after each tick, and what is told of it later."""

    def __init__(self, world: World, who: str) -> None:
        self.world, self.who = world, who
        self.told: list[Explanation] = []

    def asked(self, now: datetime) -> Explanation:
        """Ask for an explanation of a moment."""
        world = self.world
        with world.engine.connect() as connection:
            older = older_plans(connection, world.applied.workspace, world.plans)
            found = explain(connection, world.plans, older, f"{self.who}@example.com", now)
        assert found is not None
        return found

    def ticks(self, *whens: When, deliver: bool = True) -> None:
        """Tick, deliver at once, and write down what is told."""
        for when in whens:
            self.world.tick(when)
            if deliver and self.world.deliver():
                self.world.tick()
            self.told.append(self.asked(self.world.now))

    def places(self) -> list[str]:
        """Return where the run stood, and until when it waited, each time."""
        found = []
        for each in self.told:
            following = each.scenarios[0].runs[-1].next if each.scenarios[0].runs else None
            due = "" if following is None or following.due_at is None else f" {following.due_at:%d %H:%M}"
            found.append("-" if following is None else f"{following.step} {following.phase}{due}")
        return found

    def check(self) -> None:
        """Hold what is told now against what was told then."""
        for then in self.told:
            now = self.asked(then.at)
            assert now.ledger == then.ledger
            assert now.grade == then.grade
            for before, after in zip(then.scenarios, now.scenarios, strict=True):
                assert [run.next for run in after.runs] == [run.next for run in before.runs], f"{then.at}"
                assert after == before, f"{then.at}"
            assert now == replace(then)


def test_each_wait_is_told_as_it_was_told_then(engine: Engine) -> None:
    world = World(engine, WAITS, engage=COMPANY)
    diary = Diary(world, "a")
    world.add("a", score=3, renewal_date="2026-12-13")
    diary.ticks("2026-12-01T08:00", "2026-12-01T09:00")  # Tuesday, 17:00 and 18:00 in Tokyo
    world.adjust("a", 5, at="2026-12-02T01:00")
    diary.ticks("2026-12-02T01:00", "2026-12-02T09:00", "2026-12-03T00:00")
    world.activity("a", "email_opened", "first", at="2026-12-03T02:00")
    diary.ticks("2026-12-03T02:00", "2026-12-04T01:00", "2026-12-04T15:00")
    world.add_tag("a", "stop", "2026-12-05T00:00")
    diary.ticks("2026-12-05T00:00")
    world.remove_tag("a", "stop", "2026-12-06T00:00")
    diary.ticks("2026-12-06T00:00", "2026-12-07T00:00")
    diary.ticks("2026-12-09T00:00")
    world.set("a", at="2026-12-09T06:00", renewal_date="2026-12-14")
    diary.ticks("2026-12-09T06:00", "2026-12-09T23:00", "2026-12-10T23:00")
    world.activity("a", "page_viewed", "/bought", at="2026-12-11T13:00")
    diary.ticks("2026-12-11T13:00")
    world.pause("2026-12-12T00:00")
    diary.ticks("2026-12-12T01:00")
    world.resume("2026-12-14T00:00")
    diary.ticks("2026-12-14T00:00", "2026-12-16T13:00", "2026-12-17T13:00")
    assert diary.places() == [
        "later stays 01 09:00", "nap waits 02 09:00", "nap waits 02 09:00", "first waits 03 00:00",
        "opened waits 04 00:00", "dated waits 04 01:00", "third waits 04 15:00", "third waits 07 00:00",
        "third waits 07 00:00", "third waits 07 00:00", "wednesday waits 09 00:00", "renewal waits 09 23:00",
        "renewal waits 10 23:00", "renewal waits 10 23:00", "loop#2 waits 11 23:00", "business waits 15 13:00",
        "business waits 15 13:00", "business waits 17 13:00", "business waits 17 13:00", "-",
    ]  # fmt: skip
    diary.check()


def test_a_scenario_that_was_stopped_and_started_again_is_told_as_it_was(engine: Engine) -> None:
    """It runs, is paused, is stopped in the pause, runs again, and is stopped for good."""
    world = World(engine, "audience: {lists: [members]}\nreentry: always\nsteps: [{wait: 9 days}]\n", start=False)
    diary = Diary(world, "a")
    world.add("a")
    diary.ticks("0 days")
    world.start("1 day")
    diary.ticks("2 days")
    world.pause("3 days")
    diary.ticks("4 days")
    world.stop("5 days")
    diary.ticks("6 days")
    world.start("7 days")
    diary.ticks("8 days")
    world.stop("9 days")
    diary.ticks("10 days")
    told = [each.scenarios[0].state for each in diary.told]
    assert told == ["draft", "running", "paused", "stopped", "running", "stopped"]
    diary.check()


RULES = """
steps:
  - {id: warm, rule: {score: {gte: 10}}, yes: [{create_todo: {subject: Call, to: "user:sato"}}]}
  - {wait: 2 days}
  - {id: still, rule: {score: {category: web, gte: 5}}}
  - {wait: 9 days}
"""
BEFORE = """
rules:
  - {activity: page_viewed, points: 5, category: web, limit: 2 per day}
  - {activity: form_submitted, points: 7, expires_after: 3 days}
  - {activity: file_downloaded, points: 2}
"""
AFTER = """
rules:
  - {activity: page_viewed, points: 1, category: web}
  - {activity: form_submitted, points: 7, expires_after: 1 day}
  - {activity: file_downloaded, points: 2}
"""


def test_scores_and_what_they_decided_stand_as_they_stood_before_a_rescoring(engine: Engine) -> None:
    world = World(engine, RULES, scoring=BEFORE)
    diary = Diary(world, "a")
    world.add("a", score=1)
    for hour in range(3):
        world.activity("a", "page_viewed", "/", at=f"{hour} hours")
    world.activity("a", "form_submitted", "demo", at="1 hour")
    world.activity("a", "file_downloaded", "x", at="2 hours")
    diary.ticks("3 hours", "1 day")
    world.apply(None, "30 hours", scoring=AFTER)
    diary.ticks("31 hours", "2 days 3 hours", "5 days")
    assert [(each.score, len(each.ledger)) for each in diary.told] == [(20, 5), (20, 5), (6, 7), (6, 7), (6, 7)]
    diary.check()
    run = diary.asked(world.now).scenarios[0].runs[0]
    assert [(taken.step, taken.outcome) for taken in run.steps if taken.kind == "rule"] == [
        ("warm", "yes"), ("still", "no"),
    ]  # fmt: skip
    found = {taken.step: taken.grounds[0] for taken in run.steps if taken.grounds}
    assert (found["warm"].verdict.found, found["still"].verdict.found) == ("20", "3")
    assert all(ground.agrees for ground in found.values())


def test_a_rescoring_leaves_what_the_new_rules_give_too(engine: Engine) -> None:
    world = World(engine, RULES, scoring=BEFORE)
    world.add("a")
    world.activity("a", "form_submitted", "demo", at="1 hour")
    world.activity("a", "file_downloaded", "x", at="1 hour")
    world.tick("1 hour")
    kept = world.rows("score_entries", "id", "made_at", "points")
    world.apply(None, "2 hours", scoring=AFTER)
    assert world.rows("score_entries", "id", "made_at", "points") == kept
    assert world.rows("former_entries", "id") == []
    world.tick("25 hours")
    assert Diary(world, "a").asked(world.now).score == 2
    assert world.audit() == ()
