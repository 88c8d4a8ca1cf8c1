"""Versions of a scenario, what a change of files would do, and going back (SPEC sections 7 and 8; hole 4)."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engage.app import known_users, preview
from engage.errors import Refused
from engage.sql import tables as t
from engage.stepping.effect import Effect
from engage.stepping.preview import Changes
from engage.stepping.versions import version_of, versions_of, with_source
from tests.support.files import files_of, workspace_of
from tests.support.world import World


def previewed(world: World, scenario: str | None = None, when: str = "1 day", **files: str) -> Changes:
    """Return what applying would change; nothing is changed."""
    scenarios = dict(world._scenarios)
    if scenario is not None:
        scenarios[world.KEY] = scenario
    workspace = workspace_of(files_of(scenarios, world._files | files))
    before = world.rows("standings", "prospect_id", "score", "grade")
    changes = preview(world.app, workspace, world.moment(when))[0]
    assert world.rows("standings", "prospect_id", "score", "grade") == before
    return changes


def roll_back(world: World, number: int, when: str) -> None:
    """Apply an earlier version as a new one."""
    with world.engine.connect() as connection:
        source = version_of(versions_of(connection, world.KEY), number, world.KEY).source
    workspace = with_source(world.app.applied(), known_users(world.app), world.KEY, source)
    assert workspace.scenarios[world.KEY].text == source
    world.apply(source, when)


def test_a_step_brought_back_by_a_rollback_is_the_same_step(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: tagged, add_tag: one}]
    --- later
    steps: [{id: other, wait: 9 days}, {id: tagged, add_tag: one}]
    """
    world.add("first")
    world.tick("0 days")
    world.apply(later, "1 day")
    world.tick("1 day")
    assert world.tagged("one") == {"first"}
    world.add("second", at="1 day")
    world.tick("1 day 1 hour")
    assert world.at("second") == "other"
    roll_back(world, 1, "2 days")
    world.add("third", at="2 days")
    world.tick("2 days")
    assert world.tagged("one") == {"first", "second"}
    assert world.at("third") == "rest"
    rest = world.card()["rest"]
    assert (rest.entered, rest.skipped, rest.waiting, rest.version) == (2, 1, 1, 3)
    world.tick("6 days")
    assert world.tagged("one") == {"first", "second", "third"}
    with world.engine.connect() as connection:
        assert [v.number for v in versions_of(connection, world.KEY)] == [1, 2, 3]
    assert len({key for (key,) in world.rows("steps", "key")}) == len(world.rows("steps", "id"))


def test_a_timer_left_by_an_edit_moves_nobody_after_a_rollback(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: tagged, add_tag: one}]
    --- later
    steps: [{id: rest, wait: 2 days}, {id: tagged, add_tag: one}]
    """
    world.add("a")
    world.tick("0 days")
    world.apply(later, "1 day")
    roll_back(world, 1, "1 day 1 hour")
    world.ticks("2 days", "3 days 23 hours")
    assert world.at("a") == "rest"
    world.tick("4 days")
    assert world.tagged("one") == {"a"}


def test_a_rollback_is_refused_as_any_edit_is(world: World, later: str) -> None:
    """
    steps: [{id: done, add_tag: done}]
    --- later
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 5 days, yes: [{add_tag: "yes"}]}, {id: done, add_tag: done}]
    """
    world.apply(later, "0 days")
    world.add("a")
    world.tick("0 days")
    with pytest.raises(Refused, match="moved"):
        roll_back(world, 1, "1 day")
    assert world.at("a") == "asked"


def test_a_preview_counts_who_would_enter_and_leave_by_changed_scoring(world: World) -> None:
    """
    audience: {where: {score: {gte: 50}}, unmatched: exit}
    steps: [{wait: 9 days}]
    --- scoring.yaml
    rules: [{activity: page_viewed, points: 50}, {activity: email_opened, points: 1}]
    """
    world.people("reader", "submitter", "nobody")
    world.activity("reader", "page_viewed", "/a", at="0 days")
    world.activity("submitter", "form_submitted", "demo", at="0 days")
    world.ticks("0 days", "1 hour")
    assert world.inside() == {"reader": "wait"}
    rules = "rules: [{activity: page_viewed, points: 1}, {activity: form_submitted, points: 60, category: new}]"
    changes = previewed(world, scoring=rules)
    assert (changes.scoring, changes.effects.rescored) == (True, 2)
    assert changes.effects.of(world.KEY) == Effect(entering=1, leaving=1)
    world.apply(None, "1 day", scoring=rules)
    world.tick("1 day")
    assert world.inside() == {"submitter": "wait"}
    assert previewed(world, scoring=rules, when="2 days").empty


def test_a_preview_counts_who_would_enter_and_leave_by_changed_grading(world: World) -> None:
    """
    audience: {where: {country: JP}}
    goal: {grade: {gte: B}}
    steps: [{wait: 9 days}]
    --- grading.yaml
    profiles: {default: [{name: Industry, match: {industry: Software}, worth: 1}]}
    """
    world.people("a", "b", country="JP", industry="Software")
    world.add("c", country="JP", industry="Fishing")
    world.tick("0 days")
    assert len(world.inside()) == 3
    grading = "profiles: {default: [{name: Industry, match: {industry: Software}, worth: 2}]}"
    changes = previewed(world, grading=grading)
    assert (changes.grading, changes.effects.regraded) == (True, 2)
    assert changes.effects.of(world.KEY) == Effect(goal=2)
    world.apply(None, "1 day", grading=grading)
    world.tick("1 day")
    assert world.inside() == {"c": "wait"}


def test_a_changed_dynamic_list_changes_the_scenarios_that_name_it(world: World) -> None:
    """
    audience: {lists: [jp], unmatched: exit}
    steps: [{send_email: invite}, {wait: 9 days}]
    --- lists.yaml
    members: {name: Members}
    jp: {name: JP, where: {country: JP}}
    """
    world.add("jp", country="JP")
    world.add("us", country="US")
    world.tick("0 days")
    lists = "members: {name: Members}\njp: {name: US, where: {country: US}}"
    changes = previewed(world, lists=lists)
    change = changes.scenarios[0]
    assert (change.edited, change.audience_now, change.audience_then, change.mails) == (False, 1, 1, 1)
    assert changes.effects.of(world.KEY) == Effect(entering=1, leaving=1)
    world.apply(None, "1 day", lists=lists)
    world.tick("1 day")
    assert world.inside() == {"us": "wait"}
    assert world.card()["wait"].version == 1


def test_mails_at_once_counts_the_moved_the_overdue_and_those_who_enter(world: World, later: str) -> None:
    """
    audience: {where: {country: JP}}
    steps: [{id: gone, wait: 9 days}, {id: rest, wait: 9 days}, {id: invite, send_email: invite}]
    --- later
    audience: {where: {country: [JP, US]}}
    steps: [{id: rest, wait: 2 days}, {id: invite, send_email: invite}]
    """
    world.people("one", "two", country="JP")
    world.tick("0 days")
    world.tick("9 days")
    world.add("three", country="JP", at="10 days")
    world.people("four", "five", country="US", at="10 days")
    world.tick("10 days")
    assert world.inside() == {"one": "rest", "two": "rest", "three": "gone"}
    change = previewed(world, later, "12 days").scenarios[0]
    assert change.steps is not None
    assert (change.steps.removed, change.steps.changed, change.waiting) == (
        ("gone",),
        ("rest",),
        {"rest": 2, "gone": 1},
    )
    assert (change.audience_now, change.audience_then, change.mails) == (3, 5, 2)
    world.apply(later, "12 days")
    world.tick("12 days")
    assert len(world.emails()) == 2


def test_a_version_that_can_no_longer_be_read_is_replaced_by_one_that_says_where_its_waiters_go(world: World) -> None:
    """
    steps: [{id: rest, wait: 9 days}, {id: last, add_tag: last}]
    # FAULTS R20
    """
    world.add("a")
    world.tick("0 days")
    with world.engine.begin() as connection:
        files = t.applied_files
        spoilt = update(files).where(files.c.path == "scenarios/journey.yaml")
        connection.execute(spoilt.values(text="name: X\naudience: {lists: [members]}\nsteps: [{wait: 1 dayz}]\n"))
    with pytest.raises(Refused, match="moved"):
        world.apply("steps: [{id: last, add_tag: last}]", "1 day")
    world.apply("moved: {rest: last}\nsteps: [{id: last, add_tag: last}]", "1 day")
    world.tick("1 day")
    assert world.tagged("last") == {"a"}
    assert world.card()["last"].version == 2


def test_somebody_who_comes_to_wait_between_preview_and_apply_is_not_stranded(world: World, later: str) -> None:
    """
    steps: [{id: asked, trigger: {page_viewed: /a}, within: 5 days, yes: [{add_tag: "yes"}]}, {id: done, add_tag: done}]
    --- later
    steps: [{id: done, add_tag: done}]
    """
    from engage.stepping.compare import confirmed

    changes = previewed(world, later, "0 days")
    assert not changes.refusals
    world.add("a")
    world.tick("0 days")
    with world.engine.begin() as connection, pytest.raises(Refused, match="moved"):
        confirmed(connection, changes)


REWORDED = """
# a comment
description: What it is for
steps:
- id: rest   # another
  wait: 96 hours
- {id: tagged, "add_tag": [one]}
tests: [{name: one, prospect: {email: a@example.com, lists: [members]}, expect: {entered: true}}]
"""


def test_tests_description_comments_and_layout_make_no_version(world: World) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: tagged, add_tag: one}]
    """
    world.add("a")
    world.tick("0 days")
    timers = world.rows("timers", "kind", "due_at")
    found = previewed(world, REWORDED)
    assert (found.empty, found.changed, found.reworded) == (True, (), ("scenarios/journey.yaml",))
    world.apply(REWORDED, "1 day")
    assert world.rows("timers", "kind", "due_at") == timers
    with world.engine.connect() as connection:
        (only,) = versions_of(connection, world.KEY)
    assert (only.number, "another" in only.source) == (1, True)
    assert world.app.applied().workspace.scenarios[world.KEY].text == only.source
    assert previewed(world, REWORDED).reworded == ()
    world.tick("4 days")
    assert world.path("a") == ["tagged"]


@pytest.mark.parametrize(
    "change",
    [
        ("wait: 96 hours", "wait: 97 hours"), ("add_tag", "remove_tag"), ("one", "two"), ("# a comment", "priority: 1"),
        ("# a comment", "goal: {tag: won}"), ("id: rest", "id: rest\n  name: Rest"), ("id: tagged", "id: other"),
        ("# a comment", "hours: business"), ("# a comment", "name: Another"), ("# a comment", "backfill: false"),
    ],
)  # fmt: skip
def test_all_else_makes_a_version_with_the_comments_beside_it(world: World, change: tuple[str, str]) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: tagged, add_tag: one}]
    """
    assert change[0] in REWORDED
    found = previewed(world, REWORDED.replace(*change))
    assert (found.empty, found.changed, found.reworded) == (False, ("scenarios/journey.yaml",), ())
    assert [(each.after.version, each.edited) for each in found.scenarios] == [(2, True)]


def test_a_rollback_brings_back_the_text_kept_last_of_a_version(world: World, later: str) -> None:
    """
    steps: [{id: rest, wait: 4 days}, {id: tagged, add_tag: one}]
    --- later
    steps: [{id: rest, wait: 5 days}, {id: tagged, add_tag: one}]
    """
    world.apply(REWORDED, "1 day")
    world.apply(later, "2 days")
    roll_back(world, 1, "3 days")
    with world.engine.connect() as connection:
        found = versions_of(connection, world.KEY)
    assert [(each.number, "another" in each.source) for each in found] == [(1, True), (2, False), (3, True)]
