"""Webhooks and actions of the user's own: queued in the step, and the journey goes on (SPEC section 5)."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import Engine, select

from engage.sql import tables as t
from tests.support.installed import installed
from tests.support.world import World


def calls(world: World) -> list[tuple[str, str, int, str, object]]:
    """Return who was called for, at which step and passage, and what is called."""
    c, k, s = t.calls, t.call_contents, t.steps
    chosen = (
        select(c.c.prospect_id, s.c.key, c.c.move, k.c.kind, k.c.content)
        .join(k, k.c.id == c.c.content_id)
        .join(s, s.c.id == c.c.step_id)
        .order_by(c.c.id)
    )
    with world.engine.connect() as connection:
        rows = connection.execute(chosen).all()
    return [(world.names[r.prospect_id], r.key, r.move, r.kind, json.loads(r.content)) for r in rows]


def test_a_webhook_is_queued_once_for_each_and_the_journey_goes_on(world: World) -> None:
    """
    steps:
      - {add_tag: before}
      - webhook: {url: "https://example.com/hook", payload: {email: "{{ prospect.email }}", count: 3, list: [a, true]}}
      - {add_tag: after}
    """
    world.add("outside", lists=["others"])
    world.people("a", "b")
    world.ticks("0 days", "0 days", "1 day")
    said = {
        "url": "https://example.com/hook",
        "payload": {"email": "{{ prospect.email }}", "count": 3, "list": ["a", True]},
    }
    assert calls(world) == [("a", "webhook", 1, "webhook", said), ("b", "webhook", 1, "webhook", said)]
    assert world.path("a") == ["add_tag-before", "webhook", "add_tag-after"]
    assert world.rows("call_contents", "kind") == [("webhook",)]
    assert world.audit() == ()


def test_every_run_calls_anew_and_places_that_came_differently_too(world: World) -> None:
    """
    reentry: {after: 1 day}
    steps:
      - {rule: {tag: odd}, yes: [{add_tag: was-odd}], no: []}
      - {id: told, webhook: {url: "http://localhost:8080/"}}
    """
    world.add("plain")
    world.add("odd", tags=["odd"])
    world.tick("0 days", chunk=1)
    world.tick("1 day")
    assert sorted(call[:3] for call in calls(world)) == [
        ("odd", "told", 2), ("odd", "told", 2), ("plain", "told", 1), ("plain", "told", 1),
    ]  # fmt: skip
    assert world.audit() == ()


def test_an_action_of_the_user_s_own_is_queued_like_a_webhook(engine: Engine, tmp_path: Path) -> None:
    scenario = "steps: [{action: {name: label, with: {size: large, copies: 2}}}, {add_tag: after}]"
    with installed(tmp_path, {"label": "label"}, "def label(call): ..."):
        world = World(engine, scenario)
        world.add("a")
        world.tick("0 days")
    said = {"name": "label", "with": {"size": "large", "copies": 2}}
    assert calls(world) == [("a", "action-label", 0, "action", said)]
    assert world.path("a") == ["action-label", "add_tag-after"]
    assert world.audit() == ()
