"""Whom a scenario keeps in mind: who matches, where it must be seen who begins to."""

from __future__ import annotations

import pytest

from engage.graph.build import build
from engage.plan.compile import compile_plan
from tests.support.starter import scenario


@pytest.mark.parametrize(
    ("text", "remembers"),
    [
        ("backfill: true", False),
        ("backfill: false", True),
        ("backfill: true\nreentry: {after: 30 days}", False),
        ("backfill: true\nreentry: always", True),
        ("backfill: false\nreentry: always", True),
        ("audience: {on: {form_submitted: demo}}\nbackfill: false", False),
        ("audience: {on: {form_submitted: demo}}\nreentry: always", False),
    ],
)
def test_those_who_match_are_kept_only_where_they_are_asked_for(text: str, remembers: bool) -> None:
    """A million rows less for a scenario that takes everybody once."""
    file, workspace = scenario(text)
    assert compile_plan(build(file), workspace).remembers is remembers
