"""The calendar feed: its secret address, who reads it, when it is unchanged; and with real calendar programs."""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import insert, select, update

from engage.clock import system_clock
from engage.intake.todo_deeds import Actor, Seen
from engage.intake.todos import Ending, complete, postpone
from engage.sql import tables as t
from tests.support.staff import Staff
from tests.support.world import World

#: Where CI installs calendar programs.
PEERS = Path(__file__).parent.parent.parent.parent / ".peers" / "bin"


def put(world: World, subject: str, to: str = "user:sato", days: int | None = 3) -> int:
    now = system_clock()
    row = {
        "prospect_id": world.ids["hanako"], "subject": subject, "assignee": to, "priority": "high",
        "status": "not_started", "created_at": now - timedelta(hours=1),
        "due_at": None if days is None else now + timedelta(days=days),
    }  # fmt: skip
    with world.engine.begin() as connection:
        made = connection.execute(insert(t.todos).values(row)).inserted_primary_key
    assert made is not None
    return int(made[0])


def address(staff: Staff, as_: str = "sato") -> str:
    """Make a user's feed an address; return its path."""
    page = staff.post("/account/calendar", {}, as_)
    found = re.search(r'value="(http[^"]+/todos\.ics)"', page.text)
    assert found is not None, page.text
    return urlsplit(found[1]).path


def test_a_feed_holds_ones_own_open_todos(world: World, staff: Staff) -> None:
    put(world, "電話をかける")
    put(world, "いつか", days=None)
    put(world, "Theirs", "user:suzuki")
    put(world, "Queued", "queue:inside-sales")
    path = address(staff)
    answer = staff.web.get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    found = Calendar.from_ical(answer.body).subcomponents
    assert [(each.name, str(each["SUMMARY"])) for each in found] == [
        ("VTODO", "電話をかける"), ("VEVENT", "電話をかける"), ("VTODO", "いつか"),
    ]  # fmt: skip
    with world.engine.connect() as connection:
        stored = connection.scalars(select(t.calendar_feeds.c.token_hash)).one()
    token = path.split("/")[2]
    assert len(token) >= 43
    assert token not in stored


def test_a_feed_is_unchanged_until_a_todo_changes(world: World, staff: Staff) -> None:
    number = put(world, "Call")
    path = address(staff)
    first = staff.web.get(path)
    again = staff.web.get(path, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert first.headers["last-modified"].endswith(" GMT")
    now = system_clock()
    with world.engine.begin() as connection:
        postpone(connection, (Seen(number, 0),), Actor("sato", now), now + timedelta(days=9))
    moved = staff.web.get(path, If_None_Match=first.headers["etag"])
    assert moved.status == 200
    task = Calendar.from_ical(moved.body).subcomponents[0]
    assert (task["SEQUENCE"], task["UID"]) == (1, Calendar.from_ical(first.body).subcomponents[0]["UID"])
    assert task.decoded("DTSTAMP") == now.replace(microsecond=0)
    with world.engine.begin() as connection:
        complete(connection, (Seen(number, 1),), Actor("sato", now), Ending())
    assert not Calendar.from_ical(staff.web.get(path).body).subcomponents


def test_an_address_is_made_anew_and_taken_away(world: World, staff: Staff) -> None:
    first = address(staff)
    second = address(staff)
    assert first != second
    assert (staff.web.get(first).status, staff.web.get(second).status) == (404, 200)
    assert "address" in staff.get("/account/calendar", "sato").text
    assert second.split("/")[2] not in staff.get("/account/calendar", "sato").text
    assert staff.post("/account/calendar/stop", {}, "sato").status == 303
    assert staff.web.get(second).status == 404
    third = address(staff)
    with world.engine.begin() as connection:
        connection.execute(update(t.users).where(t.users.c.id == "sato").values(enabled=False))
    assert staff.web.get(third).status == 404
    assert staff.web.get("/calendar/x/todos.ics").status == 404


def test_a_feed_leads_nowhere_for_a_role_that_has_none(staff: Staff) -> None:
    """S18: a viewer has no page to stop it on."""
    path = address(staff, "mori")
    for role, status in (("viewer", 404), ("marketer", 200), ("viewer", 404), ("sales", 200)):
        assert staff.post("/team/mori/role", {"role": role}, "admin").status == 303
        assert staff.web.get(path).status == status, role


def peer(name: str) -> str:
    """Return a calendar program, or skip the test."""
    program = PEERS / name
    if not program.exists():
        if os.environ.get("ENGAGE_CI"):
            pytest.fail(f"{name} is missing")
        how = "python3 -m venv .peers && .peers/bin/pip install radicale vdirsyncer todoman"
        pytest.skip(f"{name} is not installed: {how}")
    return str(program)


@contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """Run a CalDAV server with one empty calendar; give the calendar's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = (
        f"--server-hosts=127.0.0.1:{port}", "--auth-type=none", f"--storage-filesystem-folder={folder}",
    )  # fmt: skip
    program = [peer("radicale"), "--config=", *options]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            home = f"http://127.0.0.1:{port}/sato/todos/"
            login = base64.b64encode(b"sato:x").decode()
            for _ in range(200):
                request = urllib.request.Request(home, method="MKCALENDAR", headers={"Authorization": f"Basic {login}"})
                with suppress(OSError), urllib.request.urlopen(request, timeout=10):
                    break
                time.sleep(0.1)
            yield home
        finally:
            server.terminate()


SYNC = """
[general]
status_path = "{folder}/status"
[pair up]
a = "feed"
b = "server"
collections = null
conflict_resolution = "a wins"
[pair down]
a = "server"
b = "disk"
collections = null
[storage feed]
type = "http"
url = "{feed}"
[storage server]
type = "caldav"
url = "{server}"
username = "sato"
password = "x"
[storage disk]
type = "filesystem"
path = "{folder}/disk/todos"
fileext = ".ics"
"""


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_real_calendar_programs_read_it(world: World, staff: Staff, tmp_path: Path) -> None:
    """The feed goes to a CalDAV server, and from there to a program that lists tasks; a change follows."""
    vdirsyncer, todo = peer("vdirsyncer"), peer("todo")
    number, other = put(world, "お電話：資料のご案内（価格のご質問と、来週のご都合の確認）"), put(world, "Send offer")
    (tmp_path / "disk" / "todos").mkdir(parents=True)
    feed = f"http://127.0.0.1:{staff.web.port}{address(staff)}"
    with radicale(tmp_path / "server") as server:
        config = tmp_path / "sync"
        config.write_text(SYNC.format(folder=tmp_path, feed=feed, server=server), "utf-8")
        shown = tmp_path / "todo.py"
        shown.write_text(f'path = "{tmp_path}/disk/*"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\n', "utf-8")

        def listed() -> str:
            run(vdirsyncer, "-c", str(config), "discover")
            run(vdirsyncer, "-c", str(config), "sync", "up")
            run(vdirsyncer, "-c", str(config), "sync", "down")
            return run(todo, "--config", str(shown), "--porcelain", "list", TZ="Asia/Tokyo", LC_ALL="C.UTF-8")

        text = listed()
        assert "Send offer" in text
        assert "お電話" in text.encode().decode("unicode_escape", "ignore") or "お電話" in text or "\\u304a" in text
        now = system_clock()
        with world.engine.begin() as connection:
            complete(connection, (Seen(other, 0),), Actor("sato", now), Ending())
            postpone(connection, (Seen(number, 0),), Actor("sato", now), now + timedelta(days=30))
        due = int((now + timedelta(days=30)).timestamp())
        text = listed()
        assert "Send offer" not in text
        assert str(due) in text
