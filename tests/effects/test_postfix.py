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
    add_prospect(sqlite_engine, 1, email="somebody@elsewhere.example")
    add_message(sqlite_engine, 1)
    assert "refuses us" in str(sent(sqlite_engine, server.port))
    assert message_rows(sqlite_engine)[1][0] == "queued"
