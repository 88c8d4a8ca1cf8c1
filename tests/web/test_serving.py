"""The server as a process: what it says, whom it refuses, how it ends, and what outlives a kill."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.staff import add_team, logged_in
from tests.support.web import KEY, Served, click, link, served
from tests.support.world import World
from tests.web.conftest import database, message_of


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, database(world)) as running:
        yield running


def test_it_does_not_begin_without_a_key(tmp_path: Path) -> None:
    """S03"""
    (tmp_path / "engage.yaml").write_text("name: Shop\n", "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    command = [sys.executable, "-m", "engage", "serve", "--workspace", str(tmp_path), "--port", "0"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "ENGAGE_SECRET_KEY" in done.stderr


def test_a_key_that_can_be_guessed_is_warned_of(server: Served, tmp_path: Path) -> None:
    """S03: before anything else; the port is taken, so that it ends."""
    (tmp_path / "engage.yaml").write_text("name: Shop\n", "utf-8")
    command = [sys.executable, "-m", "engage", "--workspace", str(tmp_path)]
    environ = {**os.environ, "ENGAGE_SECRET_KEY": "fifteen letters"}
    for asked in ["serve", "--port", str(server.port)], ["doctor"]:
        done = subprocess.run([*command, *asked], env=environ, capture_output=True, text=True, timeout=60)
        said = " ".join((done.stdout + done.stderr).split())
        assert "ENGAGE_SECRET_KEY is shorter than 16 characters" in said
        assert "secrets.token_urlsafe(32)" in said
    assert "! ENGAGE_SECRET_KEY" in said


def test_a_port_that_is_taken_is_told_of(server: Served, tmp_path: Path) -> None:
    (tmp_path / "engage.yaml").write_text("name: Shop\n", "utf-8")
    command = [sys.executable, "-m", "engage", "serve", "--workspace", str(tmp_path), "--port", str(server.port)]
    done = subprocess.run(
        command, env={**os.environ, "ENGAGE_SECRET_KEY": KEY}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert f"port {server.port}, cannot be listened on" in done.stderr


def test_acknowledged_events_outlive_a_kill(world: World, tmp_path: Path) -> None:
    """P1: what was answered was committed, wherever ``kill -9`` struck; what was not answered may be there or not."""
    message = message_of(world, "john")
    pixel, target = link("open", message), "https://example.com/cases"
    acknowledged = {"opens": 0, "clicks": 0}
    for _ in range(3):
        with served(tmp_path, database(world)) as server, ThreadPoolExecutor(8) as hands:
            wanted = ((click(message, target), 302), (pixel, 200))
            asked = [hands.submit(_ask_until_gone, server.port, *wanted[n % 2]) for n in range(8)]
            time.sleep(0.7)
            server.kill()
            for n, each in enumerate(asked):
                acknowledged["opens" if n % 2 else "clicks"] += each.result()
    heard = world.rows("heard", "kind", "message_id", "link")
    opens, clicks = heard.count((0, message, None)), heard.count((1, message, target))
    assert acknowledged["opens"] > 100
    assert acknowledged["clicks"] > 100
    # Each of the eight had at most one request under way at each kill.
    assert acknowledged["opens"] <= opens <= acknowledged["opens"] + 3 * 4
    assert acknowledged["clicks"] <= clicks <= acknowledged["clicks"] + 3 * 4


def _ask_until_gone(port: int, path: str, good: int) -> int:
    """Ask again and again until the server is gone; return how often it answered well."""
    connection, count = http.client.HTTPConnection("127.0.0.1", port, timeout=10), 0
    try:
        while True:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == good
            count += 1
    except (OSError, http.client.HTTPException):
        return count
    finally:
        connection.close()


def test_acknowledged_opt_outs_outlive_a_kill(world: World, tmp_path: Path) -> None:
    people = [world.add(f"p{n}") for n in range(60)]
    world.tick()
    world.deliver()
    first = message_of(world, "p0")
    done: list[int] = []
    with served(tmp_path, database(world)) as server:

        def leave(n: int) -> None:
            try:
                if server.one_click(link("unsubscribe", first + n)).status == 200:
                    done.append(people[n])
            except (OSError, http.client.HTTPException):
                return

        with ThreadPoolExecutor(4) as hands:
            asked = [hands.submit(leave, n) for n in range(60)]
            while len(done) < 20:
                time.sleep(0.002)
            server.kill()
            for each in asked:
                each.result()
    out = {row[0] for row in world.rows("standings", "prospect_id", "opted_out") if row[1]}
    assert 20 <= len(done) < 60
    assert set(done) <= out
    assert len(out) <= len(done) + 4


def test_it_ends_when_those_who_asked_are_answered(world: World, server: Served) -> None:
    """SIGTERM: a mail to the reader is under way, so the opt-out's answer waits; the server waits for it."""
    world.tick("5 days")
    world.deliver("5 days", step="again", status="IN_DOUBT")
    with ThreadPoolExecutor(1) as hands:
        answer = hands.submit(server.one_click, link("unsubscribe", message_of(world, "john")))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert not answer.done()
        world.app.engine.dispose()
        _settle(world)
        assert answer.result().status == 200
    assert server.process.wait(20) == 0


def _settle(world: World) -> None:
    from sqlalchemy import update

    from engage.sql import tables as t
    from engage.sql.codes import MessageStatus

    m = t.messages
    with world.engine.begin() as connection:
        doubtful = m.c.status == int(MessageStatus.IN_DOUBT)
        connection.execute(update(m).where(doubtful).values(status=int(MessageStatus.SENT)))


def test_several_processes_answer(world: World, tmp_path: Path) -> None:
    """R11: none of them ticks, so nothing is done once for each."""
    with served(tmp_path, database(world), "--workers", "2") as server:
        path = link("open", message_of(world, "john"))
        for _ in range(20):
            assert server.get(path).status == 200
        assert len(world.rows("heard", "id")) == 20
        assert server.end() == 0


def test_a_login_and_a_link_are_good_at_every_process_and_after_a_start(world: World, tmp_path: Path) -> None:
    """S03: one key, which the environment gives, signs for all; nothing is made up by a process for itself."""
    add_team(world.engine)
    token, address = logged_in(world.engine, "ann"), database(world)
    cookie, mail = {"Cookie": f"__Host-engage={token}"}, link("view", message_of(world, "john"))
    form = {**cookie, "Sec_Fetch_Site": "same-origin"}
    with served(tmp_path, address) as one, served(tmp_path, address) as other:
        page = one.get("/account", **cookie).text
        guard = re.search(r'name="guard" value="([^"]+)"', page)
        assert guard is not None
        wished = (("locale", "ja"), ("guard", guard[1]))
        done = other.post("/account/wishes", *wished, **form)
        assert done.status == 303, "a form of one process is good at another"
        kept = "; ".join(each.split(";")[0] for each in done.headers["set-cookie"].split(", ") if "__Host" in each)
        assert "設定を保存" in one.get("/account", Cookie=f"{cookie['Cookie']}; {kept}").text, "so is what is said"
        assert [each.get(mail).status for each in (one, other)] == [200, 200]
        assert one.end() == 0
        with served(tmp_path, address) as again:
            assert again.get("/account", **cookie).status == 200
            assert again.post("/account/wishes", *wished, **form).status == 303
            assert other.post("/logout", ("guard", guard[1]), **form).status == 303
            assert again.get("/account", **cookie).status == 303, "who is out at one is out at all"
