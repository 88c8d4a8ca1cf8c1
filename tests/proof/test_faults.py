"""Faults that no other test is about: edits and deletions with people inside, clocks that leap, those who come back."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from engage.app import App, apply
from engage.language.zones import day_start, local_day
from engage.settings import Settings
from engage.sql.connect import connect
from tests.proof.audit import problems
from tests.proof.history import history
from tests.proof.interference import before_statements
from tests.support.files import files_of, workspace_of
from tests.support.moments import START, at
from tests.support.world import World

EVERY_DAY = """
name: Example
timezone: Asia/Tokyo
hours: {days: [mon, tue, wed, thu, fri, sat, sun], between: "09:00-18:00"}
sender: {name: Example, email: m@example.com, address: Tokyo}
fields: {renewal_date: {type: date}}
"""
WITHOUT_FIELD = EVERY_DAY.replace("fields: {renewal_date: {type: date}}\n", "")


# who comes back


@pytest.mark.parametrize(
    ("reentry", "unmatched", "runs", "state"),
    [
        ("never", "hold", 1, "active"),
        ("never", "continue", 1, "active"),
        ("never", "exit", 1, "left"),
        ("always", "hold", 1, "active"),
        ("always", "continue", 1, "active"),
        ("always", "exit", 2, "active"),
        ("{after: 30 days}", "exit", 1, "left"),
        ("{after: 1 day}", "exit", 2, "active"),
    ],
)
def test_who_leaves_the_list_and_comes_back_in_a_wait_has_one_open_run_at_most(
    engine: Engine, reentry: str, unmatched: str, runs: int, state: str
) -> None:
    """FAULTS R18: off the list on day 2, on it again on day 4; a second run only where the scenario allows it."""
    head = f"audience: {{lists: [members], unmatched: {unmatched}}}\nreentry: {reentry}\n"
    world = World(engine, head + "steps: [{send_email: hello}, {wait: 9 days}]\n")
    world.add("a")
    world.tick("0 days")
    world.remove_from_list("a", "members", "2 days")
    world.tick("2 days")
    world.add_to_list("a", "members", "4 days")
    world.ticks("4 days", "5 days")
    assert (world.runs("a"), world.state("a"), len(world.emails())) == (runs, state, runs)
    assert problems(engine) == []


# edits

BEFORE = """
steps:
  - {id: first, wait: 10 days}
  - {id: second, wait: 10 days}
  - {id: third, add_tag: third}
  - {id: fourth, wait: 10 days}
"""
#: ``inserted`` is new, ``second`` bears another name, ``third`` stands before it.
AFTER = """
moved: {second: renamed}
steps:
  - {id: inserted, add_tag: inserted}
  - {id: first, wait: 10 days}
  - {id: third, add_tag: third}
  - {id: renamed, wait: 12 days}
  - {id: fourth, wait: 10 days}
"""


def peopled(engine: Engine) -> World:
    """Return a world in which some wait at the first, some at the second and some at the fourth step."""
    world = World(engine, BEFORE)
    world.people("a", "b", "c")
    world.tick("0 days")
    world.people("d", "e", "f")
    world.tick("10 days")
    world.people("g", "h")
    world.tick("20 days")
    assert [world.at(who) for who in "adg"] == ["fourth", "second", "first"]
    return world


def killed_apply(url: str, nth: int) -> bool:
    """Apply the later version in a child that kills itself at its n-th statement; tell whether it got so far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    reached = 0

    def act(statement: str) -> None:
        nonlocal reached
        reached += statement.startswith(("INSERT", "UPDATE", "DELETE"))
        if reached == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        engine = connect(url)
        with before_statements(engine, act):
            workspace = workspace_of(files_of({World.KEY: AFTER}, {}))
            apply(App(Settings(Path(), url), engine), workspace, at("21 days"))
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_an_edit_killed_in_its_midst_changes_nothing_and_can_be_made_again(engine: Engine) -> None:
    """FAULTS R19: steps inserted, deleted, renamed and set in another order with people inside; killed in the save."""
    world = peopled(engine)
    url = engine.url.render_as_string(hide_password=False)
    before = history(engine)
    engine.dispose()
    for nth in (1, 4, 8, 12):
        assert killed_apply(url, nth)
        assert history(engine) == before
        engine.dispose()
    assert not killed_apply(url, 10_000)
    world._applied = None
    world.tick("21 days")
    assert [world.at(who) for who in "adg"] == ["fourth", "renamed", "first"]
    assert world.tagged("inserted") == set()
    world.ticks("30 days", "33 days", "42 days", "43 days", "52 days")
    assert world.inside() == {}
    assert [world.path(who) for who in "adg"] == [["third"], [], ["third"]]
    assert [world.ends_at(who) for who in "adg"] == [at("30 days"), at("43 days"), at("52 days")]
    assert problems(engine) == []


def test_what_older_versions_began_runs_on_under_later_ones(engine: Engine) -> None:
    """FAULTS R20: no release is older than this one, so the old history is that of a scenario's earlier versions."""
    old = "steps: [{id: rest, wait: 20 days}, {id: done, add_tag: done}]\n"
    edited = "steps: [{id: rest, wait: 20 days}, {id: mail, send_email: hello}, {id: done, add_tag: done}]\n"
    world = World(engine, old)
    world.add("one")
    world.tick("0 days")
    world.apply(edited, "5 days")
    world.add("two")
    world.tick("5 days")
    world.apply(old, "10 days")
    world.add("three")
    world.tick("10 days")
    world._applied = None  # as a process that knows only what the database holds
    world.ticks("20 days", "25 days", "30 days")
    assert [world.path(who) for who in ("one", "two", "three")] == [["done"]] * 3
    assert [world.ends_at(who) for who in ("one", "two", "three")] == [at("20 days"), at("25 days"), at("30 days")]
    assert problems(engine) == []


@pytest.mark.parametrize(
    ("name", "without", "said"),
    [
        ("lists", "others: {name: Others}\n", "list 'members' is not known"),
        (
            "team",
            "users: {sato: {name: Sato, email: s@example.com, role: sales}}\n",
            "queue 'inside-sales' is not known",
        ),
        (
            "engage",
            EVERY_DAY.replace("fields: {renewal_date: {type: date}}\n", ""),
            "field 'renewal_date' is not known",
        ),
    ],
)
def test_what_a_running_scenario_uses_cannot_be_deleted(engine: Engine, name: str, without: str, said: str) -> None:
    """FAULTS R21: refused with the place that uses it; who is inside goes on as before."""
    journey = """
        steps:
          - {wait: {field: renewal_date}}
          - {id: call, create_todo: {subject: Call, to: "queue:inside-sales"}}
        """
    world = World(engine, journey, engage=EVERY_DAY)
    world.add("a", renewal_date="2026-12-05")
    world.tick("2026-12-01T00:00")
    with pytest.raises(AssertionError, match=rf"scenarios/journey.yaml:\d+:\d+: {said}"):
        world.apply(when="2026-12-02T00:00", **{name: without})  # type: ignore[arg-type]
    world.tick("2026-12-05T00:00")
    assert world.path("a") == ["call"]


def test_a_step_cut_out_with_what_it_used_leaves_nobody_stuck(engine: Engine) -> None:
    """FAULTS R21: the field goes, and the wait for it; who waited there goes on at the next step."""
    world = World(engine, "steps: [{id: day, wait: {field: renewal_date}}, {add_tag: done}]\n", engage=EVERY_DAY)
    world.add("a", renewal_date="2027-12-05")
    world.tick("0 days")
    world.apply("steps: [{add_tag: done}]\n", "1 day", engage=WITHOUT_FIELD)
    world.tick("1 day")
    assert world.tagged("done") == {"a"}
    assert world.inside() == {}
    assert problems(engine) == []


def test_a_changed_rhythm_goes_on_at_its_next_moment_and_a_missed_tick_waits_for_no_other(engine: Engine) -> None:
    """FAULTS R22: every hour becomes every three; a tick missed in a rhythm of two days is made up for at once."""
    loop = "steps: [{id: loop, repeat: {times: 4, every: LENGTH, steps: [{add_tag: told}, {adjust_score: +1}]}}]\n"
    world = World(engine, loop.replace("LENGTH", "1 hour"))
    world.add("a")
    world.ticks("0 hours", "1 hour")
    assert world.score("a") == 2
    world.apply(loop.replace("LENGTH", "3 hours"), at("1 hour") + timedelta(minutes=30))
    world.ticks(at("1 hour") + timedelta(minutes=30), "3 hours")
    assert world.score("a") == 2
    world.tick("4 hours")
    assert world.score("a") == 3
    world.apply(loop.replace("LENGTH", "2 days"), "5 hours")
    world.ticks("3 days", "3 days 1 hour")
    assert (world.score("a"), world.state("a"), world.ends_at("a")) == (4, "completed", at("3 days"))


# clocks


@pytest.mark.parametrize("days", [1, 365])
def test_a_clock_that_leaps_ahead_is_an_outage_and_nothing_runs_together(engine: Engine, days: int) -> None:
    """FAULTS R41: each wait ends once, what follows is timed from then; a past date is skipped, the cap holds."""
    steps = """
        steps:
          - {id: dated, send_email: {template: seminar, on_date: 2026-12-01T10:00}}
          - {id: one, send_email: one, after: 6 hours}
          - {id: two, send_email: two, after: 2 hours}
        """
    limits = "limits: {emails_per_prospect: {count: 1, within: 7 days}}\n"
    world = World(engine, steps, engage=EVERY_DAY + limits)
    world.people("a", "b")
    world.tick("0 days")
    leapt = START + timedelta(days=days)
    world.tick(leapt)
    assert (world.path("a"), world.emails()) == (["dated.skipped"], [])
    world.ticks(leapt + timedelta(hours=6), leapt + timedelta(hours=6, minutes=1))
    assert [(mail.who, mail.step) for mail in world.emails()] == [("a", "one"), ("b", "one")]
    world.deliver()
    world.ticks(leapt + timedelta(hours=8), leapt + timedelta(days=5))
    assert len(world.emails()) == 2
    assert not world.tick(START + timedelta(hours=1)).done
    world.tick(leapt + timedelta(days=8))
    assert sorted((mail.who, mail.step) for mail in world.emails())[1::2] == [("a", "two"), ("b", "two")]


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/New_York"])
def test_one_birthday_mail_a_year_whoever_was_born_when(sqlite_engine: Engine, name: str) -> None:
    """FAULTS R42: four years of people born around the ends of months and on February 29."""
    journey = """
        steps:
          - repeat:
              times: 4
              every: 1 day
              steps: [{wait: {field: renewal_date, yearly: true, at: "00:00"}}, {id: mail, send_email: hello}]
        """
    zone = ZoneInfo(name)
    born = [
        date(1996, month, day) for month in (1, 2, 3, 8, 12) for day in (1, 28, 29, 30, 31) if (month, day) < (2, 30)
    ]
    born += [date(1995, 2, 28), date(1995, 12, 31)]
    world = World(sqlite_engine, journey, engage=EVERY_DAY.replace("Asia/Tokyo", name))
    for day in born:
        world.add(day.isoformat(), renewal_date=day.isoformat())
    world.tick("0 days")
    due = {day: [birthday(day, year) for year in range(2026, 2032)] for day in born}
    for day in sorted({day for days in due.values() for day in days if day > date(2026, 12, 1)}):
        world.tick(day_start(day, zone))
    got: dict[str, list[date]] = {}
    for mail in sorted(world.emails(), key=lambda mail: mail.at):
        got.setdefault(mail.who, []).append(local_day(mail.at, zone))
    ahead = {day: [each for each in days if each > date(2026, 12, 1)] for day, days in due.items()}
    assert got == {day.isoformat(): days[:4] for day, days in ahead.items()}


def birthday(born: date, year: int) -> date:
    """Return the day of a year on which somebody has their birthday."""
    leap = year % 4 == 0
    return date(year, 2, 28) if (born.month, born.day) == (2, 29) and not leap else born.replace(year=year)


def test_who_moves_around_the_world_while_waiting_gets_one_mail_a_day_and_none_early(engine: Engine) -> None:
    """FAULTS R43: 23 hours lie between Auckland and Honolulu; the opening is that of where somebody is, by then."""
    journey = """
        hours: {between: "09:00-17:00", timezone: prospect}
        steps:
          - {wait: {until: "09:00"}}
          - {id: one, send_email: one}
          - {wait: {until: "09:00"}}
          - {id: two, send_email: two}
        """
    world = World(engine, journey, engage=EVERY_DAY)
    world.add("to-honolulu", timezone="Pacific/Auckland")
    world.add("to-auckland", timezone="Pacific/Honolulu")
    world.ticks("0 hours", "19 hours", "20 hours")
    first = {("to-honolulu", "one"): at("20 hours"), ("to-auckland", "one"): at("19 hours")}
    assert {(mail.who, mail.step): mail.at for mail in world.emails()} == first
    world.set("to-honolulu", timezone="Pacific/Honolulu", at="21 hours")
    world.set("to-auckland", timezone="Pacific/Auckland", at="21 hours")
    for hour in range(21, 48):
        world.tick(f"{hour} hours")
    # 10:00 of the next day in Honolulu; in Auckland it is 08:00 when the wait ends, and 09:00 when the mail goes.
    then = {("to-honolulu", "two"): at("44 hours"), ("to-auckland", "two"): at("44 hours")}
    assert {(mail.who, mail.step): mail.at for mail in world.emails()} == first | then


# conditions


@pytest.mark.timeout(60)
def test_a_pattern_of_many_stars_is_asked_in_a_moment(engine: Engine) -> None:
    """FAULTS B20: a pattern that a regular expression would try in more ways than there are atoms."""
    pattern = "*".join("a" * 20)
    world = World(engine, f"steps: [{{rule: {{notes: {{matches: '*{pattern}*b'}}}}, yes: [], no: []}}]\n")
    world.add("a", notes="a" * 20_000)
    world.add("b", notes="a" * 20_000 + "b")
    world.tick("0 days")
    assert [world.path(who) for who in "ab"] == [["rule.no"], ["rule.yes"]]
