"""Pixel, click, trap and view: what readers' mail programs ask for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

from sqlalchemy import Connection, text, update

from engage.daemon.log import make_log
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.support.web import Web, answering, click, link
from tests.support.world import World
from tests.web.conftest import message_of

TARGET = "https://example.com/cases?a=%25&utm_source=x#資料"


def test_an_open_is_heard_before_the_picture_comes(world: World, web: Web) -> None:
    message = message_of(world, "john")
    answer = web.get(link("open", message))
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert world.rows("heard", "kind", "message_id", "link", "machine") == [(0, message, None, None)]


def test_a_click_is_heard_and_leads_to_the_exact_address(world: World, web: Web) -> None:
    """B32: what stood in the mail comes back to the byte."""
    message = message_of(world, "john")
    answer = web.follow(click(message, TARGET))
    assert answer.startswith(b"HTTP/1.1 302 ")
    assert f"\r\nlocation: {TARGET}\r\n".encode() in answer
    assert world.rows("heard", "kind", "message_id", "link", "machine") == [(1, message, TARGET, None)]


def test_head_is_heard_as_a_machines(world: World, web: Web) -> None:
    """S50, S56: scanners ask by HEAD; it leads where GET leads and is marked."""
    message = message_of(world, "john")
    assert web.ask("HEAD", click(message, TARGET)).status == 302
    assert web.ask("HEAD", link("open", message)).status == 200
    assert {row[0] for row in world.rows("heard", "machine")} == {"head"}


def test_the_trap_is_heard(world: World, web: Web) -> None:
    message = message_of(world, "john")
    assert web.get(link("trap", message)).status == 200
    assert world.rows("heard", "kind", "message_id") == [(2, message)]


def test_no_address_of_a_reader_is_kept(world: World, web: Web) -> None:
    """S55"""
    web.get(link("open", message_of(world, "john")), X_Forwarded_For="203.0.113.9")
    (row,) = world.rows("heard", *t.heard.c.keys())
    assert "203.0.113.9" not in str(row)
    assert "127.0.0.1" not in str(row)


def lock(connection: Connection) -> None:
    """Let nobody write events."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE heard"))


def test_a_reader_is_led_on_while_the_database_is_busy(world: World, web: Web) -> None:
    """After two seconds at most; the click is written down when the database has time."""
    message = message_of(world, "john")
    with world.engine.begin() as connection, ThreadPoolExecutor(2) as hands:
        lock(connection)
        began = time.monotonic()
        picture = hands.submit(web.get, link("open", message))
        answer = web.follow(click(message, TARGET))
        took = time.monotonic() - began
        assert answer.startswith(b"HTTP/1.1 302 ")
        assert 1.5 < took < 4
        assert not picture.done(), "the picture is answered when its event is durable, not before"
        connection.rollback()
        assert picture.result().status == 200
    until = time.monotonic() + 20
    while len(world.rows("heard", "kind")) < 2 and time.monotonic() < until:
        time.sleep(0.05)  # the click is written after the picture, and nobody waits for its answer
    assert sorted(world.rows("heard", "kind")) == [(0,), (1,)]


def test_a_database_that_fails_loses_no_reader(world: World, tmp_path: Path) -> None:
    """Clicks lead on, pictures and opt-outs are refused for now, what is lost is counted and told of once."""
    said = StringIO()
    message = message_of(world, "john")
    with answering(world.engine, tmp_path, make_log(said), metrics_token="ours") as web:
        with world.engine.begin() as connection:
            for table in ("heard", "consents"):
                connection.execute(text(f"ALTER TABLE {table} RENAME TO away_{table}"))
        for _ in range(5):
            assert web.ask("HEAD", click(message, TARGET)).status == 302
        assert web.get(link("open", message)).status == 503
        answer = web.one_click(link("unsubscribe", message))
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")
        assert '"lost": 6' in web.get("/health", Authorization="Bearer ours").text
        assert '"state": "warning"' in web.get("/health").text
        with world.engine.begin() as connection:
            for table in ("heard", "consents"):
                connection.execute(text(f"ALTER TABLE away_{table} RENAME TO {table}"))
        assert web.get(link("open", message)).status == 200
        assert web.one_click(link("unsubscribe", message)).status == 200
    lines = said.getvalue().splitlines()
    assert sum("events_lost" in line for line in lines) == 1
    assert sum("opt_outs_refused" in line for line in lines) == 1
    assert sum("unavailable" in line for line in lines) == 1
    assert "john" not in said.getvalue()
    assert link("unsubscribe", message) not in said.getvalue()


def test_a_mail_is_shown_in_the_browser(world: World, web: Web) -> None:
    answer = web.get(link("view", message_of(world, "john")))
    assert answer.status == 200
    assert "Hello Smith" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_value_in_a_mail_runs_nothing(world: World, web: Web) -> None:
    world.set("john", last_name="<script>alert(1)</script>")
    answer = web.get(link("view", message_of(world, "john")))
    assert "<script>" not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_mail_that_nobody_had_is_not_shown(world: World, web: Web) -> None:
    """S49: nor one of a person who is gone."""
    m, message = t.messages, message_of(world, "john")
    for status in (MessageStatus.QUEUED, MessageStatus.CANCELLED, MessageStatus.FAILED):
        with world.engine.begin() as connection:
            connection.execute(update(m).where(m.c.id == message).values(status=int(status)))
        assert web.get(link("view", message)).status == 404
    gone = web.get(link("view", 4711))
    assert gone.status == 404
    assert "This mail cannot be shown any more" in gone.text


def test_links_of_the_key_before_last_still_work(world: World, tmp_path: Path) -> None:
    """S47: keys are replaced, links stay valid as long as their key is named among the old ones."""
    message = message_of(world, "john")
    with answering(world.engine, tmp_path, old_secret_keys=("older", "oldest")) as web:
        for key in ("older", "oldest"):
            assert web.get(link("view", message, key)).status == 200
            assert web.ask("HEAD", click(message, TARGET, key)).status == 302
        assert web.get(link("view", message, "another")).status == 404


def test_the_public_address_may_have_a_path(world: World, tmp_path: Path) -> None:
    """A proxy may hand its path on, or leave it out; where pages are encrypted, they stay so."""
    message = message_of(world, "john")
    with answering(world.engine, tmp_path, base_url="https://www.example.com/mail") as web:
        for path in (link("view", message), f"/mail{link('view', message)}"):
            assert web.get(path).status == 200
        page = web.get(f"/mail{link('unsubscribe', message)}")
        assert 'href="../p/' in page.text
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert web.get("/mailbox/health").status == 404
