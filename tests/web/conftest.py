"""A world whose mails have gone out, and a server that answers their links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engage.sql import tables as t
from tests.support.web import Web, answering
from tests.support.world import World

LISTS = """
members: {name: Members}
news: {name: ニュースレター, public: true}
events: {name: Events, public: true}
german: {name: Germans, public: true, where: {country: DE}}
blocked: {name: Blocked}
"""
TEMPLATE = """\
---
subject: Hello
---
<p>Hello {{ prospect.last_name }}</p><p><a href="https://example.com/cases?a=%25">Cases</a></p>
"""


def mailed(engine: Engine) -> World:
    """Return a world in which three prospects have each had a mail: hanako, john and erika."""
    world = World(
        engine,
        """
        steps:
          - {id: invite, send_email: invite}
          - wait: 5 days
          - {id: again, send_email: invite}
        """,
        lists=LISTS,
        **{"templates/invite.html": TEMPLATE},  # type: ignore[arg-type]
    )
    world.add("hanako", last_name="佐藤", language="ja", lists=("members", "news"))
    world.add("john", last_name="Smith", language="en-GB", lists=("members", "news", "events"))
    world.add("erika", last_name="Muster", country="DE", lists=("members",))
    world.tick()
    world.deliver()
    return world


@pytest.fixture
def world(engine: Engine) -> World:
    return mailed(engine)


@pytest.fixture
def web(world: World, tmp_path: Path) -> Iterator[Web]:
    with answering(world.engine, tmp_path) as server:
        yield server


def database(world: World) -> str:
    return world.engine.url.render_as_string(hide_password=False)


def message_of(world: World, who: str) -> int:
    """Return the number of a prospect's first message."""
    m = t.messages.c
    with world.engine.begin() as connection:
        number = connection.scalar(select(m.id).where(m.prospect_id == world.ids[who]).order_by(m.id).limit(1))
    assert isinstance(number, int)
    return number
