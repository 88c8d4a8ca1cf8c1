"""A scenario's steps become a graph; its paths are counted and walked."""

from __future__ import annotations

from itertools import islice

from engage.graph.build import END, Journey, build, in_order
from engage.graph.circles import circles
from engage.graph.paths import count_paths, paths
from engage.language.load import load
from tests.support.starter import scenario, with_example

BRANCHING = """
steps:
  - id: hello
    send_email: invite
  - id: opened
    trigger: {email_opened: hello}
    within: 1 day
    yes:
      - id: vip
        rule: {tag: vip}
        yes:
          - id: stop
            end: true
  - id: last
    add_tag: done
"""


def journey(text: str) -> Journey:
    return build(scenario(text)[0])


def ways(made: Journey) -> set[tuple[str, str, str]]:
    """Every edge: from, outcome, to."""
    return {(source, outcome, target) for source, target, outcome in made.graph.edges(keys=True)}


def test_after_a_block_the_flow_goes_on_with_the_next_sibling_unless_it_ended() -> None:
    assert ways(journey(BRANCHING)) == {
        ("hello", "", "opened"),
        ("opened", "yes", "vip"),
        ("opened", "no", "last"),
        ("vip", "yes", "stop"),
        ("vip", "no", "last"),
        ("stop", "", END),
        ("last", "", END),
    }


def test_two_outcomes_to_one_step_are_two_edges() -> None:
    made = journey("steps: [{id: ask, rule: {tag: vip}}, {id: then, wait: 1 day}]")
    assert ways(made) == {("ask", "yes", "then"), ("ask", "no", "then"), ("then", "", END)}


def test_each_step_stands_before_all_it_leads_to() -> None:
    made = journey(BRANCHING)
    assert in_order(made) == ("hello", "opened", "vip", "stop", "last")
    assert made.first == "hello"


def test_a_step_knows_its_place_its_kind_and_whether_its_id_was_given() -> None:
    made = journey("steps: [{send_email: invite}, {id: rest, wait: 1 day}]")
    first, second = made.steps.values()
    assert (first.key, first.kind, first.path, first.given) == ("send_email-invite", "send_email", ("steps", 0), False)
    assert (second.key, second.kind, second.path, second.given) == ("rest", "wait", ("steps", 1), True)


def test_a_step_that_does_not_parse_keeps_its_place_and_its_blocks() -> None:
    text = """
    steps:
      - id: ask
        trigger: {page_viewed: any}
        yes: [{id: inner, wait: 1 day}]
      - {id: then, wait: 1 day}
    """
    workspace, problems = load(with_example(text))
    assert len(problems) == 1
    file = workspace.scenarios["s"]
    assert file.broken == (("steps", 0),)
    assert ways(build(file)) == {
        ("ask", "yes", "inner"),
        ("ask", "no", "then"),
        ("inner", "", "then"),
        ("then", "", END),
    }


def test_a_double_id_keeps_both_steps() -> None:
    workspace, _ = load(with_example("steps: [{id: a, wait: 1 day}, {id: a, wait: 2 days}]"))
    made = build(workspace.scenarios["s"])
    assert len(made.steps) == 2
    assert made.doubles == (("a", ("steps", 1)),)


def test_paths_say_each_step_and_how_it_is_left() -> None:
    made = journey(BRANCHING)
    assert list(paths(made)) == [
        (("hello", ""), ("opened", "yes"), ("vip", "yes"), ("stop", "")),
        (("hello", ""), ("opened", "yes"), ("vip", "no"), ("last", "")),
        (("hello", ""), ("opened", "no"), ("last", "")),
    ]
    assert list(paths(made, 1)) == list(islice(paths(made), 1))
    assert count_paths(made) == 3


def test_paths_are_counted_without_being_walked() -> None:
    made = journey("steps:\n" + "  - rule: {tag: vip}\n" * 500)
    assert count_paths(made) == 2**500
    assert len(next(paths(made, 1))) == 500


def test_circles_are_told_once_from_the_name_that_comes_first() -> None:
    pairs = [("x", "a"), ("a", "b"), ("b", "a"), ("s", "s"), ("s", "x")]
    assert list(circles(pairs)) == [("a", "b"), ("s",)]
