"""Walks on paper: waits of every form, opening hours, dates; each walk begins on Tuesday 2026-12-01 at 20:00 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engage.graph.build import build
from engage.plan.compile import compile_plan
from engage.rehearse.walking import Passage, walk_by, ways
from tests.support.files import files_of, workspace_of

START = datetime(2026, 12, 1, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "leaves"),
    [
        ("{wait: 3 days}", "2026-12-04T20:00"),
        ("{wait: 2 business days}", "2026-12-03T20:00"),
        ("{wait: {until: next monday 09:00}}", "2026-12-07T09:00"),
        ('{wait: {until: "09:00"}}', "2026-12-02T09:00"),
        ("{wait: {until: 2026-12-24T09:00}}", "2026-12-24T09:00"),
        ("{wait: {until: 2026-11-24T09:00}}", "2026-12-01T20:00"),
        ("{after: 1 day, add_tag: x}", "2026-12-02T20:00"),
        ("{send_email: invite}", "2026-12-02T09:00"),
        ("{send_email: {template: invite, on_date: 2026-12-05T10:00}}", "2026-12-05T10:00"),
        ("{send_email: {template: invite, on_date: 2026-12-04T10:00}}", "2026-12-04T10:00"),
        ("{wait: {field: renewal_date}}", "2026-12-01T20:00"),
    ],
)
def test_how_long_a_step_takes(step: str, leaves: str) -> None:
    (passage,) = _walk(f"hours: business\nsteps: [{step}]\n")
    assert passage.left_at == datetime.fromisoformat(leaves).replace(tzinfo=UTC)


def _walk(text: str, *answers: str) -> tuple[Passage, ...]:
    workspace = workspace_of(files_of({"journey": text}, {}))
    journey = build(workspace.scenarios["journey"])
    return walk_by(journey, compile_plan(journey, workspace, 1), answers, START, workspace.hours)


def test_the_longest_time_of_a_path_with_a_field_s_day_is_not_known() -> None:
    text = """
    steps:
      - id: seen
        trigger: {page_viewed: any}
        within: 4 days
        yes: [{wait: {field: renewal_date}}]
        no: [{wait: 1 day}]
    """
    workspace = workspace_of(files_of({"journey": text}, {}))
    journey = build(workspace.scenarios["journey"])
    found, count = ways(journey, compile_plan(journey, workspace, 1), START, workspace.hours, 10)
    day = timedelta(days=1)
    assert (count, [(way.shortest, way.longest) for way in found]) == (2, [(0 * day, None), (5 * day, 5 * day)])


def test_named_ways_are_answered_by_their_names() -> None:
    text = """
    steps:
      - id: part
        split: {a: {share: 50, steps: [{wait: 1 day}]}, b: {share: 50}}
      - id: kind
        switch: [{name: big, case: {score: 1}, steps: [{wait: 2 days}]}]
        else: [{id: small, add_tag: small}]
    """
    walk = _walk(text, "a", "else")
    assert [passage.told for passage in walk] == ["part.a", "wait", "kind.else", "small"]
    assert walk[-1].left_at - START == timedelta(days=1)


def test_rounds_begin_a_time_after_the_one_before_began() -> None:
    text = """
    steps:
      - id: loop
        repeat: {times: 2, every: 3 days, until: {tag: x}, steps: [{wait: 1 day}]}
      - id: quick
        repeat: {times: 2, every: 3 days, until: {x_paid: any}, steps: [{wait: 1 day}]}
    """
    passages = {one.step: (one.left_at - START).days for one in _walk(text, "no", "no", "no", "yes")}
    assert passages == {"loop#1": 0, "wait#1": 1, "loop#2": 3, "wait#2": 4, "quick#1": 4, "wait-2#1": 5, "quick#2": 5}
