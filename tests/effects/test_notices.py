"""Notifications reach the team as plain mail."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, select

from engage.effects.channel import Envelope
from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.effects.mailroom import NOW, QUEUED_AT, Watcher, add_prospect, add_users, house, post


def add_notice(engine: Engine, key: int, addressee: str, *, prospect: int = 1, subject: str = "Hot lead") -> None:
    row = {"id": key, "prospect_id": prospect, "enrolment_id": key, "step_id": 1, "addressee": addressee}
    row |= {"subject": subject, "text": "佐藤様 is hot.\nCall now.", "status": int(MessageStatus.QUEUED)}
    with engine.begin() as connection:
        connection.execute(insert(t.notifications).values(**row, queued_at=QUEUED_AT))


def add_team(engine: Engine) -> None:
    add_users(
        engine,
        sato={"name": "佐藤 花子", "group": "east", "queue": "inside"},
        suzuki={"name": "Suzuki", "group": "east", "queue": "inside"},
        mute={"email": None, "group": "east"},
        left={"enabled": False, "group": "east", "queue": "inside"},
    )


@pytest.mark.parametrize(
    ("addressee", "owner", "recipients"),
    [
        ("user:sato", None, ("sato@example.co.jp",)),
        ("group:east", None, ("sato@example.co.jp", "suzuki@example.co.jp")),
        ("queue:inside", None, ("sato@example.co.jp", "suzuki@example.co.jp")),
        ("owner", "user:suzuki", ("suzuki@example.co.jp",)),
        ("owner", "queue:inside", ("sato@example.co.jp", "suzuki@example.co.jp")),
        ("owner", None, ("sato@example.co.jp", "suzuki@example.co.jp")),
        ("boss@example.com", None, ("boss@example.com",)),
    ],
)
def test_addressees(engine: Engine, addressee: str, owner: str | None, recipients: tuple[str, ...]) -> None:
    add_team(engine)
    add_prospect(engine, 1, owner=owner, opted_out=True, do_not_email=True)
    add_notice(engine, 1, addressee)
    watcher = Watcher()
    assert deliver(engine, post(watcher, house=house(first_queue="inside")), NOW) == Delivered(notifications=1)
    assert [envelope.recipients for envelope in watcher.taken] == [recipients]
    assert watcher.taken[0].name == "notice-000000001"
    mail = watcher.mails[0]
    assert tuple(box.addr_spec for box in mail["To"].addresses) == recipients
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Hot lead", "auto-generated")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["佐藤様 is hot.", "Call now."]
    assert mail["Message-ID"] == "<engage-notice-1@example.co.jp>"


@pytest.mark.parametrize("addressee", ["user:gone", "user:mute", "user:left", "group:none", "owner", "a@b@c"])
def test_nobody_to_tell_fails_visibly(engine: Engine, addressee: str) -> None:
    add_team(engine)
    add_prospect(engine, 1)
    add_notice(engine, 1, addressee)
    add_notice(engine, 2, "user:sato")
    assert deliver(engine, post(Watcher()), NOW) == Delivered(notifications=1, failed=1)
    n = t.notifications.c
    with engine.connect() as connection:
        rows = connection.execute(select(n.status, n.reason, n.sent_at).order_by(n.id)).all()
    assert rows[0] == (MessageStatus.FAILED, f"nobody to tell: {addressee} has no mail address", None)
    assert rows[1] == (MessageStatus.SENT, None, NOW)
    assert deliver(engine, post(Watcher()), NOW) == Delivered()


def test_a_subject_with_line_breaks_is_one_line(sqlite_engine: Engine) -> None:
    add_team(sqlite_engine)
    add_prospect(sqlite_engine, 1)
    add_notice(sqlite_engine, 1, "user:sato", subject="Hot\r\nBcc: x@evil.example")
    watcher = Watcher()
    deliver(sqlite_engine, post(watcher), NOW)
    assert watcher.mails[0]["Subject"] == "Hot Bcc: x@evil.example"
    assert watcher.mails[0]["Bcc"] is None


def test_a_channel_that_is_not_repeatable(engine: Engine) -> None:
    add_team(engine)
    add_prospect(engine, 1)
    for key in (1, 2, 3):
        add_notice(engine, key, "user:sato")

    class Moody(Watcher):
        def hand_over(self, envelope: Envelope) -> None:
            if envelope.name.endswith("2"):
                raise TimeoutError("timed out")
            super().hand_over(envelope)

    with pytest.raises(Outside, match="notification 2 is in doubt"):
        deliver(engine, post(Moody(repeatable=False)), NOW)
    with engine.connect() as connection:
        statuses = connection.scalars(select(t.notifications.c.status).order_by(t.notifications.c.id)).all()
    assert statuses == [MessageStatus.SENT, MessageStatus.IN_DOUBT, MessageStatus.QUEUED]
