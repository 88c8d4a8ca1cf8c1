"""Checks of the flow words: the scenario stands in the docstring, the mistakes below it."""

from __future__ import annotations

import pytest

from engage.graph.build import build, in_order
from engage.graph.paths import count_paths, paths
from tests.support.starter import scenario, told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


def test_ways_with_names_without_mistakes(said: list[str]) -> None:
    """
    steps:
      - switch:
          - {name: 大手, case: {employees: {gte: 500}}, steps: [{go_to: last}]}
          - {case: {tag: vip}, steps: [{add_tag: seen}]}
        else: [{wait: 1 day}]
      - split: {a: {share: 50, steps: [{send_email: invite}]}, b: {share: 50, steps: [{send_email: guide}]}}
      - {id: last, add_tag: done}
    """
    assert said == []


def test_shares_that_do_not_add_up(said: list[str]) -> None:
    """
    steps:
      - split: {a: {share: 60}, b: {share: 60}}
      - split: {a: {share: -1}, b: {share: 101}}
      - split: {a: {share: 0}, b: {share: 0}}
      - split: {a: {share: half}, b: {share: 33.3}}
      - split: {}
    # FAULTS B25
    """
    assert said == [
        "s.yaml:2:12: the shares add up to 120 percent, not to a hundred",
        "s.yaml:3:24: this must be at least 0",
        "s.yaml:3:40: this must be at most 100",
        "s.yaml:4:12: the shares add up to 0 percent, not to a hundred",
        "s.yaml:5:24: this must be a whole number",
        "s.yaml:5:42: this must be a whole number",
        "s.yaml:6:12: this must not be empty",
    ]


def test_mistakes_inside_cases_and_arms(said: list[str]) -> None:
    """
    steps:
      - switch:
          - {name: a, case: {industri: x}, steps: [{add_to_list: newz}]}
        else: [{send_email: invited}]
      - split: {a: {share: 100, steps: [{wiat: 1 day}]}}
      - switch: [{name: "2", case: {tag: a}}, {case: {tag: b}}]
      - switch: [{case: {tag: b}, stebs: []}]
    """
    assert said == [
        "s.yaml:3:26: field 'industri' is not known; did you mean industry?",
        "s.yaml:3:62: list 'newz' is not known; did you mean news?",
        "s.yaml:4:25: template 'invited' is not known; did you mean invite?",
        "s.yaml:5:37: no step is called 'wiat'; did you mean wait?",
        "s.yaml:6:13: two ways of this switch are called 2; give each its own name",
        "s.yaml:7:31: key 'stebs' is not known; did you mean steps?",
    ]


def test_one_mistake_in_a_switch_hides_no_step_below_it(said: list[str]) -> None:
    """
    steps:
      - switch: [{name: a b, case: {tag: x}, steps: [{id: twice, wait: 1 day}]}]
        else: [{id: mail, send_email: invite}]
      - {id: twice, wait: 1 day}
      - trigger: {email_opened: mail}
        within: 2 days
      - go_to: mail
    """
    assert said == [
        "s.yaml:2:21: an id is made of letters, digits, - and _, at most 100 of them; 'a b' is not",
        "s.yaml:4:10: the id twice is taken by the step on line 2; give each step its own",
        (
            "s.yaml:7:12: go_to leads only forward, this makes a circle: mail → twice·1 → trigger-mail → go_to-mail →"
            " mail; name a later step, or use repeat"
        ),
    ]


def test_go_to_leads_to_a_step_that_is_there_and_only_ahead(said: list[str]) -> None:
    """
    steps:
      - {id: first, add_tag: a}
      - {id: asks, rule: {tag: b}, yes: [{go_to: first}], no: [{go_to: lasst}]}
      - {id: last, add_tag: c}
    # FAULTS B15
    """
    assert said == [
        (
            "s.yaml:3:46: go_to leads only forward, this makes a circle: first → asks → go_to-first → first; "
            "name a later step, or use repeat"
        ),
        "s.yaml:3:68: step 'lasst' is not known; did you mean last?",
        (
            "s.yaml:4:5: no path comes to the step last: all ways of asks on line 3 end the run or go on elsewhere; "
            "let one of them go on here"
        ),
    ]


def test_a_step_that_goes_to_itself(said: list[str]) -> None:
    """
    steps:
      - {id: again, go_to: again}
    # FAULTS B15
    """
    assert said == [
        "s.yaml:2:24: go_to leads only forward, this makes a circle: again → again; name a later step, or use repeat"
    ]


def test_steps_behind_a_go_to(said: list[str]) -> None:
    """
    steps:
      - {rule: {tag: a}, yes: [{go_to: last}, {add_tag: never}]}
      - {id: last, add_tag: c}
    """
    assert said == [
        (
            "s.yaml:2:43: no path comes to the step add_tag-never: the run goes on elsewhere from line 2; "
            "put it above that, or take it out"
        )
    ]


def test_a_go_to_across_branches_is_no_circle() -> None:
    text = """
    steps:
      - rule: {tag: a}
        yes: [{wait: 1 day}, {id: shared, add_tag: x}]
        no: [{go_to: shared}]
    """
    journey = build(scenario(text)[0])
    assert in_order(journey) == ("rule", "wait", "go_to-shared", "shared")
    assert [walk[-1][0] for walk in paths(journey)] == ["shared", "shared"]


def test_paths_through_cases_come_in_order() -> None:
    text = """
    steps:
      - switch: [{name: b, case: {tag: b}}, {name: a, case: {tag: a}, steps: [{add_tag: x}]}]
      - split: {z: {share: 50}, y: {share: 50}}
    """
    journey = build(scenario(text)[0])
    assert ["·".join(outcome for _, outcome in walk if outcome) for walk in paths(journey)] == [
        "b·z", "b·y", "a·z", "a·y", "else·z", "else·y",
    ]  # fmt: skip
    assert count_paths(journey) == 6
