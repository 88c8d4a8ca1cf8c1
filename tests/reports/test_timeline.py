"""Everything that happened to a prospect in one list."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from engage.reports.happenings import Event
from engage.reports.timeline import timeline
from tests.support.world import World

SCENARIO = """
    steps:
      - {id: invite, send_email: invite}
      - id: opened
        trigger: {email_opened: invite}
        within: 3 days
        yes: [{id: more, adjust_score: {by: 5}}, {add_tag: warm}, {add_to_list: vip}]
        no: []
      - {assign: "user:sato"}
      - {set_field: {city: Osaka}}
      - {id: call, create_todo: {subject: Call, to: owner}}
      - {id: rest, wait: 9 days}
    """


def ran(engine: Engine) -> World:
    world = World(engine, SCENARIO, lists="members: {name: Members}\nvip: {name: VIP}")
    world.add("other")
    world.add("sato", city="Tokyo")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("sato", "page_viewed", "/pricing", at="1 day")
    world.activity("sato", "email_opened", "invite", at="1 day 1 hour")
    world.tick("2 days")
    return world


def events(world: World, limit: int = 100) -> list[Event]:
    found: list[Event] = []
    after = ""
    with world.engine.connect() as connection:
        while True:
            stretch = timeline(connection, world.ids["sato"], after, limit)
            found.extend(stretch.events)
            if stretch.next is None:
                return found
            after = stretch.next


def test_all_that_happened_stands_in_one_list(engine: Engine) -> None:
    told = [(event.kind, event.what, event.detail) for event in events(ran(engine))]
    assert told == [
        ("todo", "Call", "user:sato"),
        ("field", "city", "Tokyo"),
        ("field", "owner", None),
        ("list", "VIP", None),
        ("tag", "warm", None),
        ("step", "call", "completed"),
        ("step", "set_field-city", "completed"),
        ("step", "assign-sato", "completed"),
        ("step", "add_to_list-vip", "completed"),
        ("step", "add_tag-warm", "completed"),
        ("step", "more", "completed"),
        ("step", "opened", "yes"),
        ("activity", "email_opened", "invite"),
        ("activity", "page_viewed", "/pricing"),
        ("mail", "invite", "sent"),
        ("step", "invite", "completed"),
        ("entry", "Journey", None),
    ]


@pytest.mark.parametrize("limit", [1, 2, 5, 16])
def test_pages_of_any_length_hold_the_same(engine: Engine, limit: int) -> None:
    world = ran(engine)
    assert events(world, limit) == events(world)


@pytest.mark.parametrize("after", ["", "x", "1-2-3-4", "-1-0-0", "9" * 40 + "-1-1", "1; DROP TABLE todos"])
def test_a_place_that_is_none_begins_anew(engine: Engine, after: str) -> None:
    world = ran(engine)
    all_of_them = tuple(events(world))
    with world.engine.connect() as connection:
        assert timeline(connection, world.ids["sato"], after).events == all_of_them
