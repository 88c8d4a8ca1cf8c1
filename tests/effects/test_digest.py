"""The daily digest: who gets it, when, what it says, and that it comes once."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from engage.app import App
from engage.effects.digest import write_digests
from engage.intake.todo_deeds import Actor, Seen
from engage.intake.todos import hand_on
from engage.settings import Settings
from engage.sql import tables as t
from tests.effects.mailroom import parsed, text_of
from tests.support.world import World

TEAM = """
    users:
      sato: {name: 佐藤 花子, email: sato@example.com, role: sales}
      suzuki: {name: Suzuki Jiro, email: suzuki@example.com, role: sales}
      tanaka: {name: Tanaka, role: sales}
    """
BASE = "https://engage.example.com"
#: A Monday, half past seven.
MORNING = datetime.fromisoformat("2026-12-07T07:30+00:00")


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine, "steps: [{id: rest, wait: 1 day}]", start=False, team=TEAM)
    made.add("a", company="サクラ")
    return made


def put(world: World, subject: str, to: str = "user:sato", **known: Any) -> int:
    row = {
        "prospect_id": world.ids["a"], "subject": subject, "assignee": to, "priority": "normal",
        "status": "not_started", "created_at": MORNING - timedelta(days=9),
    }  # fmt: skip
    with world.engine.begin() as connection:
        made = connection.execute(insert(t.todos).values(row | known)).inserted_primary_key
    assert made is not None
    return int(made[0])


def write(world: World, now: datetime = MORNING) -> int:
    with world.engine.begin() as connection:
        return write_digests(connection, world.plans.house, BASE, now)


def mails(world: World) -> list[Any]:
    with world.engine.connect() as connection:
        return list(connection.execute(select(t.notifications).order_by(t.notifications.c.id)))


def test_a_digest_tells_of_today_of_what_is_overdue_and_of_what_is_new(world: World) -> None:
    late = put(world, "Late", due_at=MORNING - timedelta(days=1), priority="high")
    soon = put(world, "Soon", due_at=MORNING + timedelta(hours=6))
    new = put(world, "New", created_at=MORNING - timedelta(hours=3))
    put(world, "Far", due_at=MORNING + timedelta(days=3))
    put(world, "Done", due_at=MORNING - timedelta(days=1), status="completed")
    put(world, "Theirs", "user:tanaka", due_at=MORNING)
    assert write(world) == 1
    (mail,) = mails(world)
    assert (mail.addressee, mail.prospect_id, mail.status) == ("user:sato", None, 0)
    assert mail.subject == "Your ToDos: 1 due today, 1 overdue, 1 new"
    assert mail.text.split("\n") == [
        "Mon, 7 December 2026", "",
        "Overdue: 1", f"- 12-06 07:30 Late (サクラ) {BASE}/todos/{late}", "",
        "Due today: 1", f"- 12-07 13:30 Soon (サクラ) {BASE}/todos/{soon}", "",
        "New: 1", f"- New (サクラ) {BASE}/todos/{new}", "",
        f"All your ToDos: {BASE}/todos", f"This mail can be switched off under My account: {BASE}/account",
    ]  # fmt: skip


def test_it_comes_once_a_business_morning(world: World) -> None:
    put(world, "Late", due_at=MORNING - timedelta(days=9))
    none = (-0.6, 4.6, -24, -48)  # before the morning, after it, on Sunday and on Saturday
    assert [write(world, MORNING + timedelta(hours=each)) for each in none] == [0, 0, 0, 0]
    days = (0, 0.1, 4, 24, 24.1)
    assert [write(world, MORNING + timedelta(hours=each)) for each in days] == [1, 0, 0, 1, 0]


def test_of_two_daemons_one_writes_it(world: World) -> None:
    put(world, "Late", due_at=MORNING - timedelta(days=9))
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: write(world), range(2))) == [0, 1]


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("moment", "kept"), [("commit", 0), ("checkin", 1)])
def test_one_comes_though_its_writer_is_killed_before_or_after_it_is_kept(world: World, moment: str, kept: int) -> None:
    put(world, "Late", due_at=MORNING - timedelta(days=9))
    world.engine.dispose()
    child = os.fork()
    if not child:
        try:
            event.listen(world.engine, moment, die)
            write(world)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(mails(world)) == kept
    assert write(world) == 1 - kept
    assert len(mails(world)) == 1


def test_who_does_not_want_it_or_has_nothing_gets_none(world: World) -> None:
    put(world, "Far", due_at=MORNING + timedelta(days=3))
    put(world, "Late", "user:suzuki", due_at=MORNING - timedelta(days=1))
    with world.engine.begin() as connection:
        connection.execute(insert(t.user_settings).values(user_id="suzuki", digest=False))
    assert write(world) == 0


def test_what_was_handed_on_is_new_to_its_new_owner_in_the_readers_language(world: World) -> None:
    number = put(world, "Old", "user:suzuki")
    with world.engine.begin() as connection:
        connection.execute(insert(t.user_settings).values(user_id="sato", locale="ja"))
        hand_on(connection, (Seen(number, 0),), Actor("suzuki", MORNING - timedelta(hours=2)), "user:sato")
    assert write(world) == 1
    (mail,) = mails(world)
    assert mail.subject == "ToDo: 今日が期限 0 件、期限超過 0 件、新着 1 件"
    assert mail.text.startswith("2026年12月7日（月）\n\n新着: 1 件\n- Old")


def test_it_goes_out_like_other_notifications(world: World, tmp_path: Any) -> None:
    put(world, "電話", due_at=MORNING - timedelta(days=1))
    app = App(Settings(tmp_path, str(world.engine.url), base_url=BASE), world.engine)
    assert app.digest(MORNING) == 1
    assert app.deliver(MORNING).notifications == 1
    (file,) = (tmp_path / "outbox").glob("*.eml")
    mail = parsed(file.read_bytes())
    assert (mail["To"], mail["Subject"]) == (
        "佐藤 花子 <sato@example.com>",
        "Your ToDos: 0 due today, 1 overdue, 0 new",
    )
    assert f"電話 (サクラ) {BASE}/todos/1" in text_of(mail)
    assert [row.status for row in mails(world)] == [2]
