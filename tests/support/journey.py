"""A scenario that has run for some days, with every kind of step and every way out: for the pages of the staff."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine

from tests.support.world import World

NURTURE = """
name: 資料請求後の育成
description: 資料を読んだ方に続きを届け、関心の高い方を営業へ渡す
audience: {lists: [members], suppress: {lists: [blocked]}}
goal: {tag: bought}
steps:
  - {id: invite, name: ご案内メール, send_email: invite}
  - id: opened
    name: 開封したか
    trigger: {email_opened: invite}
    within: 3 days
    yes:
      - {id: points, adjust_score: +10}
      - id: warm
        name: 関心の高さ
        switch:
          - name: hot
            case: {score: {gte: 60}}
            steps:
              - {id: call, name: 電話をかける, create_todo: {subject: Call, to: "user:sato", due: 1 business day}}
          - {name: tepid, case: {score: {gte: 15}}, steps: [{id: nurture, add_tag: warm}]}
        else: []
    no:
      - {id: again, name: もう一度, send_email: reminder}
      - id: reopened
        trigger: {email_opened: again}
        within: 2 days
        yes: []
        no:
          - {id: cold, add_tag: cold}
          - end: true
  - {id: arm, split: {a: {share: 60}, b: {share: 40, steps: [{id: gift, add_tag: gift}]}}}
  - {id: give, assign: "group:east"}
  - {id: rest, wait: 5 days}
  - {id: rich, rule: {score: {gte: 30}}, yes: [{id: club, add_to_list: vip}], no: []}
"""
EDITED = NURTURE.replace("within: 3 days", "within: 4 days").replace(
    "  - {id: rest, wait: 5 days}\n", "  - {id: rest, wait: 6 days}\n  - {id: done, add_tag: done}\n"
)
DRAFT = """
name: Onboarding
audience: {where: {score: {gte: 40}}}
steps: [{id: greet, send_email: greet}]
"""


def journey_world(engine: Engine, people: int = 24, scenarios: Mapping[str, str] | None = None, **files: str) -> World:
    """Return a world after six days: some wait, one is held, one bought, one is opted out, most went some way."""
    world = World(engine, NURTURE, scenarios={"onboarding": DRAFT, **(scenarios or {})}, start=False, **files)
    world.start()
    names = [f"p{number:03}" for number in range(people)]
    for number, name in enumerate(names):
        world.add(
            name,
            last_name="佐藤" if number % 3 else "鈴木",
            first_name=f"花子{number}",
            score=60 if number % 7 == 1 else 5 if number % 3 else 0,
            owner="user:sato" if number % 8 == 3 else None,
            opted_out=number == 5,
        )
    world.tick("0 days")
    world.deliver("1 hour")
    for number, name in enumerate(names):
        if number % 5 < 3 and number != 5:
            world.activity(name, "email_opened", "invite", at="1 day")
    world.tick("1 day")
    world.add_tag(names[8], "bought", at="2 days")
    world.add_to_list(names[6], "blocked", at="2 days")
    world.tick("2 days")
    world.tick("4 days")
    world.deliver("4 days")
    world.people("late1", "late2", "late3")
    world.tick("5 days")
    world.deliver("5 days")
    world.tick("5 days 1 hour")
    return world
