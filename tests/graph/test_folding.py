"""Folding a branch puts away what only it leads to, and nothing that others lead to."""

from __future__ import annotations

from engage.graph.build import build
from engage.graph.folding import Folded, fold
from engage.graph.picture import picture
from tests.support.starter import scenario

TEXT = """
steps:
  - {id: mail, send_email: invite}
  - id: opened
    trigger: {email_opened: mail}
    within: 3 days
    yes:
      - {id: points, adjust_score: +5}
      - id: warm
        rule: {score: {gte: 50}}
        yes:
          - {id: call, create_todo: {subject: call, to: "user:sato"}}
        no:
          - {go_to: last}
    no:
      - {id: cold, add_tag: cold}
  - {id: after, wait: 1 day}
  - {id: last, add_tag: done}
"""


def folded(*steps: str) -> Folded:
    return fold(picture(build(scenario(TEXT)[0])), steps)


def ids(found: Folded) -> list[str]:
    return [node.id for node in found.picture.nodes]


def ways(found: Folded) -> list[tuple[str, str | None, str]]:
    return [(edge.source, edge.target, edge.outcome) for edge in found.picture.edges]


def test_every_branching_step_tells_how_much_it_puts_away() -> None:
    assert folded().foldable == {"opened": 6, "warm": 2}


def test_a_folded_branch_leads_to_where_its_ways_meet() -> None:
    found = folded("opened")
    assert ids(found) == ["mail", "opened", "last"]
    assert ways(found) == [("mail", "opened", ""), ("opened", "last", ""), ("last", None, "")]
    assert found.hidden == {"opened": ("points", "warm", "call", "go_to-last", "cold", "after")}
    assert set(found.ways["opened", "last", ""]) == {("after", ""), ("go_to-last", "")}


def test_a_step_that_others_lead_to_stays() -> None:
    found = folded("warm")
    assert ids(found) == ["mail", "opened", "points", "warm", "cold", "after", "last"]
    assert found.hidden == {"warm": ("call", "go_to-last")}
    assert ("warm", "after", "") in ways(found)
    assert ("warm", "last", "") in ways(found)


def test_an_inner_branch_is_put_away_with_the_outer_one() -> None:
    assert list(folded("warm", "opened").hidden) == ["opened"]


def test_what_does_not_branch_is_not_folded() -> None:
    assert folded("mail", "nobody", "last") == folded()
