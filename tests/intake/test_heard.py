"""What the public pages hear is written down at once, whatever the message is."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, select

from engage.intake.heard import Heard, hear
from engage.sql import tables as t

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_what_was_heard_is_written_in_the_callers_transaction(engine: Engine) -> None:
    with engine.begin() as connection:
        hear(connection, [])
        click = Heard("click", 2, AT, "https://example.com/" + "é" * 2_000, "agent")
        hear(connection, [Heard("open", 1, AT), click, Heard("trap", 9_999, AT)])
    with engine.connect() as connection:
        columns = (t.heard.c.kind, t.heard.c.message_id, t.heard.c.at, t.heard.c.link, t.heard.c.machine)
        rows = connection.execute(select(*columns).order_by(t.heard.c.id)).all()
    cut = "https://example.com/" + "é" * 990
    assert rows == [(0, 1, AT, None, None), (1, 2, AT, cut, "agent"), (2, 9_999, AT, None, None)]
