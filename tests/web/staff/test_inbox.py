"""The ToDo inbox over HTTP: what each sees, what each form does, who comes second, and what is undone."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select

from engage.clock import system_clock
from engage.language.calendar import add_business_days
from engage.sql import tables as t
from tests.support.staff import Staff
from tests.support.web import Answer
from tests.support.world import World

JA = {"Accept_Language": "ja"}


def put(world: World, subject: str, to: str = "user:sato", who: str = "hanako", **known: Any) -> int:
    """Write a ToDo; return its number."""
    row = {
        "prospect_id": world.ids[who], "subject": subject, "assignee": to, "priority": "normal",
        "status": "not_started", "created_at": system_clock(),
    }  # fmt: skip
    with world.engine.begin() as connection:
        made = connection.execute(insert(t.todos).values(row | known)).inserted_primary_key
    assert made is not None
    return int(made[0])


@pytest.fixture(autouse=True)
def _in_one_queue(world: World, staff: Staff) -> None:
    """Have both sales users in the queue."""
    with world.engine.begin() as connection:
        known = set(connection.scalars(select(t.queue_members.c.user_id)))
        for user in {"sato", "suzuki"} - known:
            row = {"queue_key": "inside-sales", "user_id": user, "position": 9}
            connection.execute(insert(t.queue_members).values(row))


def stored(world: World, number: int) -> Any:
    with world.engine.connect() as connection:
        return connection.execute(select(t.todos).where(t.todos.c.id == number)).one()


def flash(staff: Staff, answer: Answer, as_: str) -> Answer:
    """Return the page that an answer leads to, with its passing message."""
    assert answer.status == 303, answer.text
    cookies = [each.split(";")[0] for each in answer.headers["set-cookie"].split(", ") if "=" in each.split(";")[0]]
    own = f"; {'; '.join(cookies)}"
    return staff.web.get(answer.headers["location"], Cookie=staff._cookie(as_)["Cookie"] + own)


def test_what_each_sees(world: World, staff: Staff) -> None:
    mine, queued, theirs = (
        put(world, "Mine"),
        put(world, "Queued", "queue:inside-sales"),
        put(world, "T", "user:suzuki"),
    )
    page = staff.get("/todos", "sato").text
    assert "Mine" in page
    assert "Queued" not in page
    assert "Queued" in staff.get("/todos?tab=queues", "sato").text
    for number, status in ((mine, 200), (queued, 200), (theirs, 404), (999, 404)):
        assert staff.get(f"/todos/{number}", "sato").status == status
        assert staff.get(f"/todos/{number}/card", "sato").status == status
    assert staff.get(f"/todos?todo={theirs}", "sato").status == 404
    assert staff.get("/todos?to=user:suzuki", "sato").status == 404
    assert staff.get("/todos/team", "sato").status == 404
    assert "T</span>" in staff.get("/todos?to=user:suzuki", "marketer").text
    assert staff.get("/todos?to=user:nobody", "marketer").status == 404
    assert staff.get(f"/todos/{theirs}", "viewer").status == 200
    team = staff.get("/todos/team", "viewer").text
    assert "鈴木 一郎" in team
    assert "inside-sales" in team
    assert staff.get("/todos/team.csv", "viewer").body.startswith(b"\xef\xbb\xbfto,name,open")


def test_a_viewer_changes_nothing(world: World, staff: Staff) -> None:
    number = put(world, "Mine")
    page = staff.get(f"/todos/{number}", "viewer").text
    assert "/todos/done" not in page
    for path in ("done", "postpone", "hand", "take", "status", "call", "undo"):
        assert staff.post(f"/todos/{path}", {"todo": f"{number}.0"}, "viewer").status == 403


def test_a_card_says_why(world: World, staff: Staff) -> None:
    world.set("hanako", phone="０３-1234-5678", company="<b>&Co", last_name="佐藤")
    world.activity("hanako", "form_submitted", "demo", at="1 day")
    number = put(world, "Call <script>alert(1)</script>", comments="read & liked")
    card = staff.get(f"/todos/{number}/card?back={quote('/todos?tab=today')}", "sato", **JA).text
    for text in (
        'href="tel:0312345678"', 'href="mailto:hanako@example.com"', "フォームを送信", "demo", "read &amp; liked",
        "&lt;b&gt;&amp;Co", "Call &lt;script&gt;", 'value="/todos?tab=today"', f'value="{number}.0"',
    ):  # fmt: skip
        assert text in card, text
    world.set("hanako", phone="ask at the desk")
    assert "tel:" not in staff.get(f"/todos/{number}/card", "sato").text
    world.set("hanako", phone="03-1", do_not_call=True, do_not_email=True)
    card = staff.get(f"/todos/{number}/card", "sato").text
    assert "tel:" not in card
    assert "mailto:" not in card
    assert "do not call" in card


def test_done_with_everything_and_undone(world: World, staff: Staff) -> None:
    number = put(world, "Call")
    fields = {
        "todo": f"{number}.0", "back": "/todos?tab=today", "outcome": "will buy", "note": "nice", "call": "reached",
        "next": "Send offer", "next_days": "2", "next_to": "queue:inside-sales", "next_priority": "high",
    }  # fmt: skip
    answer = staff.post("/todos/done", fields, "sato")
    page = flash(staff, answer, "sato").text
    assert answer.headers["location"] == "/todos?tab=today"
    assert "The ToDo is completed." in page
    row = stored(world, number)
    assert (row.status, row.outcome, row.changes) == ("completed", "will buy", 1)
    follow = stored(world, number + 1)
    assert (follow.subject, follow.assignee, follow.priority) == ("Send offer", "queue:inside-sales", "high")
    assert follow.due_at > system_clock()
    deed = re.search(r'name="deed" value="(\d+)"', page)
    assert deed is not None
    back = flash(staff, staff.post("/todos/undo", {"deed": deed[1]}, "sato"), "sato")
    assert "It is as it was before." in back.text
    assert (stored(world, number).status, stored(world, number).outcome) == ("not_started", None)
    again = staff.post("/todos/undo", {"deed": deed[1]}, "sato", **JA)
    assert again.status == 422
    assert "すでに元に戻されています" in again.text
    assert staff.post("/todos/undo", {"deed": "x"}, "sato").status == 422


def test_two_who_take_the_same_todo_at_once(world: World, staff: Staff) -> None:
    number = put(world, "Call", "queue:inside-sales")
    for user in ("sato", "suzuki"):
        staff.token(user)
    with ThreadPoolExecutor(2) as pool:
        takes = pool.map(lambda user: staff.post("/todos/take", {"todo": f"{number}.0"}, user), ("sato", "suzuki"))
        answers = sorted(takes, key=lambda answer: answer.status)
    assert [answer.status for answer in answers] == [303, 422]
    winner = {"user:sato": "佐藤 花子", "user:suzuki": "鈴木 一郎"}[stored(world, number).assignee]
    assert f"{winner} has taken it meanwhile" in unescape(answers[1].text)


def test_a_form_that_is_too_old_says_who_went_on(world: World, staff: Staff) -> None:
    number, queued = put(world, "Call"), put(world, "Queued", "queue:inside-sales")
    assert staff.post("/todos/hand", {"todo": f"{number}.0", "to": "user:suzuki"}, "sato").status == 303
    late = staff.post("/todos/done", {"todo": f"{number}.0"}, "sato")
    assert "佐藤 花子 has handed it on to 鈴木 一郎 meanwhile" in unescape(late.text)
    assert "佐藤 花子 has handed it on" in unescape(staff.post("/todos/done", {"todo": f"{number}.1"}, "sato").text)
    assert stored(world, number).status == "not_started"
    assert staff.post("/todos/take", {"todo": f"{queued}.0"}, "suzuki").status == 303
    theirs = put(world, "Not mine", "user:suzuki")
    for fields in ({"todo": f"{theirs}.0"}, {"todo": "4711.0"}):
        assert "is not there any more" in staff.post("/todos/done", fields, "sato").text
    assert "choose one or more" in staff.post("/todos/done", {}, "sato").text
    assert "names no ToDo" in staff.post("/todos/done", {"todo": "x"}, "sato").text


def test_many_at_once(world: World, staff: Staff) -> None:
    numbers = [put(world, f"Call {n}", "queue:inside-sales") for n in range(3)]
    chosen = [("todo", f"{number}.0") for number in numbers]
    assert "say what to do" in staff.post("/todos/nothing", chosen, "sato").text
    page = flash(staff, staff.post("/todos/take", chosen, "sato"), "sato").text
    assert "3 ToDos are yours." in page
    late = staff.post("/todos/postpone", [*((n, v.replace(".0", ".1")) for n, v in chosen[:2]), ("days", "3")], "sato")
    assert "2 ToDos are postponed." in flash(staff, late, "sato").text
    assert {stored(world, number).assignee for number in numbers} == {"user:sato"}
    assert "is not there any more" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {"at": "2030-13-01T00:00"}, {"at": "tomorrow"}, {"days": "4"}, {"days": ""}, {"at": "0001-01-01T00:00"},
        {"at": "9999-12-31T23:59"}, {"at": "2030-01-01T00:00+09:00"},
    ],
)  # fmt: skip
def test_until_when(world: World, staff: Staff, fields: dict[str, str]) -> None:
    number = put(world, "Call")
    assert staff.post("/todos/postpone", {"todo": f"{number}.0", **fields}, "sato").status == 422
    assert stored(world, number).due_at is None


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00", "0001-01-02", "9999-12-31T23:59", "2001-01-01T00:00"])
def test_what_follows_is_due_at_a_time_to_come(world: World, staff: Staff, zone: str, at: str) -> None:
    with world.engine.begin() as connection:
        connection.execute(insert(t.user_settings).values(user_id="sato", zone=zone, shortcuts=True, digest=True))
    number = put(world, "Call")
    fields = {"todo": f"{number}.0", "next": "Send offer", "next_at": at}
    assert staff.post("/todos/done", fields, "sato").status == 422
    assert staff.post("/todos/postpone", {"todo": f"{number}.0", "at": at}, "sato").status == 422
    assert stored(world, number).status == "not_started"
    assert (
        "a new ToDo is due at a time to come"
        in staff.post("/todos/done", {**fields, "next_at": "2001-01-01T00:00"}, "sato").text
    )


def test_business_days_count_from_when_a_todo_is_due(world: World, staff: Staff) -> None:
    now, hours = system_clock(), world.plans.house.hours
    late = put(world, "Late", due_at=now - timedelta(days=40))
    never, far = put(world, "Never"), put(world, "Far", due_at=now + timedelta(days=30))
    beyond = put(world, "Beyond", due_at=now + timedelta(days=9_000))
    chosen = [("todo", f"{number}.0") for number in (late, never, far)]
    assert staff.post("/todos/postpone", [*chosen, ("days", "3")], "sato").status == 303
    assert stored(world, far).due_at == add_business_days(hours, now + timedelta(days=30), 3)
    for number in (late, never):
        assert now < stored(world, number).due_at <= add_business_days(hours, system_clock(), 3)
    assert staff.post("/todos/postpone", {"todo": f"{far}.1", "days": "1"}, "sato").status == 303
    assert stored(world, far).due_at == add_business_days(hours, now + timedelta(days=30), 4)
    assert staff.post("/todos/postpone", {"todo": f"{beyond}.0", "days": "10"}, "sato").status == 422


def test_who_hands_on_from_a_todos_own_page_sees_the_list(world: World, staff: Staff) -> None:
    number = put(world, "Call")
    fields = {"todo": f"{number}.0", "back": f"/todos/{number}", "to": "queue:inside-sales"}
    answer = staff.post("/todos/hand", fields, "sato")
    assert answer.headers["location"] == f"/todos/{number}", "in a queue of the reader"
    answer = staff.post("/todos/hand", fields | {"todo": f"{number}.1", "to": "user:mori"}, "sato")
    assert answer.headers["location"] == "/todos"
    page = flash(staff, answer, "sato")
    assert page.status == 200
    assert "The ToDo is handed on." in page.text
    deed = re.search(r'name="deed" value="(\d+)"', page.text)
    assert deed is not None
    assert staff.post("/todos/undo", {"deed": deed[1], "back": f"/todos/{number}"}, "sato").status == 303
    assert stored(world, number).assignee == "queue:inside-sales"


def test_a_call_belongs_to_a_todo(staff: Staff) -> None:
    answer = staff.post("/todos/call", {"call": "reached"}, "sato")
    assert answer.status == 422
    assert "no ToDo was chosen" in answer.text


def test_a_moment_is_the_readers_own(world: World, staff: Staff) -> None:
    number = put(world, "Call")
    soon = (system_clock() + timedelta(days=9)).replace(hour=0, minute=0, second=0, microsecond=0)
    local = soon.astimezone(world.plans.house.hours.zone)
    answer = staff.post("/todos/postpone", {"todo": f"{number}.0", "at": f"{local:%Y-%m-%dT%H:%M}"}, "sato")
    assert answer.status == 303
    assert stored(world, number).due_at == soon


def test_status_and_calls(world: World, staff: Staff) -> None:
    number = put(world, "Call")
    assert staff.post("/todos/status", {"todo": f"{number}.0", "status": "waiting"}, "sato").status == 303
    assert staff.post("/todos/status", {"todo": f"{number}.1", "status": "lost"}, "sato").status == 422
    assert staff.post("/todos/call", {"todo": f"{number}.1", "call": "no_answer", "note": "rang"}, "sato").status == 303
    card = staff.get(f"/todos/{number}", "sato", **JA).text
    for text in ("待機", "rang", "応答なし", "通話を記録"):
        assert text in card, text


def test_what_has_come_since(world: World, staff: Staff) -> None:
    put(world, "Call")
    page = staff.get("/todos", "sato").text
    asked = re.search(r'hx-get="(/todos/news[^"]*)"', page)
    assert asked is not None
    path = unescape(asked[1])
    assert staff.get(path, "sato").text.strip() == ""
    gone = put(world, "Another")
    assert "New ToDos: 1" in staff.get(path, "sato").text
    assert staff.post("/todos/hand", {"todo": f"{gone}.0", "to": "user:suzuki"}, "sato").status == 303
    assert staff.get(path, "sato").text.strip() == ""
    assert staff.get("/todos/news?seen=1", "sato").status == 404


def test_ten_thousand_todos_page_by_page(world: World, staff: Staff) -> None:
    now = system_clock()
    rows = [
        {"prospect_id": world.ids["hanako"], "subject": f"=Call {n}", "assignee": "user:sato", "priority": "normal",
         "status": "not_started", "created_at": now, "due_at": now + timedelta(minutes=n % 700 - 350)}
        for n in range(10_000)
    ]  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos), rows)
    page = staff.get("/todos", "sato").text
    assert "10,000" in page
    assert page.count('name="todo"') == 50
    after = re.search(r'href="([^"]*after=[^"]*)" rel="next"', page)
    assert after is not None
    second = staff.get(unescape(after[1]), "sato").text
    assert second.count('name="todo"') == 50
    assert not set(re.findall(r'id="todo-(\d+)"', page)) & set(re.findall(r'id="todo-(\d+)"', second))
    file = staff.get("/todos.csv?tab=mine", "sato").body
    assert file.count(b"\r\n") == 10_001
    assert file.count(b"\xef\xbb\xbf") == 1
    assert b"'=Call 1," in file


def test_who_empties_the_last_page_sees_the_first(world: World, staff: Staff) -> None:
    numbers = [put(world, f"Call {n}") for n in range(51)]
    page = staff.get("/todos", "sato").text
    after = re.search(r'href="([^"]*after=[^"]*)" rel="next"', page)
    assert after is not None
    back = unescape(after[1])
    second = staff.get(back, "sato").text
    assert re.findall(r'id="todo-(\d+)"', second) == [str(numbers[-1])]
    assert staff.post("/todos/done", {"todo": f"{numbers[-1]}.0", "back": back}, "sato").status == 303
    first = staff.get(back, "sato").text
    assert first.count('name="todo"') == 50
    assert "Nothing to do" not in first
    assert 'rel="prev"' not in first


def test_what_comes_while_a_later_page_is_read_waits_for_its_button(world: World, staff: Staff) -> None:
    for n in range(51):
        put(world, f"Call {n}")
    page = staff.get("/todos", "sato").text
    after = re.search(r'href="([^"]*after=[^"]*)" rel="next"', page)
    assert after is not None
    asked = [
        re.search(r'hx-get="(/todos/news[^"]*)"', text) for text in (page, staff.get(unescape(after[1]), "sato").text)
    ]
    put(world, "Another")
    told = [staff.get(unescape(found[1]), "sato").text for found in asked if found is not None]
    assert ["data-fresh" in text for text in told] == [True, False]
    assert all("New ToDos: 1" in text for text in told)


def test_a_form_that_is_refused_is_shown_again_as_it_was_filled_in(world: World, staff: Staff) -> None:
    number, back = put(world, "Call"), "/todos?tab=later"
    assert staff.post("/todos/postpone", {"todo": f"{number}.0", "days": "3"}, "sato").status == 303
    soon = f"{system_clock() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    cases: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
        "done": (
            {"outcome": "will <buy>", "note": "two\nlines", "call": "reached", "next": "Send offer", "next_days": "10",
             "next_at": soon, "next_to": "queue:inside-sales", "next_priority": "high"},
            ('value="will &lt;buy&gt;"', ">two\nlines</textarea>", '"reached" selected', 'value="Send offer"',
             '"10" selected', f'value="{soon}"', '"queue:inside-sales" selected', '"high" selected'),
        ),
        "postpone": (
            {"days": "5", "at": "2001-01-01T10:00", "note": "on leave"},
            ('"5" selected', 'value="2001-01-01T10:00"', 'value="on leave"'),
        ),
        "hand": ({"to": "user:suzuki", "note": "yours"}, ('"user:suzuki" selected', 'value="yours"')),
        "status": ({"status": "waiting"}, ('"waiting" selected',)),
        "call": ({"call": "no_answer", "note": "rang"}, ('"no_answer" selected', ">rang</textarea>")),
    }  # fmt: skip
    for deed, (typed, shown) in cases.items():
        answer = staff.post(f"/todos/{deed}", {"todo": f"{number}.0", "back": back, **typed}, "sato")
        assert answer.status == 422, deed
        assert "佐藤 花子 has postponed it meanwhile; nothing was changed" in answer.text or deed == "postpone"
        assert f'name="todo" value="{number}.1"' in answer.text
        assert f'name="back" value="{back}"' in answer.text
        assert answer.text.count('<details name="act" open>') == 1
        for text in shown:
            assert text in answer.text, (deed, text)
    past = staff.post("/todos/postpone", {"todo": f"{number}.1", "at": "2001-01-01T10:00", "note": "n"}, "sato", **JA)
    assert "今より後の日時" in past.text
    assert 'value="2001-01-01T10:00"' in past.text


def test_what_was_written_for_a_todo_that_went_away_is_told(world: World, staff: Staff) -> None:
    number, queued = put(world, "Call"), put(world, "Queued", "queue:inside-sales")
    assert staff.post("/todos/done", {"todo": f"{number}.0"}, "sato").status == 303
    typed = {"back": "/todos?tab=queues", "outcome": "will buy", "note": "asks for Mr Ito", "next": "Send offer"}
    late = staff.post("/todos/done", {"todo": f"{number}.0", **typed}, "sato")
    assert late.status == 422
    for text in ("佐藤 花子 has completed it meanwhile", "will buy", "asks for Mr Ito", "Send offer"):
        assert text in late.text, text
    assert 'href="/todos?tab=queues"' in late.text
    assert staff.post("/todos/take", {"todo": f"{queued}.0"}, "suzuki").status == 303
    gone = staff.post("/todos/done", {"todo": f"{queued}.0", **typed}, "sato", **JA)
    assert gone.status == 422
    for text in (
        "鈴木 一郎 が引き受けました",
        "入力した内容",
        "will buy",
        "asks for Mr Ito",
        "Send offer",
        'id="list"',
    ):
        assert text in gone.text, text
    assert 'href="/todos?tab=queues" aria-current="page"' in gone.text
    odd = staff.post("/todos/done", {"todo": "x", "back": "/todos?to=user:%00&todo=1"}, "marketer")
    assert (odd.status, "names no ToDo" in odd.text) == (422, True)


def test_many_that_are_refused_stay_chosen(world: World, staff: Staff) -> None:
    numbers = [put(world, f"Call {n}") for n in range(3)]
    assert staff.post("/todos/hand", {"todo": f"{numbers[0]}.0", "to": "user:suzuki"}, "sato").status == 303
    chosen = [("todo", f"{number}.0") for number in numbers[:2]]
    page = staff.post("/todos/done", [*chosen, ("outcome", "called"), ("back", "/todos?tab=mine")], "sato").text
    assert "has handed it on to 鈴木 一郎 meanwhile" in page
    assert re.findall(r'value="(\d+)\.0" checked', page) == [str(numbers[1])]
    assert '<details name="bulk-act" open>' in page
    assert 'value="called"' in page
    assert stored(world, numbers[1]).status == "not_started"


@pytest.mark.parametrize("query", ["tab=zzz", "after='", "todo=x", "todo=0", "after=1.9.1"])
def test_odd_addresses_are_the_first_page(world: World, staff: Staff, query: str) -> None:
    put(world, "Call")
    assert staff.get(f"/todos?{query}", "sato").status == 200


def test_empty_states_and_the_way_home(staff: Staff) -> None:
    assert "Nothing to do." in staff.get("/todos", "sato").text
    for tab in ("queues", "overdue", "today", "later", "done"):
        assert 'class="empty"' in staff.get(f"/todos?tab={tab}", "sato").text
    answer = staff.post("/todos/undo", {"deed": "1", "back": "https://elsewhere.example/"}, "sato")
    assert answer.status == 422
