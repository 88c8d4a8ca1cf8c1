"""The drawing for a page: every step has its shape, no two lie on each other, and three hundred are quick."""

from __future__ import annotations

from itertools import combinations, pairwise
from time import process_time

from engage.graph.build import build
from engage.graph.lettering import width
from engage.graph.picture import Picture, picture
from engage.graph.scene import Card, scene
from tests.support.starter import scenario

FAMILIES = """
steps:
  - {id: mail, send_email: invite}
  - {id: opened, trigger: {email_opened: mail}, within: 3 days, yes: [], no: [{end: true}]}
  - {id: warm, rule: {score: {gte: 50}}, yes: [{go_to: rest}], no: []}
  - {id: arm, split: {a: {share: 50}, b: {share: 50, steps: [{add_tag: b}]}}}
  - {id: rest, wait: 2 days}
"""


def long_lines(steps: int) -> str:
    """Return a scenario of so many steps and some more, with branches all the way."""
    lines = ["steps:"]
    for block in range(-(-steps // 8)):
        lines += [
            f"  - {{id: mail{block}, send_email: invite}}",
            f"  - id: opened{block}",
            f"    trigger: {{email_opened: mail{block}}}",
            "    within: 3 days",
            "    yes:",
            f"      - {{id: points{block}, adjust_score: +5}}",
            f"      - id: warm{block}",
            "        rule: {score: {gte: 50}}",
            f"        yes: [{{id: call{block}, name: 電話をかける担当者を決める, add_tag: call}}]",
            "        no: []",
            "    no:",
            f"      - {{id: rest{block}, wait: 2 days}}",
            f"      - {{id: cold{block}, add_tag: cold}}",
            f"  - {{id: pause{block}, wait: 3 days}}",
        ]
    return "\n".join(lines)


def long_journey(steps: int) -> Picture:
    return picture(build(scenario(long_lines(steps))[0]))


def apart(one: Card, other: Card) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def test_families_differ_in_shape_and_sign() -> None:
    cards = {card.family: card for card in scene(picture(build(scenario(FAMILIES)[0]))).cards}
    assert set(cards) == {"action", "trigger", "rule", "wait", "flow", "end"}
    assert len({card.sign for card in cards.values()}) == 6
    corners = {family: (card.shape.count("L"), card.shape.count("a")) for family, card in cards.items()}
    assert corners["trigger"] == (5, 0)
    assert corners["rule"] == (7, 0)
    assert corners["flow"] == (3, 0)
    assert corners["action"] == corners["wait"] == (0, 4)
    assert "a7 7" in cards["action"].shape
    assert f"a{cards['wait'].height / 2:g} " in cards["wait"].shape


def test_three_hundred_steps_lie_apart_and_inside() -> None:
    drawn = scene(long_journey(300))
    assert len(drawn.cards) >= 300
    rows = sorted(drawn.cards, key=lambda card: card.y)
    near = (pair for n, one in enumerate(rows) for pair in ((one, other) for other in rows[n + 1 : n + 9]))
    assert all(apart(one, other) for one, other in near)
    for card in drawn.cards:
        assert 0 < card.x < card.x + card.width < drawn.width
        assert 0 < card.y < card.y + card.height < drawn.height
        assert width(card.title, 13) <= card.width - card.inset


def test_three_hundred_steps_are_drawn_in_less_than_half_a_second() -> None:
    drawn = long_journey(300)
    begun = process_time()
    scene(drawn)
    assert process_time() - begun < 0.5


def test_folding_every_branch_leaves_the_trunk() -> None:
    drawn = long_journey(300)
    every = [card.id for card in scene(drawn).cards if card.foldable]
    folded = scene(drawn, every)
    assert len(folded.cards) == 38 * 3
    assert all(line.made for line in folded.lines[1:])
    assert sum(len(card.hidden) for card in folded.cards) + len(folded.cards) == len(scene(drawn).cards)
    assert all(above.y < below.y for above, below in pairwise(folded.cards))


def test_small_drawings_have_no_overlap_at_all() -> None:
    cards = scene(picture(build(scenario(FAMILIES)[0]))).cards
    assert all(apart(one, other) for one, other in combinations(cards, 2))
