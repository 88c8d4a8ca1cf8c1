"""What is of no use any more is removed at night (FAULTS S59), and what is of use stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, true

from engage.accounts import attempts, invitations, logins
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.stepping import retention
from engage.stepping.nightly import tidy
from engage.stepping.retention import RULES, overdue, remove

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
DOCS = Path(__file__).parents[1] / "docs" / "operations.md"
#: How long after START the row of each rule goes.
NIGHTS = {
    "attempts": timedelta(days=1),
    "invitations": timedelta(days=31),
    "browsers": timedelta(days=90),
    "logins": timedelta(days=1096),
    "team_mails": timedelta(days=90),
    "returned": timedelta(days=90),
    "service_calls": timedelta(days=3),
}


def put(connection: Connection) -> None:
    """Write a row for each rule at START, and rows that stay."""
    attempts.failed(connection, attempts.attempt(b"key", "sato", "192.0.2.1"), START)
    invitations.invite(connection, "first", None, START)
    for _ in range(2):
        logins.begin(connection, "sato", "sales", "password", "Firefox", START)
    later = {"token": b"2" * 32, "user_id": "sato", "role": "sales", "way": "password", "agent": ""}
    connection.execute(insert(t.logins).values(**later, began_at=START + timedelta(seconds=1), seen_at=START))
    for status, run in ((MessageStatus.SENT, None), (MessageStatus.QUEUED, None), (MessageStatus.SENT, 7)):
        row = {"addressee": "user:sato", "subject": "Today", "text": "Call Taro", "enrolment_id": run}
        connection.execute(insert(t.notifications).values(**row, status=int(status), queued_at=START))
    back = {"key": b"1" * 16, "at": START, "kind": 1, "source": "lmtp"}
    connection.execute(insert(t.returned).values(back))
    connection.execute(insert(t.service_calls).values(key=b"1" * 16, at=START))


def rows(connection: Connection, rule: retention.Rule) -> int:
    over = true() if rule.emptied is None else rule.table.c[rule.emptied] != ""
    return connection.scalar(select(func.count()).select_from(rule.table).where(over)) or 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_s59_each_goes_when_its_time_is_over_and_not_before(engine: Engine, rule: retention.Rule) -> None:
    with engine.begin() as connection:
        put(connection)
        before = rows(connection, rule)
    due = NIGHTS[rule.name]
    assert rule.name not in remove(engine, START + due - timedelta(minutes=1))
    with engine.connect() as connection:
        assert rows(connection, rule) == before
    gone = remove(engine, START + due + timedelta(minutes=11))[rule.name]
    with engine.connect() as connection:
        assert rows(connection, rule) == before - gone
        assert gone > 0
    assert rule.name not in remove(engine, START + due + timedelta(minutes=11))


def test_s59_the_night_counts_them_and_what_is_of_use_stays(engine: Engine) -> None:
    with engine.begin() as connection:
        put(connection)
    far = START + timedelta(days=4000)
    with engine.connect() as connection:
        assert overdue(connection, START + timedelta(days=1)) == 0
        assert overdue(connection, far) == 10
    assert tidy(engine, far).removed == {
        "attempts": 2, "invitations": 1, "browsers": 2, "logins": 2, "team_mails": 1, "returned": 1, "service_calls": 1,
    }  # fmt: skip
    with engine.connect() as connection:
        assert overdue(connection, far) == 0
        assert connection.scalars(select(t.logins.c.token)).all() == [b"2" * 32]
        kept = connection.execute(select(t.notifications.c.enrolment_id, t.notifications.c.status)).all()
        assert kept == [(None, int(MessageStatus.QUEUED)), (7, int(MessageStatus.SENT))]


def test_many_go_chunk_by_chunk(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 10)
    with engine.begin() as connection:
        rows = [{"span": span, "key": bytes([span]) * 16, "count": 1} for span in range(35)]
        connection.execute(insert(t.attempts), rows)
    assert remove(engine, START) == {"attempts": 35}


def test_a_login_that_goes_on_is_never_touched(engine: Engine) -> None:
    """A login lasts seven days at most, far less than anything of it is kept."""
    kept = {rule.name: rule.kept for rule in RULES}
    assert min(kept["browsers"], kept["logins"]) > logins.ABSOLUTE
    assert kept["invitations"] > timedelta(0)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_how_long_each_is_kept_is_documented(rule: retention.Rule) -> None:
    assert f"| {rule.what} | {_length(rule.kept)} |" in DOCS.read_text("utf-8")


def _length(kept: timedelta) -> str:
    if kept.days >= 1000:
        return f"{kept.days // 365} years"
    return "1 day" if kept.days == 1 else f"{kept.days} days"
