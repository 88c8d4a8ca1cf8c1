"""A small world in which the flow's words, calls, entries and the frequency cap all have something to do at once.

Two scenarios reach into each other. The first tick brings everybody somewhere; at the second, a day later, each word
moves somebody; the third shows what follows from it.
"""

from __future__ import annotations

from sqlalchemy import Engine

from tests.proof.scenarios import COMPANY
from tests.support.world import World

#: In business hours of a Tuesday, of the Wednesday after it and of the Friday.
MOMENTS = ("10 hours", "1 day 11 hours", "3 days 12 hours")
#: A custom action, by the name of its entry point, and the module that has it.
ACTIONS = {"label": "label"}
MODULE = "def label(call): ..."
JOURNEY = """
priority: 50
hours: business
reentry: {after: 1 day, max: 2}
steps:
  - {id: short, rule: {tag: short}, yes: [{id: told, webhook: {url: "https://example.com/short"}}, {end: true}]}
  - {id: invite, send_email: invite}
  - id: kinds
    switch: [{name: hot, case: {tag: hot}, steps: [{id: join, enrol: second}]}]
    else: [{id: ask, webhook: {url: "https://example.com/hook", payload: {email: "{{ prospect.email }}"}}}]
  - id: arms
    split:
      looped: {share: 60, steps: [{id: label, action: {name: label, with: {size: large}}}]}
      plain: {share: 40, steps: [{id: leap, go_to: day}]}
  - id: loop
    repeat:
      times: 2
      every: 1 day
      until: {page_viewed: "/pricing*"}
      steps:
        - {id: remind, send_email: remind}
        - {id: heard, trigger: {page_viewed: /x}, within: 6 hours, yes: [{id: warm, adjust_score: +20}], no: []}
  - {id: day, wait: {field: renewal_date, offset: -1 days, at: "08:00", on_missing: go_on}}
  - {id: dated, send_email: {template: dated, on_date: "2026-12-02T10:00"}}
  - {id: hook, webhook: {url: "https://example.com/late"}}
  - {id: morning, wait: {until: "09:00"}}
  - {id: off, leave: second}
  - {id: done, add_tag: done}
"""
SECOND = """
priority: 10
reentry: always
audience: {lists: [members], on: {form_submitted: demo}}
steps:
  - {id: thank, send_email: thank}
  - {id: out, leave: journey, after: 1 day}
  - {id: tell, webhook: {url: "https://example.com/second"}}
  - {id: rest, wait: 3 days}
"""
SCORING = "rules: [{activity: page_viewed, points: 5, limit: 2 per day}, {activity: form_submitted, points: 30}]\n"
PEOPLE, NEWCOMERS = "abcdefghijkl", "mnopqrs"


def begin(engine: Engine) -> World:
    """Make the world at its beginning; nothing has ticked yet."""
    world = World(engine, JOURNEY, scenarios={"second": SECOND}, scoring=SCORING, engage=COMPANY)
    appear(world, PEOPLE)
    return world


def appear(world: World, names: str) -> None:
    """Add people: some hot, some for whom the journey is short, some with a day to wait for."""
    for n, who in enumerate(names):
        tags = [tag for tag, each in (("hot", 4), ("short", 5)) if n % each == each - 1]
        world.add(who, tags=tags, renewal_date="2026-12-03" if n % 3 == 0 else None)


def happen(world: World) -> None:
    """Let pages be seen and forms be sent after the first tick, and others come."""
    for n, who in enumerate(PEOPLE):
        if n % 3 == 0:
            world.activity(who, "page_viewed", "/x", at="12 hours")
        if n % 4 == 1:
            world.activity(who, "page_viewed", "/pricing/jp", at="14 hours")
        if n % 4 == 2:
            world.activity(who, "form_submitted", "demo", at="20 hours")
    appear(world, NEWCOMERS)
