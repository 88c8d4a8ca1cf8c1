"""Handing over without writing comes to the same as delivering: statuses, activities, figures, timers."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from engage.app import Applied
from engage.effects.delivery import deliver
from engage.effects.unwritten import hand_over_unwritten
from engage.rehearse.stage import Stage
from engage.sql import tables as t
from engage.sql.connect import connect
from engage.sql.schema import create
from tests.support.world import World

SCENARIO = """
audience: {lists: [members], suppress: {lists: [blocked]}, unmatched: continue}
steps:
  - {id: invite, send_email: invite}
  - {id: opened, trigger: {email_sent: invite}, within: 1 day}
  - {id: tell, notify: {to: user:sato, subject: Hi, text: Hello}}
"""


def played(engine: Engine, *, written: bool) -> dict[str, list[tuple[object, ...]]]:
    """Return what is in the tables after some mail went out, some was refused."""
    world = World(engine, SCENARIO)
    for name in ("a", "b", "c", "d"):
        world.add(name)
    world.tick("0 days")
    world.set("b", opted_out=True)
    world.set("c", do_not_email=True)
    world.add_to_list("d", "blocked")
    _hand_over(world, world.applied, written=written)
    world.tick("1 hour")
    world.tick("2 days")
    _hand_over(world, world.applied, written=written)
    return {
        "messages": world.rows("messages", "prospect_id", "status", "sent_at"),
        "activities": _activities(engine),
        "totals": sorted(row for row in world.rows("totals", "step_id", "day", "figure", "bucket", "count") if row[4]),
        "visits": world.rows("visits", "enrolment_id", "move", "step_id", "outcome", "arrived_at", "left_at"),
        "notifications": world.rows("notifications", "prospect_id", "status", "sent_at"),
    }


def _activities(engine: Engine) -> list[tuple[object, ...]]:
    a, event, target = t.activities, t.words.alias(), t.words.alias()
    named = a.join(event, event.c.id == a.c.type_id).join(target, target.c.id == a.c.target_id)
    values = select(a.c.prospect_id, event.c.text, target.c.text, a.c.message_id, a.c.occurred_at)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(values.select_from(named).order_by(a.c.id))]


def _hand_over(world: World, applied: Applied, *, written: bool) -> None:
    stage = Stage(world.engine, applied.workspace, applied.plans)
    if written:
        deliver(world.engine, stage.post, world.now)
        return
    with world.engine.begin() as connection:
        hand_over_unwritten(connection, applied.plans.house, stage.post.suppress, world.now)


def test_it_comes_to_the_same(tmp_path: Path) -> None:
    found = []
    for name in ("written", "unwritten"):
        engine = connect(f"sqlite:///{tmp_path}/{name}.db")
        create(engine)
        found.append(played(engine, written=name == "written"))
        engine.dispose()
    assert found[0] == found[1]
    assert len([row for row in found[0]["messages"] if row[1] == 2]) == 1
    assert len(found[0]["notifications"]) == 3
