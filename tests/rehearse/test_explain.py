"""Why somebody took a step: by the values of that moment, not of today."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from engage.rehearse.explain import explain
from engage.rehearse.explained import Explanation, Ground, Journey, Taken
from engage.rehearse.mirror import Verdict
from engage.rehearse.older import older_plans
from tests.support.world import World


def explained(world: World, who: str, *, scenario: str | None = None) -> Explanation:
    """Return the explanation of somebody at the latest moment."""
    with world.engine.connect() as connection:
        older = older_plans(connection, world.applied.workspace, world.plans)
        only = None if scenario is None else (scenario,)
        found = explain(connection, world.plans, older, f"{who}@example.com", world.now, only=only)
    assert found is not None
    return found


def journey(world: World, who: str, key: str = "journey") -> Journey:
    """Return one scenario of somebody's explanation."""
    return next(each for each in explained(world, who).scenarios if each.scenario == key)


def steps(world: World, who: str) -> dict[str, Taken]:
    """Return the steps of somebody's last run, by their ids."""
    return {taken.step: taken for taken in journey(world, who).runs[-1].steps}


def leaves(*grounds: Ground) -> list[tuple[str, bool | None, str | None]]:
    """Return the parts of some grounds that join nothing."""

    def each(verdict: Verdict) -> Iterator[tuple[str, bool | None, str | None]]:
        if not verdict.parts:
            yield verdict.words, verdict.holds, verdict.found
        for part in verdict.parts:
            yield from each(part)

    return [leaf for ground in grounds for leaf in each(ground.verdict)]


RULES = """
steps:
  - id: first
    rule: {any: [{score: {gte: 50}}, {all: [{city: Osaka}, {not: {tag: vip}}]}]}
    yes: [{set_field: {city: Kobe}}, {add_tag: vip}, {adjust_score: +60}]
  - id: again
    rule: {any: [{score: {gte: 50}}, {all: [{city: Osaka}, {not: {tag: vip}}]}]}
    yes: [{adjust_score: -50}]
  - id: third
    rule: {score: {gte: 50}}
  - wait: 1 day
  - id: later
    rule: {all: [{score: {gte: 10}}, {city: Kobe}]}
"""


def test_a_rule_by_the_values_of_its_moment(engine: Engine) -> None:
    world = World(engine, RULES)
    world.add("a", city="Osaka", score=5)
    world.add("b", city="Ｏsaka", score=5, tags=["VIP"])
    world.tick("0 days")
    world.set("a", at="12 hours", city="Kyoto")
    world.tick("1 day")
    world.set("a", at="2 days", city="Nara")
    world.adjust("a", 500, at="2 days")

    taken = steps(world, "a")
    assert [(step, each.outcome) for step, each in taken.items() if each.kind == "rule"] == [
        ("first", "yes"), ("again", "yes"), ("third", "no"), ("later", "no"),
    ]  # fmt: skip
    assert leaves(*taken["first"].grounds) == [
        ("score: {gte: 50}", False, "5"),
        ("city: osaka", True, "Osaka"),
        ("tag: vip", False, None),
    ]
    assert leaves(*taken["again"].grounds) == [
        ("score: {gte: 50}", True, "65"),
        ("city: osaka", False, "Kobe"),
        ("tag: vip", True, "VIP"),
    ]
    assert leaves(*taken["third"].grounds) == [("score: {gte: 50}", False, "15")]
    assert leaves(*taken["later"].grounds) == [("score: {gte: 10}", True, "15"), ("city: kobe", False, "Kyoto")]
    assert leaves(*steps(world, "b")["first"].grounds) == [
        ("score: {gte: 50}", False, "5"),
        ("city: osaka", True, "Ｏsaka"),
        ("tag: vip", True, "VIP"),
    ]
    for who in ("a", "b"):
        assert all(ground.agrees for each in steps(world, who).values() for ground in each.grounds)


def test_what_actions_did(engine: Engine) -> None:
    world = World(
        engine,
        """
        steps:
          - {id: invite, send_email: invite}
          - {id: owner, assign: "user:tanaka"}
          - {id: points, adjust_score: +7}
          - {id: call, create_todo: {subject: "Call {{ prospect.email }}", to: owner}}
          - {id: tags, add_tag: [x, y]}
          - {id: city, set_field: {city: Kobe}}
        """,
    )
    world.add("a", city="Osaka")
    world.add("b", opted_out=True, owner="user:sato")
    world.tick("0 days")
    world.deliver("1 hour")
    taken = steps(world, "a")
    assert dict(taken["invite"].details) == {"message": "invite", "sent": "2026-12-01 01:00"}
    assert dict(taken["owner"].details) == {"owner": "- → user:tanaka"}
    assert dict(taken["points"].details) == {"points": "+7"}
    assert dict(taken["call"].details) == {"ToDo": "Call a@example.com (user:tanaka, not_started)"}
    assert sorted(taken["tags"].details) == [("tag", "+x"), ("tag", "+y")]
    assert dict(taken["city"].details) == {"city": "Osaka → Kobe"}
    taken = steps(world, "b")
    assert (taken["invite"].outcome, taken["invite"].reason) == ("skipped", "opted out")
    assert dict(taken["invite"].details) == {"opted_out": "true"}
    assert (taken["owner"].reason, dict(taken["owner"].details)) == ("has an owner", {"owner": "user:sato"})


TRIGGER = """
steps:
  - {id: invite, send_email: invite}
  - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [], no: []}
  - {id: seen, trigger: {page_viewed: "/pricing*"}, within: 2 days, since: step, yes: [], no: []}
"""


def test_a_trigger_names_the_activity_that_decided_and_the_deadline(engine: Engine) -> None:
    world = World(engine, TRIGGER)
    world.people("a", "b")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("a", "email_opened", "invite", at="1 day")
    world.activity("a", "page_viewed", "/", at="1 day 1 hour")
    world.activity("a", "page_viewed", "/pricing/plans", at="1 day 2 hours")
    world.tick("1 day 3 hours")
    assert explained(world, "b").scenarios[0].runs[0].next is not None
    waiting = journey(world, "b").runs[0].next
    assert waiting is not None
    assert (waiting.step, waiting.details) == ("opened", (("waits for", "email_opened: invite"),))
    assert f"{waiting.due_at:%d %H:%M}" == "04 01:00"
    world.ticks("4 days", "6 days")

    taken = steps(world, "a")
    assert dict(taken["opened"].details)["event"].startswith("email_opened invite 2026-12-02 00:00")
    assert dict(taken["opened"].details)["deadline"] == "2026-12-04 01:00"
    assert taken["seen"].outcome == "no"
    taken = steps(world, "b")
    assert (taken["opened"].outcome, dict(taken["opened"].details)) == (
        "no",
        {"waits for": "email_opened: invite", "deadline": "2026-12-04 01:00"},
    )


def test_who_does_not_enter_is_held_or_left_and_why(engine: Engine) -> None:
    world = World(
        engine,
        """
        audience: {lists: [members], where: {country: JP}, suppress: {where: {tag: stop}}}
        goal: {opportunity: {status: won}}
        exit: {score: {gte: 100}}
        steps: [{id: nap, wait: 9 days}]
        """,
    )
    world.add("in", country="JP")
    world.add("abroad", country="US")
    world.add("stopped", country="JP", tags=["stop"])
    world.add("held", country="JP")
    world.add("won", country="JP")
    world.add("hot", country="JP")
    world.tick("0 days")
    world.add_tag("held", "stop", "1 day")
    world.opportunity("won", "deal", at="1 day", status="won", amount=5)
    world.adjust("hot", 120, at="1 day")
    world.tick("1 day")
    world.adjust("hot", -120, at="2 days")

    assert journey(world, "in").standing == "inside"
    assert leaves(*journey(world, "in").runs[0].entry) == [
        ("list: members", True, "members"),
        ("country: jp", True, "JP"),
    ]
    abroad = journey(world, "abroad")
    assert (abroad.standing, abroad.runs) == ("does not enter", ())
    assert leaves(*abroad.entry)[:2] == [("list: members", True, "members"), ("country: jp", False, "US")]
    stopped = journey(world, "stopped")
    assert [(ground.role, ground.verdict.holds) for ground in stopped.entry] == [
        ("audience", True), ("suppress", True), ("goal", False), ("exit", False),
    ]  # fmt: skip
    held = journey(world, "held").runs[0]
    assert held.state == "held"
    assert held.next is not None
    assert leaves(*held.next.grounds) == [("tag: stop", True, "stop")]
    assert leaves(*steps(world, "won")["nap"].grounds) == [("opportunity: {status: won}", True, "won 5")]
    hot = steps(world, "hot")["nap"]
    assert [ground.role for ground in hot.grounds] == ["exit"]
    assert leaves(*hot.grounds) == [("score: {gte: 100}", True, "120")]


def test_the_score_and_the_grade(engine: Engine) -> None:
    world = World(
        engine,
        "steps: [{id: bonus, adjust_score: +10}]",
        scoring="rules: [{activity: page_viewed, target: /pricing, points: 5, category: web}]",
        grading="""
        profiles:
          default:
            - {name: Software, match: {industry: Software}, worth: 2/3}
            - {name: Large, match: {employees: {gte: 100}}, worth: 1, mismatch: 0}
            - {name: In Osaka, match: {city: Osaka}, worth: 1/3}
          partner: [{name: All, match: {tag: partner}, worth: 1}]
        assign: [{profile: partner, when: {tag: partner}}]
        """,
    )
    world.add("a", industry="Software", employees=5)
    world.activity("a", "page_viewed", "/pricing", at="1 hour")
    world.tick("1 hour")
    found = explained(world, "a")
    assert found.score == 15
    assert {(p.points, p.kind, p.activity or p.step, p.category) for p in found.ledger} == {
        (10, "step", "bonus", None),
        (5, "rule", "page_viewed", "web"),
    }
    assert (found.grade.grade, found.grade.profile) == ("C-", "default")
    assert [(c.name, c.state, c.adds) for c in found.grade.criteria] == [
        ("Software", "matched", 2), ("Large", "not matched", 0), ("In Osaka", "unknown", 0),
    ]  # fmt: skip
    assert [verdict.words for verdict in found.grade.chosen] == ["tag: partner"]


def test_an_older_step_by_the_version_that_made_the_visit(engine: Engine) -> None:
    first = "steps: [{id: fits, rule: {city: Osaka}}, {wait: 2 days}, {id: late, rule: {city: Osaka}}]"
    world = World(engine, first)
    world.add("a", city="Osaka")
    world.tick("0 days")
    world.apply("steps: [{id: fits, rule: {city: Kobe}}, {wait: 2 days}, {id: late, rule: {score: {gte: 5}}}]", "1 day")
    world.ticks("1 day", "2 days")
    taken = steps(world, "a")
    assert [(taken[step].version, taken[step].outcome) for step in ("fits", "late")] == [(1, "yes"), (2, "no")]
    assert leaves(*taken["fits"].grounds) == [("city: osaka", True, "Osaka")]
    assert leaves(*taken["late"].grounds) == [("score: {gte: 5}", False, "0")]
