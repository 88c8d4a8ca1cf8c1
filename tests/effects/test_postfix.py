"""Mail through a whole Postfix on loopback: into a maildir, to nobody, and where it does not relay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from engage.effects.post import Delivered
from tests.effects.mailroom import add_message, add_people, add_prospect, message_rows, parsed
from tests.effects.test_smtp import sent, stopped
from tests.support.postfix import Postfix, postfix


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    with postfix() as running:
        yield running


def test_mail_arrives_once_and_nobody_bounces(sqlite_engine: Engine, server: Postfix) -> None:
    add_people(sqlite_engine, 20)
    add_prospect(sqlite_engine, 21, email="nobody@example.com")
    add_message(sqlite_engine, 21)
    assert sent(sqlite_engine, server.port, connections=4) == Delivered(sent=21)
    mails = [parsed(content) for content in server.mails(20)]
    assert sorted(str(mail["Message-ID"]) for mail in mails) == sorted(
        f"<engage-{key}@example.co.jp>" for key in range(1, 21)
    )
    assert {str(mail["Return-Path"]) for mail in mails} == {"<marketing@example.co.jp>"}
    assert {str(mail["List-Unsubscribe-Post"]) for mail in mails} == {"List-Unsubscribe=One-Click"}
    status, reason = message_rows(sqlite_engine)[21]
    assert status == "sent"
    assert "5.1.1" in (reason or "")
    assert stopped(sqlite_engine) is None


def test_where_it_does_not_relay_we_are_at_fault(sqlite_engine: Engine, server: Postfix) -> None:
    for number in (1, 2, 3):
        add_prospect(sqlite_engine, number, email=f"somebody@elsewhere{number}.example")
        add_message(sqlite_engine, number)
    assert "refuses us" in str(sent(sqlite_engine, server.port))
    assert {status for status, _ in message_rows(sqlite_engine).values()} == {"queued"}


def test_whom_it_does_not_relay_to_holds_up_nobody_else(sqlite_engine: Engine, server: Postfix) -> None:
    """FAULTS R52: one recipient whom the server refuses by policy waits, with its words; others are mailed."""
    add_prospect(sqlite_engine, 1, email="somebody@elsewhere.example")
    add_message(sqlite_engine, 1)
    add_prospect(sqlite_engine, 2)
    add_message(sqlite_engine, 2)
    assert sent(sqlite_engine, server.port) == Delivered(sent=1, deferred=1)
    rows = message_rows(sqlite_engine)
    assert (rows[1][0], rows[2][0]) == ("queued", "sent")
    assert "Relay access denied" in (rows[1][1] or "")
    assert stopped(sqlite_engine) is None
