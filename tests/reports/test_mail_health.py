"""How mail stands: what holds it up, what waits, and which of it is bad."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert

from engage.effects.lane import go_on, make_lane, stop
from engage.reports.going_out import Mails, going_out
from engage.reports.health import mail_findings, mail_health
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.effects.mailroom import NOW, QUEUED_AT, add_message, add_prospect


def found(engine: Engine, now: datetime = QUEUED_AT) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        health = mail_health(connection, now)
    return [(state, str(said)) for state, said in mail_findings(health, now, lambda at: f"{at:%H:%M}")]


def queued(messages: int, notices: int) -> str:
    return f"{messages} messages and {notices} notifications are queued"


def test_nothing_waits(engine: Engine) -> None:
    assert found(engine) == [("ok", queued(0, 0))]


def test_what_failed_of_late_is_told_with_the_reason_that_is_most_frequent(engine: Engine) -> None:
    """One that failed long ago and one of an erased prospect are no news; what waits is told after it."""
    week = NOW - timedelta(days=7)
    for key, reason, at in (
        (1, "it divides by zero", QUEUED_AT),
        (2, "'seats' has no value here", QUEUED_AT),
        (3, "it divides by zero", QUEUED_AT),
        (4, "'seats' has no value here", week),
        (5, "forgotten", QUEUED_AT),
    ):
        add_prospect(engine, key)
        add_message(engine, key, status=int(MessageStatus.FAILED), reason=reason, queued_at=at)
    text = "3 messages failed in the last 7 days, most often: it divides by zero; see: engage messages --status failed"
    assert found(engine, NOW) == [("note", text), ("ok", queued(0, 0))]


def test_what_failed_is_found_by_its_index(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        asked = "SELECT reason FROM messages WHERE status = 3 AND queued_at > 5 ORDER BY queued_at DESC LIMIT 9"
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    assert "ix_messages_failed" in str(plan)


def test_all_at_once(engine: Engine) -> None:
    """One that could go, one refused for now, one in doubt, one that went; the server refuses us."""
    for key in (1, 2, 3, 4):
        add_prospect(engine, key)
    add_message(engine, 1)
    add_message(engine, 2, deferred_at=QUEUED_AT, try_at=NOW + timedelta(hours=1))
    add_message(engine, 3, status=int(MessageStatus.IN_DOUBT), sent_at=QUEUED_AT)
    add_message(engine, 4, status=int(MessageStatus.SENT), sent_at=QUEUED_AT)
    with engine.begin() as connection:
        notice = {"prospect_id": 1, "addressee": "owner", "subject": "x", "text": "x", "status": 0}
        connection.execute(insert(t.notifications).values(**notice, queued_at=NOW))
    doubt = "1 message is in doubt, nobody knows whether it left; see: engage messages --status in_doubt"
    later = ("note", "1 message was refused for now and is tried again later")
    assert found(engine) == [("bad", doubt), later, ("note", queued(2, 1))]
    slow = ("note", "a message has waited to go out since 16:00: is there no engage run?")
    assert found(engine, NOW) == [("bad", doubt), slow, later, ("note", queued(2, 1))]
    with engine.begin() as connection:
        make_lane(connection)
        stop(connection, "blocked", NOW)
    stopped = ("bad", "no mail has gone out since 01:00: blocked (tried again from 01:01 on)")
    assert found(engine, NOW) == [stopped, ("bad", doubt), later, ("note", queued(2, 1))]
    with engine.begin() as connection:
        go_on(connection)
        connection.execute(insert(t.holds).values(held_at=NOW, held_by="a@b", why="backup"))
    assert found(engine, NOW)[0][1].startswith("nothing goes out: this database is a backup")
    assert slow not in found(engine, NOW)
    with engine.connect() as connection:
        waits = going_out(connection, NOW)
    assert waits.mails == (
        Mails("hello", "queued", 2, QUEUED_AT, QUEUED_AT),
        Mails("hello", "in_doubt", 1, QUEUED_AT, QUEUED_AT),
    )
    assert (waits.at_once, waits.later, waits.notices, waits.actions, waits.in_doubt) == (1, 1, 1, 0, 1)


def test_a_hold_that_is_over_is_not_told(engine: Engine) -> None:
    over = {"held_at": NOW, "held_by": "a@b", "why": "older", "released_at": NOW, "released_by": "a@b", "dropped": 0}
    with engine.begin() as connection:
        connection.execute(insert(t.holds).values(over))
    assert found(engine, NOW) == [("ok", queued(0, 0))]
