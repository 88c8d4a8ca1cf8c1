"""Refusals that may concern us or some recipients alone: the others have their mail, and the lane stops when all do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, select

from engage.effects.post import Delivered
from engage.effects.waiting import GIVEN_UP
from engage.sql import tables as t
from tests.effects.mailroom import NOW, QUEUED_AT, add_message, add_people, add_prospect, message_rows
from tests.effects.test_smtp import sent, statuses, stopped
from tests.support.mail_server import Script, mail_server, usual

REJECTED = "550 5.7.1 rejected"


def refusing(*beginnings: str, command: str = "rcpt") -> Script:
    """Refuse recipients whose addresses begin so."""
    begins = tuple(f"RCPT TO:<{each}" for each in beginnings) if command == "rcpt" else beginnings
    return lambda said, about: REJECTED if said == command and about.startswith(begins) else None


def add(engine: Engine, *addresses: str) -> None:
    """Queue a message to each address, after those there are."""
    with engine.connect() as connection:
        first = len(connection.scalars(select(t.messages.c.id)).all()) + 1
    for key, address in enumerate(addresses, first):
        add_prospect(engine, key, email=address)
        add_message(engine, key)


def nobody_is_marked(engine: Engine) -> bool:
    with engine.connect() as connection:
        barred = connection.scalars(select(t.standings.c.do_not_email)).all()
        return not any(barred) and not connection.scalars(select(t.messages.c.bounce)).first()


def good_ones(server_recipients: list[str]) -> list[str]:
    return [address for address in server_recipients if not address.startswith("bad")]


@pytest.mark.parametrize("command", ["rcpt", "dot"])
@pytest.mark.parametrize("connections", [1, 4])
def test_refused_recipients_at_the_head_hold_up_nobody(engine: Engine, connections: int, command: str) -> None:
    """FAULTS R52, P3: all of one domain, and as many as a batch of those made ahead has."""
    good = sorted(f"z{key}@example.com" for key in range(5))
    add(engine, *[f"bad{key}@example.com" for key in range(60)], *good)
    with mail_server(refusing("bad", command=command)) as server:
        sent(engine, server.port, connections=connections)
        assert server.recipients == good
        for minute in range(5, 60, 5):
            sent(engine, server.port, NOW + timedelta(minutes=minute), connections=connections)
        assert server.recipients == good
        # One who comes later is the first that is tried, and opens the lane.
        add(engine, "later@example.com")
        sent(engine, server.port, NOW + timedelta(hours=1))
        assert server.recipients == sorted([*good, "later@example.com"])
    rows = message_rows(engine)
    assert {rows[key] for key in range(1, 61)} <= {("queued", REJECTED), ("queued", None)}
    assert nobody_is_marked(engine)


def test_good_ones_amid_refused_ones_are_found(engine: Engine) -> None:
    """Between them, at their head and behind, of the same domain and of others."""
    add(engine, *[f"bad{key}@example.com" for key in range(20)], *[f"y{key}@example.com" for key in range(9)])
    add(engine, *[f"bad{key}@example.com" for key in range(20, 40)], "z@other.example", "bad@example.com")
    with mail_server(refusing("bad")) as server:
        for minute in range(15):
            sent(engine, server.port, NOW + timedelta(minutes=minute), connections=2)
        assert len(server.recipients) == 10
    assert nobody_is_marked(engine)


def test_a_few_refused_ones_stop_nothing(engine: Engine) -> None:
    """Amid many, over several connections: each is accepted or waits, and the lane stays open."""
    add_people(engine, 200)
    with mail_server(refusing("p5@", "p50@", "p51@", "p52@", "p53@", "p120@")) as server:
        assert sent(engine, server.port, connections=4) == Delivered(sent=194, deferred=6)
        assert len(server.recipients) == 194
    assert stopped(engine) is None
    assert nobody_is_marked(engine)


def test_three_different_recipients_in_a_row_stop_the_lane(engine: Engine) -> None:
    """FAULTS R52: the rest are not even tried; who is accepted opens it again."""
    add(engine, *[f"p{key}@h{key}.example" for key in range(1, 31)])
    with mail_server(lambda command, _: REJECTED if command == "rcpt" else None) as server:
        assert "refuses us: 550 5.7.1 rejected" in str(sent(engine, server.port, connections=4))
        assert sum(said.startswith("RCPT") for said in server.said) == 3
        assert stopped(engine) is not None
        server.script = usual
        assert sent(engine, server.port, NOW + timedelta(minutes=1), connections=4) == Delivered(sent=27)
        assert stopped(engine) is None
        assert sent(engine, server.port, NOW + timedelta(minutes=10)) == Delivered(sent=3)
    assert nobody_is_marked(engine)


def test_a_sender_that_is_refused_stops_the_lane_at_once(engine: Engine) -> None:
    add_people(engine, 5)
    with mail_server(lambda command, _: REJECTED if command == "mail" else None) as server:
        assert "refuses us" in str(sent(engine, server.port))
        assert sum(said.startswith("MAIL") for said in server.said) == 1
    assert stopped(engine) is not None


def test_deliveries_of_one_message_each_come_to_be_sure(engine: Engine) -> None:
    """One prospect a tick: nobody was accepted since, so the third refusal stops the lane."""
    with mail_server(refusing("p")) as server:
        told = list[object]()
        for key, address in enumerate(("p1@a.jp", "p2@b.jp", "good@c.jp", "p3@d.jp", "p4@e.jp"), 1):
            add(engine, address)
            told.append(sent(engine, server.port, NOW + timedelta(seconds=key)))
        assert told == [Delivered(deferred=1), Delivered(deferred=1), Delivered(sent=1), *[Delivered(deferred=1)] * 2]
        add(engine, "p5@f.jp")
        assert "refuses us" in str(sent(engine, server.port, NOW + timedelta(seconds=6)))
    assert stopped(engine) is not None
    assert nobody_is_marked(engine)


def test_one_that_is_always_refused_fails_after_five_days(engine: Engine) -> None:
    """With the server's words, and not as bounced; two messages to one prospect are no two recipients."""
    add(engine, "bad@example.com")
    add_message(engine, 2, prospect=1, enrolment_id=9)
    add_message(engine, 3, prospect=1, enrolment_id=10)
    at = NOW
    with mail_server(refusing("bad")) as server:
        while "queued" in statuses(engine):
            assert isinstance(sent(engine, server.port, at), Delivered)
            at += timedelta(hours=4)
    assert message_rows(engine) == dict.fromkeys((1, 2, 3), ("failed", REJECTED))
    assert GIVEN_UP <= at - NOW <= GIVEN_UP + timedelta(hours=12)
    assert nobody_is_marked(engine)


def test_notifications_wait_likewise(sqlite_engine: Engine) -> None:
    """FAULTS R52: one address of the team that is refused holds up nobody; three in a row stop the lane."""
    n = t.notifications
    names = ["bad1", "good", "bad2", "bad3", "bad4"]
    rows = [{"id": key, "addressee": f"{name}@example.co.jp"} for key, name in enumerate(names, 1)]
    common = {"subject": "Hot", "text": "x", "status": 0, "queued_at": QUEUED_AT}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(n), [row | common for row in rows])
    with mail_server(refusing("bad")) as server:
        assert "refuses us" in str(sent(sqlite_engine, server.port))
        assert server.recipients == ["good@example.co.jp"]
    with sqlite_engine.connect() as connection:
        assert connection.scalars(select(n.c.status).order_by(n.c.id)).all() == [0, 2, 0, 0, 0]
    assert stopped(sqlite_engine) is not None
