"""What conditions mean: typed, folded, looked up (SPEC section 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engage.clock import micros
from engage.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Did,
    Emailed,
    FieldIs,
    GradeIs,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    Not,
    OnList,
    OwnedBy,
    ScoreIs,
    Tagged,
    changes_by_time,
    facets,
)
from engage.language.meaning import Reader
from engage.language.steps import Rule
from tests.support.starter import scenario

HOUR = timedelta(hours=1) // timedelta(microseconds=1)


def meaning(text: str) -> Condition:
    """Return the meaning of a rule's condition; it must have no mistakes."""
    file, workspace = scenario(f"steps: [{{rule: {text}}}]")
    reader = Reader(workspace.vocabulary, file.source, file.id, hours=True)
    word = file.model.steps[0]
    assert isinstance(word, Rule)
    found = reader.condition(word.rule, ("steps", 0, "rule"))
    assert reader.problems == []
    return found


def local(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Tokyo")))


def text_is(field: str, operator: str, *values: str) -> FieldIs:
    return FieldIs(field, "text", False, operator, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{industry: Ｓｏｆｔｗａｒｅ}", text_is("industry", "eq", "software")),
        ("{industry: [Software, Retail]}", text_is("industry", "in", "software", "retail")),
        ("{industry: {in: [A]}}", text_is("industry", "in", "a")),
        ("{industry: {ne: A}}", text_is("industry", "ne", "a")),
        ("{industry: {not_in: [A, B]}}", text_is("industry", "not_in", "a", "b")),
        ("{job_title: {contains: 部長}}", text_is("job_title", "contains", "部長")),
        ("{website: {matches: '*.Example.*'}}", text_is("website", "matches", "*.example.*")),
        ("{zip: 1000001}", text_is("zip", "eq", "1000001")),
        ("{employees: {gte: 100}}", FieldIs("employees", "integer", False, "gte", (100,))),
        ("{do_not_call: true}", FieldIs("do_not_call", "boolean", False, "eq", (True,))),
        ("{interest: ＣＲＭ}", FieldIs("interest", "text", True, "eq", ("crm",))),
        ("{seats: {exists: false}}", FieldIs("seats", "integer", True, "exists", (False,))),
        ("{renewal: 2026-12-01}", FieldIs("renewal", "date", True, "eq", ("2026-12-01",))),
        ("{renewal: {before: 2026-12-01}}", FieldIs("renewal", "date", True, "lt", ("2026-12-01",))),
        ("{renewal: {within: next 30 days}}", FieldIs("renewal", "date", True, "next_days", (30,))),
        ("{created_at: {after: 2026-12-01T09:00}}",
         FieldIs("created_at", "datetime", False, "gt", (local("2026-12-01T09:00"),))),
        ("{created_at: {gte: 2026-12-01}}",
         FieldIs("created_at", "datetime", False, "gte", (local("2026-12-01T00:00"),))),
        ("{created_at: {within: 2 weeks}}", FieldIs("created_at", "datetime", False, "within_days", (14,))),
        ("{created_at: {older_than: 3 hours}}",
         FieldIs("created_at", "datetime", False, "older_than_span", (3 * HOUR,))),
        ("{score: 100}", ScoreIs(None, (("eq", 100),))),
        ("{score: {gte: 1, lt: 9}}", ScoreIs(None, (("gte", 1), ("lt", 9)))),
        ("{score: {category: pricing, gte: 5}}", ScoreIs("pricing", (("gte", 5),))),
        ("{grade: B-}", GradeIs("in", (7,))),
        ("{grade: {gte: B-}}", GradeIs("gte", (7,))),
        ("{grade: {exists: false}}", GradeIs("exists", (0,))),
        ("{list: news}", OnList(("news",))),
        ("{list: hot}", ScoreIs(None, (("gte", 100),))),
        ("{list: [news, hot]}", AnyOf((OnList(("news",)), ScoreIs(None, (("gte", 100),))))),
        ("{tag: [VIP, Ｎｅｗ]}", Tagged(("vip", "new"))),
        ("{owner: user:sato}", OwnedBy(("user:sato",))),
        ("{owner: {exists: false}}", OwnedBy((), False)),
        ("{mailable: false}", Mailable(False)),
        ("{campaign: seminar}", InCampaign("seminar", ())),
        ("{campaign: {id: seminar, status: [invited, attended]}}", InCampaign("seminar", ("invited", "attended"))),
        ("{opportunity: {status: open, stage: Ｄｅｍｏ, amount: {gte: 5}}}",
         HasOpportunity(("open",), ("demo",), (("gte", 5),))),
        ("{activity: {type: page_viewed, target: '/Pricing*', count: {gte: 2}, within: 7 days}}",
         Did("page_viewed", "/pricing*", (("gte", 2),), 7)),
        ("{activity: {type: x_own, within: 2 hours}}", Did("x_own", None, (("gte", 1),), None, 2 * HOUR)),
        ("{todo: {status: completed, scenario: this}}", HasTodo("completed", "s")),
        ("{scenario: {id: s}}", InScenario("s", "ever")),
        ("{emailed: {count: {gte: 2}, within: 7 days}}", Emailed((("gte", 2),), 7)),
        ("{not: {tag: a}}", Not(Tagged(("a",)))),
        ("[{tag: a}, {tag: b}]", AllOf((Tagged(("a",)), Tagged(("b",))))),
        ("{all: [{tag: a}, {any: [{tag: b}]}]}", AllOf((Tagged(("a",)), AnyOf((Tagged(("b",)),))))),
    ],
)  # fmt: skip
def test_the_meaning_of(text: str, expected: Condition) -> None:
    assert meaning(text) == expected


def test_several_keys_and_several_operators_must_all_hold() -> None:
    found = meaning("{employees: {gte: 1, lte: 9}, tag: vip}")
    assert isinstance(found, AllOf)
    assert set(found.parts) == {
        Tagged(("vip",)),
        AllOf(
            (FieldIs("employees", "integer", False, "gte", (1,)), FieldIs("employees", "integer", False, "lte", (9,)))
        ),
    }


def test_no_condition_always_holds() -> None:
    file, workspace = scenario("steps: [{wait: 1 day}]")
    assert Reader(workspace.vocabulary, file.source).condition(None, ()) == ALWAYS


@pytest.mark.parametrize(
    ("text", "by_time"),
    [
        ("{created_at: {within: 7 days}}", True),
        ("{any: [{tag: x}, {not: {activity: {type: page_viewed, within: 7 days}}}]}", True),
        ("{emailed: {count: {gte: 1}}}", False),
        ("{renewal: {before: 2026-12-01}}", False),
    ],
)
def test_which_conditions_change_by_time_alone(text: str, by_time: bool) -> None:
    assert changes_by_time(meaning(text)) is by_time


def test_what_a_condition_reads() -> None:
    text = "{score: 1, any: [{tag: x}, {not: {last_activity_at: {exists: true}}}], company: x, opted_out: true}"
    assert facets(meaning(text)) == {"score", "tag", "activity", "field", "mailable"}
