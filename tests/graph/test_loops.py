"""Checks of loops: the scenario stands in the docstring, the mistakes below it."""

from __future__ import annotations

import pytest

from engage.graph.build import build, in_order
from engage.graph.draw import as_json, dot, mermaid, svg
from engage.graph.picture import picture
from tests.support.starter import scenario, told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


LOOP = """
steps:
  - id: loop
    repeat:
      times: 2
      every: 2 days
      until: {email_clicked: {email: remind, link: "*/demo*"}}
      steps:
        - {id: remind, send_email: invite}
        - {rule: {tag: a}, yes: [{wait: 1 hour}, {end: true}]}
  - {id: last, add_tag: x}
"""


def test_loops_without_mistakes(said: list[str]) -> None:
    """
    steps:
      - id: one
        repeat: {times: 3, every: 1 week, until: [{score: {gte: 10}}, {tag: vip}], steps: [{add_tag: a}]}
      - id: two
        repeat:
          times: 12
          until: {trigger: [{email_opened: mail}, {x_paid: any}]}
          steps:
            - {id: mail, send_email: invite}
            - {trigger: {email_opened: mail}, within: 3 days, yes: [{go_to: on}]}
            - {wait: 1 day}
            - {id: on, wait: 1 day}
      - trigger: {email_opened: mail}
        within: 1 day
    """
    assert said == []


def test_mistakes_in_loops_are_told_once(said: list[str]) -> None:
    """
    steps:
      - repeat: {times: 0, steps: [{add_tag: a}]}
      - repeat: {times: 2, steps: []}
      - repeat: {every: 1 day, steps: [{add_tag: a}]}
      - repeat: {times: 3, until: {tagg: a}, steps: [{add_to_list: newz}]}
      - repeat: {times: 3, until: {form_submitted: dmo}, steps: [{id: only, add_tag: a}]}
      - repeat: {times: 3, until: {email_opened: later}, steps: [{add_tag: a}]}
      - {id: later, send_email: invite}
      - {go_to: only}
    """
    assert said == [
        "s.yaml:2:21: this must be at least 1",
        "s.yaml:3:31: this must not be empty",
        "s.yaml:4:13: times is missing",
        "s.yaml:5:32: field 'tagg' is not known; did you mean tag?",
        "s.yaml:5:64: list 'newz' is not known; did you mean news?",
        "s.yaml:6:48: form 'dmo' is not known; did you mean demo?",
        "s.yaml:7:46: no path comes to this trigger through the e-mail later; send it before, or name another",
        "s.yaml:9:13: the step only stands inside a repeat: name the repeat itself",
    ]


def test_go_to_back_to_the_loop_around_is_a_circle(said: list[str]) -> None:
    """
    steps:
      - {id: loop, repeat: {times: 3, steps: [{add_tag: a}, {go_to: loop}]}}
    """
    assert said == [
        (
            "s.yaml:2:65: go_to leads only forward, this makes a circle: loop → add_tag-a → go_to-loop → loop; "
            "name a later step, or use repeat"
        )
    ]


def test_rounds_count_among_the_steps_that_a_scenario_may_have() -> None:
    inner = "{repeat: {times: 366, steps: [{repeat: {times: 366, steps: [{add_tag: a}]}}]}}"
    assert told(with_example(f"steps: [{inner}]")) == [
        "s.yaml:1:1: a scenario may have 10000 steps at most; divide it in two"
    ]


def test_one_template_in_several_rounds_is_meant() -> None:
    assert told(with_example(LOOP)) == []


def test_what_follows_a_loop_stands_behind_all_of_it() -> None:
    journey = build(scenario(LOOP)[0])
    order = in_order(journey)
    assert order[-1] == "last"
    assert order[:5] == ("loop#1", "remind#1", "rule#1", "wait#1", "end#1")


def test_loops_are_drawn_round_by_round() -> None:
    journey = build(scenario(LOOP)[0])
    nodes = {node.id: node for node in picture(journey).nodes}
    assert nodes["loop#2"].detail == "round 2 of 2 · every 2 days · until email_clicked remind, */demo*"
    assert nodes["loop#1"].family == "flow"
    for form in (mermaid, dot, svg, as_json):
        drawn = form(journey)
        assert drawn.count("loop") >= 2
    assert '"loop#1" -> "last" [label="yes"]' in dot(journey)
    assert "s1 -->|no| s2" in mermaid(journey)
