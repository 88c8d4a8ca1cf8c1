"""Requests that show at once that no person sent them; and readers who are taken for none of those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.files import ENGAGE
from tests.support.web import BROWSER, Served, Web, answering, click, link, served
from tests.support.world import World
from tests.web.conftest import database, message_of

TARGET = "https://example.com/"
READERS = (
    BROWSER,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile Safari/537.36 Line/15.1.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    # Gmail and Yahoo load pictures for their readers, when these open a mail.
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
)
ROBOTS = (
    "", "curl/8.14", "python-requests/2.32", "Go-http-client/2.0", "Barracuda Sentinel (EE)", "Mimecast",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BingPreview/1.0b)",
)  # fmt: skip


def heard(world: World) -> list[object]:
    return [row[1] for row in world.rows("heard", "id", "machine")]


def test_readers_and_robots_are_told_apart_by_their_names(world: World, web: Web) -> None:
    """S56: a robot's opens and clicks are stored and marked."""
    message = message_of(world, "john")
    for agent in READERS:
        web.get(link("open", message), User_Agent=agent)
        web.get(click(message, TARGET), User_Agent=agent)
    assert heard(world) == [None] * 2 * len(READERS)
    for agent in ROBOTS:
        web.get(click(message, TARGET), User_Agent=agent)
    assert heard(world)[2 * len(READERS) :] == ["agent"] * len(ROBOTS)
    web.ask("HEAD", click(message, TARGET), User_Agent=BROWSER)
    assert heard(world)[-1] == "head"


def test_apple_loads_every_picture_and_is_marked_apart(world: World, web: Web) -> None:
    message = message_of(world, "john")
    web.get(link("open", message), User_Agent="Mozilla/5.0")
    web.get(click(message, TARGET), User_Agent="Mozilla/5.0")
    assert heard(world) == ["apple", "agent"]


def test_a_name_without_end_is_no_trouble(world: World, web: Web) -> None:
    message = message_of(world, "john")
    for agent in ("a" * 60_000, "Mozilla/5.0 " + "(" * 5_000, BROWSER + " é\xff"):
        assert web.get(link("open", message), User_Agent=agent).status == 200
    assert heard(world) == [None] * 3


NETWORKS = ENGAGE + 'tracking: {proxies: [198.51.100.0/24, "2001:db8::/32"], apple: [192.0.2.0/24]}\n'


@pytest.fixture
def guarded(engine: Engine) -> World:
    """Give a world whose workspace names networks."""
    world = World(engine, "steps:\n  - send_email: invite\n", engage=NETWORKS)
    world.add("john")
    world.tick()
    world.deliver()
    return world


@pytest.fixture
def behind(guarded: World, tmp_path: Path) -> Iterator[Web]:
    """Give a server that believes a proxy on this machine."""
    with answering(guarded.engine, tmp_path, trusted=("127.0.0.1",)) as server:
        yield server


def test_networks_are_those_of_the_workspace_and_the_proxy_tells_who_asks(guarded: World, behind: Web) -> None:
    """S55: addresses are compared, and kept nowhere."""
    message = message_of(guarded, "john")
    for client in ("198.51.100.7", "2001:db8::1", "203.0.113.1", "192.0.2.1, 198.51.100.9", "nonsense"):
        behind.get(click(message, TARGET), User_Agent=BROWSER, X_Forwarded_For=client)
    assert heard(guarded) == ["proxy", "proxy", None, "proxy", None]
    for client in ("192.0.2.5", "17.58.0.1", "203.0.113.1"):
        behind.get(link("open", message), User_Agent=BROWSER, X_Forwarded_For=client)
    assert heard(guarded)[5:] == ["apple", "apple", None]
    assert "198.51.100" not in str(guarded.rows("heard", *guarded_columns()))


def guarded_columns() -> tuple[str, ...]:
    from engage.sql import tables as t

    return tuple(column.name for column in t.heard.c)


def test_a_stranger_cannot_say_who_asks(guarded: World, tmp_path: Path) -> None:
    with answering(guarded.engine, tmp_path) as web:
        web.get(click(message_of(guarded, "john"), TARGET), User_Agent=BROWSER, X_Forwarded_For="198.51.100.7")
    assert heard(guarded) == [None]


def test_what_is_applied_counts_some_seconds_later(engine: Engine, tmp_path: Path) -> None:
    """A server needs no restart: it looks what runs."""
    import time

    world = World(engine, "steps:\n  - send_email: invite\n")
    world.add("john")
    world.tick()
    world.deliver()
    message = message_of(world, "john")

    def marked(web: Served) -> object:
        web.get(click(message, TARGET), User_Agent=BROWSER, X_Forwarded_For="198.51.100.7")
        return heard(world)[-1]

    with served(tmp_path, database(world)) as web:
        assert marked(web) is None
        world.apply(engage=NETWORKS)
        until = time.monotonic() + 30
        while marked(web) is None:
            assert time.monotonic() < until
            time.sleep(0.2)
