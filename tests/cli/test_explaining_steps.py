"""An explanation read aloud: each kind of step, for somebody who came through it, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Engine

from engage.cli.explaining_text import lines
from engage.cli.session import Session
from engage.rehearse.explain import explain
from engage.rehearse.older import older_plans
from tests.support.installed import installed
from tests.support.world import World

COMPANY = """
name: Example
locale: en
timezone: Asia/Tokyo
hours: {days: [mon, tue, wed, thu, fri], between: "09:00-18:00"}
sender: {name: Example marketing, email: marketing@example.co.jp, address: "1-1 Chiyoda, Tokyo"}
limits: {emails_per_prospect: {count: 2, within: 2 days}}
fields: {renewal_date: {type: date}}
"""
SCENARIO = """
audience: {on: {form_submitted: demo}, suppress: {where: {tag: stop}}}
hours: business
steps:
  - {id: kind, switch: [{name: large, case: {employees: {gte: 100}}}, {name: soft, case: {industry: Software}}]}
  - {id: arm, split: {only: {share: 100}, holdout: {share: 0}}}
  - {id: hot, rule: {any: [{score: {gte: 50}}, {tag: vip}]}, no: [{id: jump, go_to: mark}]}
  - {id: never, add_tag: never}
  - {id: mark, add_tag: marked}
  - {id: board, add_to_list: vip}
  - {id: city, set_field: {city: Kobe}}
  - {id: owner, assign: "user:tanaka"}
  - {id: owner-2, assign: "user:sato"}
  - {id: call, create_todo: {subject: Call, to: owner}}
  - {id: tell, notify: {to: owner, subject: New, text: Look}}
  - {id: member, add_to_campaign: {campaign: launch, status: attended}}
  - {id: hook, webhook: {url: "https://example.com/hook", payload: {}}}
  - {id: own, action: {name: shout, with: {}}}
  - {id: in-other, enrol: other}
  - {id: in-closed, enrol: closed}
  - {id: out-of-other, leave: other}
  - {id: first, send_email: one}
  - {id: opened, trigger: {email_opened: first}, within: 1 day}
  - {id: again, send_email: {template: one, once: true}}
  - {id: too-late, send_email: {template: two, on_date: "2026-12-01T10:00"}}
  - {id: second, send_email: two}
  - {id: third, send_email: three}
  - {id: seen, trigger: {page_viewed: /pricing}, within: 2 hours, since: step}
  - {id: nap, wait: 1 hour}
  - {id: friday, wait: {until: "next wednesday 09:00"}}
  - {id: renewal, wait: {field: renewal_date, offset: -1 days, at: "08:00"}}
  - id: loop
    repeat:
      times: 3
      every: 1 day
      until: {page_viewed: /bought}
      steps: [{id: points, adjust_score: +1}, {wait: 2 hours}]
  - id: ask
    repeat: {times: 2, until: {tag: marked}, steps: [{add_tag: asked}]}
  - {id: silent, opt_out: true}
  - {id: no-mail, send_email: three}
  - {id: last, after: 2 hours, end: true}
"""
OTHER = "audience: {lists: [others]}\nsteps: [{wait: 9 days}]\n"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """Give a world in which somebody came through every kind of step, held and paused on the way."""
    with installed(tmp_path, {"shout": "shout"}, "def shout(call): ..."):
        world = World(engine, SCENARIO, scenarios={"other": OTHER, "closed": OTHER}, engage=COMPANY, start=False)
    for key in ("journey", "other"):
        world.start("2026-12-01T00:00", key=key)
    world.add("a", at="2026-12-01T01:00", industry="Software", score=3, city="Osaka", renewal_date="2026-12-13")
    world.tick("2026-12-01T01:00")
    world.activity("a", "form_submitted", "demo", at="2026-12-01T12:00")
    world.tick("2026-12-01T12:00")
    ticks(world, "2026-12-02T00:00")  # Tuesday, 09:00 in Tokyo
    world.activity("a", "email_opened", "first", at="2026-12-02T02:00")
    ticks(world, "2026-12-02T02:00", "2026-12-03T15:00", "2026-12-04T00:00")
    world.add_tag("a", "stop", at="2026-12-04T01:00")
    ticks(world, "2026-12-04T01:00", "2026-12-04T03:00")
    world.remove_tag("a", "stop", at="2026-12-04T04:00")
    ticks(world, "2026-12-04T04:00", "2026-12-04T05:00")
    world.pause("2026-12-05T00:00")
    world.resume("2026-12-06T00:00")
    ticks(world, "2026-12-06T00:00", "2026-12-09T00:00", "2026-12-11T23:00", "2026-12-12T01:00")
    world.activity("a", "page_viewed", "/bought", at="2026-12-12T05:00")
    ticks(world, "2026-12-12T05:00", "2026-12-12T07:00")
    return world


def ticks(world: World, *whens: str) -> None:
    """Tick, deliver at once, and tick again where something went out."""
    for when in whens:
        world.tick(when)
        if world.deliver():
            world.tick(when)


def told(world: World, folder: Path, locale: Literal["en", "ja"], who: str = "a") -> str:
    """Return the explanation as the terminal shows it."""
    (folder / "engage.yaml").write_text(COMPANY.replace("locale: en", f"locale: {locale}"), "utf-8")
    session = Session({}, folder)
    with world.engine.connect() as connection:
        older = older_plans(connection, world.applied.workspace, world.plans)
        found = explain(connection, world.plans, older, f"{who}@example.com", world.now)
    assert found is not None
    return "\n".join(lines(session, found)) + "\n"


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_each_step_is_told_in_sentences_that_are_true(
    world: World, tmp_path: Path, locale: Literal["en", "ja"]
) -> None:
    read_aloud = Path(__file__).with_name(f"explained.{locale}.txt")
    assert told(world, tmp_path, locale) == read_aloud.read_text("utf-8")
    assert world.audit() == ()


def test_a_pause_and_a_hold_are_told_while_they_last(world: World, tmp_path: Path) -> None:
    world.add_tag("a", "stop", at="2026-12-12T08:00")
    ticks(world, "2026-12-12T08:00")
    held = told(world, tmp_path, "en")
    assert "run 1, held" in held
    assert "suppression: holds\n        + tag: stop = marked, stop" in held
    world.pause("2026-12-13T00:00")
    world.tick("2026-12-13T01:00")
    assert "it is paused: durations stand still until it goes on" in told(world, tmp_path, "en")
