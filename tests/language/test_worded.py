"""A condition in words: what YAML would read otherwise is quoted."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from engage.language.conditions import FieldIs
from engage.language.vocabulary import Vocabulary
from engage.language.where import read_where
from engage.language.worded import worded

ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("製造業", "製造業"),
        ("it services", "it services"),
        ("a-b_c/d", "a-b_c/d"),
        ("3m", "'3m'"),
        ("true", "'true'"),
        ("no", "'no'"),
        ("null", "'null'"),
        ("a: b", "'a: b'"),
        ("o'neill", "'o''neill'"),
        ("--", "'--'"),
    ],
)
def test_a_text_stands_quoted_where_it_must(value: str, shown: str) -> None:
    assert worded(FieldIs("industry", "text", False, "eq", (value,))) == f"industry: {shown}"


@pytest.mark.parametrize(("value", "shown"), [(True, "true"), (False, "false")])
def test_a_truth_stands_as_yaml_writes_it(value: bool, shown: str) -> None:
    assert worded(FieldIs("do_not_call", "boolean", False, "eq", (value,))) == f"do_not_call: {shown}"


@pytest.mark.parametrize(("value", "shown"), [(300, "300"), (2.0, "2"), (2.5, "2.5")])
def test_a_number_stands_as_short_as_it_can(value: float, shown: str) -> None:
    assert worded(FieldIs("employees", "number", False, "gte", (value,))) == f"employees: {{gte: {shown}}}"


@pytest.mark.parametrize(("days", "shown"), [(1, "1 day"), (2, "2 days")])
def test_days_stand_as_people_count_them(days: int, shown: str) -> None:
    condition, problems = read_where(f"activity: {{type: page_viewed, within: {days} days}}", Vocabulary(ZONE))
    assert condition is not None, problems
    assert shown in worded(condition).replace("'", "").removesuffix("}").split(": ")
