"""R61: an opt-out is acknowledged only when no mail to that reader is under way any more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import update

from engage.clock import system_clock
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus
from tests.support.web import Web, link
from tests.support.world import World
from tests.web.conftest import message_of


def in_doubt(world: World, who: str, *, seconds_ago: float = 0.0, kind: MessageKind = MessageKind.MARKETING) -> int:
    """Let a prospect's message be under way since some seconds; return it."""
    m, message = t.messages, message_of(world, who)
    begun = system_clock() - timedelta(seconds=seconds_ago)
    values = {"status": int(MessageStatus.IN_DOUBT), "sent_at": begun, "kind": int(kind)}
    with world.engine.begin() as connection:
        connection.execute(update(m).where(m.c.id == message).values(values))
    return message


def settle(world: World, message: int) -> None:
    m = t.messages
    with world.engine.begin() as connection:
        connection.execute(update(m).where(m.c.id == message).values(status=int(MessageStatus.SENT)))


def test_the_answer_waits_for_a_mail_that_is_being_handed_over(world: World, web: Web) -> None:
    """R61: the opt-out stands at once, and is acknowledged when the mail has left."""
    message = in_doubt(world, "john")
    with ThreadPoolExecutor(3) as hands:
        answers = [
            hands.submit(web.one_click, link("unsubscribe", message)),
            hands.submit(web.post, link("unsubscribe", message), ("unsubscribe", "yes")),
            hands.submit(web.post, link("preferences", message), ("stop", "yes")),
        ]
        others = web.one_click(link("unsubscribe", message_of(world, "hanako")))
        assert others.status == 200, "nobody else waits"
        time.sleep(0.5)
        assert world.standing("john").opted_out
        assert not any(answer.done() for answer in answers)
        settle(world, message)
        assert [answer.result().status for answer in answers] == [200] * 3


def test_what_was_begun_long_ago_is_not_waited_for(world: World, web: Web) -> None:
    message = in_doubt(world, "john", seconds_ago=61)
    began = time.monotonic()
    assert web.one_click(link("unsubscribe", message)).status == 200
    assert time.monotonic() - began < 5


def test_operational_mail_is_not_waited_for(world: World, web: Web) -> None:
    message = in_doubt(world, "john", kind=MessageKind.OPERATIONAL)
    began = time.monotonic()
    assert web.one_click(link("unsubscribe", message)).status == 200
    assert time.monotonic() - began < 5


def test_nobody_waits_for_ever(world: World, web: Web) -> None:
    """A delivery that died leaves its mail in doubt: after ten seconds the opt-out is acknowledged all the same."""
    message = in_doubt(world, "john")
    began = time.monotonic()
    assert web.one_click(link("unsubscribe", message)).status == 200
    assert 9.5 < time.monotonic() - began < 20
