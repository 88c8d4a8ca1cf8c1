"""What is told of the past cannot disagree with what the engine decided: random conditions, random histories."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, literal, select

from engage.intake.todos import complete_todo
from engage.language.conditions import Condition
from engage.language.where import read_where
from engage.language.worded import worded
from engage.rehearse.explain import explain
from engage.rehearse.hindsight import Hindsight
from engage.rehearse.mirror import mirror
from engage.rehearse.older import older_plans
from engage.reports.record import read_record
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.predicates import holds
from tests.support.world import START, World

#: One condition of each kind, and of each type of field.
LEAVES: list[dict[str, Any]] = [
    {"city": "Osaka"}, {"city": {"contains": "ka"}}, {"employees": {"gte": 10}}, {"annual_revenue": {"lt": 5.5}},
    {"product_interest": ["crm", "ma"]}, {"product_interest": {"exists": False}}, {"seats": {"ne": 3}}, {"trial": True},
    {"renewal_date": {"within": "next 30 days"}}, {"consent_at": {"older_than": "2 days"}}, {"do_not_call": True},
    {"last_activity_at": {"within": "2 days"}}, {"score": {"gte": 10}}, {"score": {"category": "web", "gte": 5}},
    {"grade": {"gte": "C"}}, {"list": "vip"}, {"tag": "Warm"}, {"owner": {"exists": False}}, {"owner": "user:sato"},
    {"mailable": True}, {"campaign": {"id": "launch", "status": ["attended"]}}, {"full_name": {"starts_with": "Ta"}},
    {"opportunity": {"status": "won", "amount": {"gte": 5}}}, {"opportunity": {"stage": "Proposal"}},
    {"activity": {"type": "page_viewed", "target": "/p*", "count": {"gte": 2}, "within": "3 days"}},
    {"todo": {"status": "open", "scenario": "journey"}}, {"scenario": {"id": "journey", "state": "active"}},
    {"emailed": {"count": {"gte": 1}, "within": "2 days"}}, {"created_at": {"within": "2 days"}},
]  # fmt: skip
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
#: What may happen to somebody between two ticks: a method of the world, and what it is told.
CHANGES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("set", (), {"city": "Osaka"}), ("set", (), {"city": None}), ("set", (), {"city": "ｏsaka", "last_name": "Tanaka"}),
    ("set", (), {"employees": 12, "annual_revenue": 7.5}), ("set", (), {"annual_revenue": 1.0, "do_not_call": True}),
    ("set", (), {"product_interest": "CRM", "seats": 3}), ("set", (), {"product_interest": None, "trial": True}),
    ("set", (), {"renewal_date": "2026-12-20", "consent_at": START - timedelta(days=5)}),
    ("set", (), {"owner": "user:sato"}), ("set", (), {"opted_out": True}), ("set", (), {"opted_out": False}),
    ("add_tag", ("warm",), {}), ("add_tag", ("other",), {}), ("adjust", (15,), {}), ("adjust", (-9,), {}),
    ("adjust", (6,), {"category": "web"}), ("opportunity", ("deal",), {"stage": "Proposal", "amount": 7.0}),
    ("opportunity", ("deal",), {"status": "won", "amount": 6.0}), ("campaign", ("launch", "attended"), {}),
    ("campaign", ("launch", "invited"), {}), ("activity", ("page_viewed", "/pricing"), {}),
    ("activity", ("page_viewed", "/"), {}), ("untag", (), {}), ("done", (), {}), ("list", ("vip",), {}),
]  # fmt: skip
OTHER = """
audience: {lists: [], where: {tag: warm}}
priority: %d
steps: [{set_field: {city: Kyoto}}, {adjust_score: +3}, {remove_tag: other}, {wait: 1 day}, {add_to_list: vip}]
"""
THOROUGH = os.environ.get("ENGAGE_HYPOTHESIS") == "thorough"
HEAVY = settings(
    max_examples=60 if THOROUGH else 4,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def scenario(rules: list[dict[str, Any]]) -> str:
    """Return a scenario of four rules with actions between them, each changing what later ones may ask."""
    first, second, third, fourth = (json.dumps(rule) for rule in rules)
    return f"""
steps:
  - {{id: first, rule: {first}, yes: [{{add_tag: warm}}, {{adjust_score: +4}}], no: [{{set_field: {{seats: 3}}}}]}}
  - {{id: invite, send_email: invite}}
  - id: second
    rule: {second}
    yes: [{{set_field: {{city: null}}}}]
    no: [{{create_todo: {{subject: x, to: "user:sato"}}}}]
  - {{wait: 1 day}}
  - {{id: third, rule: {third}, yes: [{{assign: "group:east"}}, {{remove_tag: warm}}], no: [{{opt_out: true}}]}}
  - {{wait: 1 day}}
  - {{id: fourth, rule: {fourth}}}
"""


@dataclass
class Life:
    """A world with one person, and what the engine said of conditions after each tick."""

    world: World

    def change(self, hours: int, name: str, given: tuple[Any, ...], known: dict[str, Any]) -> None:
        """Let one thing happen; what cannot happen now does not."""
        world, when = self.world, f"{hours} hours"
        match name:
            case "untag":
                if "warm" in world.tags("a"):
                    world.remove_tag("a", "warm", when)
            case "list":
                if given[0] in world.lists("a"):
                    world.remove_from_list("a", given[0], when)
                else:
                    world.add_to_list("a", given[0], when)
            case "add_tag":
                if given[0] not in world.tags("a"):
                    world.add_tag("a", given[0], when)
            case "done":
                self._complete(when)
            case "campaign":
                world.campaign("a", given[0], given[1], when)
            case _:
                getattr(world, name)("a", *given, at=when, **known)

    def _complete(self, when: str) -> None:
        now = self.world.moment(when)
        with self.world.engine.begin() as connection:
            for number in connection.scalars(select(t.todos.c.id).where(t.todos.c.status != "completed")).all():
                complete_todo(connection, number, None, now)

    def asked(self, conditions: list[Condition]) -> list[bool]:
        """Return what the engine says of conditions now."""
        now = Now.of(self.world.plans.house, self.world.now)
        columns = [holds(condition, literal(self.world.ids["a"]), now) for condition in conditions]
        with self.world.engine.connect() as connection:
            return [bool(value) for value in connection.execute(select(*columns)).one()]


@pytest.mark.parametrize("other", [None, 10, 90])
@HEAVY
@given(data=st.data())
def test_hindsight_and_the_engine_agree(engine: Engine, other: int | None, data: st.DataObject) -> None:
    with engine.begin() as connection:
        for table in t.metadata.sorted_tables:
            if table is not t.audit:  # which nothing takes from
                connection.execute(delete(table))
    rules = data.draw(st.lists(CONDITIONS, min_size=4, max_size=4))
    scenarios = {} if other is None else {"other": OTHER.replace("lists: [], ", "") % other}
    grading = "profiles: {default: [{name: City, match: {city: Osaka}, worth: 1}]}"
    scoring = "rules: [{activity: page_viewed, points: 4, category: web, expires_after: 1 days}]"
    world = World(engine, scenario(rules), scenarios=scenarios, grading=grading, scoring=scoring)
    life, vocabulary = Life(world), world.applied.workspace.vocabulary
    conditions: list[Condition] = []
    for text in data.draw(st.lists(CONDITIONS, min_size=3, max_size=5)):
        condition, problems = read_where(json.dumps(text), vocabulary)
        assert condition is not None, problems
        assert read_where(worded(condition), vocabulary)[0] == condition, "a condition in words means the same"
        conditions.append(condition)
    world.add("a", city="Osaka", employees=5)
    said = []
    for day in range(4):
        world.tick(f"{24 * day + 9} hours")
        said.append((world.now, life.asked(conditions)))
        for n, change in enumerate(data.draw(st.lists(st.sampled_from(CHANGES), max_size=4))):
            life.change(24 * day + 10 + n, *change)

    with engine.connect() as connection, mirror(world.plans.house) as private:
        sight = Hindsight(read_record(connection, world.ids["a"]), private, world.plans.house, {})
        for moment, verdicts in said:
            for condition, verdict in zip(conditions, verdicts, strict=True):
                told = sight.now("rule", condition, moment).verdict
                assert bool(told.holds) == verdict, f"{worded(condition)} at {moment}: {told}"
    with engine.connect() as connection:
        older = older_plans(connection, world.applied.workspace, world.plans)
        found = explain(connection, world.plans, older, "a@example.com", world.now, only=("journey",))
    assert found is not None
    (run,) = found.scenarios[0].runs
    assert [ground for ground in run.entry if not ground.agrees] == []
    assert [(taken, ground) for taken in run.steps for ground in taken.grounds if not ground.agrees] == []
