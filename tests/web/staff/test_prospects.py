"""The pages of prospects: list and search, one person's page, what happened, the ledger, why."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from engage.sql import tables as t
from tests.support.journey import journey_world
from tests.support.lately import lately
from tests.support.staff import Staff, staffed
from tests.support.world import World

#: What strangers may have written into a form or a page's address.
PAYLOADS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "{{7*7}}",
    "</title><svg/onload=alert(1)>", "'-alert(1)-'", "<a href=\"javascript:alert(1)\">x</a>",
)  # fmt: skip


@pytest.fixture
def world(engine: Engine) -> World:
    grading = "profiles: {default: [{name: Japan, match: {country: JP}, worth: 2/3}]}"
    world = lately(journey_world(engine, grading=grading))
    with engine.begin() as connection:
        changed = update(t.prospects).where(t.prospects.c.id == world.ids["p003"])
        connection.execute(
            changed.values(company="株式会社サンプル", company_folded="株式会社サンプル", phone="03-1234")
        )
    return world


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path) as pages:
        yield pages


def seen(staff: Staff, path: str, as_: str = "marketer", **headers: str) -> str:
    answer = staff.get(path, as_, **headers)
    assert answer.status == 200, answer.text
    return unescape(answer.text)


def page_of(world: World, who: str) -> str:
    return f"/prospects/{world.ids[who]}"


def test_the_list_is_searched_in_japanese_too(world: World, staff: Staff) -> None:
    page = seen(staff, f"/prospects?q={quote('サンプル')}")
    assert "p003@example.com" in page
    assert "p004@example.com" not in page
    assert "p004@example.com" in seen(staff, "/prospects?q=p004")


@pytest.mark.parametrize(("language", "name"), [("ja", "鈴木 花子"), ("en", "花子 鈴木")])
def test_names_are_written_in_the_readers_manner(world: World, staff: Staff, language: str, name: str) -> None:
    """The workspace is an English one: that says how mails name people, not how a reader sees them."""
    with world.engine.begin() as connection:
        names = {"first_name": "花子", "first_name_folded": "花子", "last_name": "鈴木", "last_name_folded": "鈴木"}
        connection.execute(update(t.prospects).where(t.prospects.c.id == world.ids["p003"]).values(names))
    for path in (page_of(world, "p003"), "/prospects?q=p003"):
        assert name in seen(staff, path, Accept_Language=language)


def test_why_tells_all_times_in_the_readers_zone(world: World, staff: Staff) -> None:
    """What was sent, heard and waited for, too: not only when each step was taken."""

    def sent_at() -> datetime:
        found = re.search(
            r"<dt>sent</dt><dd>(\d{4}-\d\d-\d\d \d\d:\d\d)</dd>", seen(staff, f"{page_of(world, 'p001')}/why")
        )
        assert found is not None
        return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)

    with world.engine.begin() as connection:
        wish = insert(t.user_settings).values(user_id="mori", zone="Asia/Tokyo", shortcuts=True)
        connection.execute(wish)
    here = sent_at()
    with world.engine.begin() as connection:
        connection.execute(update(t.user_settings).values(zone="Asia/Kathmandu"))
    assert here - sent_at() == timedelta(hours=3, minutes=15)


def test_while_one_types_only_the_list_is_sent(world: World, staff: Staff) -> None:
    part = seen(staff, "/prospects?q=p003", HX_Request="true")
    assert part.lstrip().startswith('<div id="people">')
    assert "<html" not in part


def test_filters_and_pages(world: World, staff: Staff) -> None:
    warm = seen(staff, "/prospects?score=60")
    assert "p001@example.com" in warm
    assert "p002@example.com" not in warm
    assert "p003@example.com" in seen(staff, "/prospects?owner=user:sato&tag=&list=")
    assert "No prospect is like this." in seen(staff, "/prospects?owner=user:nobody")
    assert "p003@example.com" in seen(staff, "/prospects?list=members&grade=Z&score=lots&after=x")


STRANGE = (
    "q=%25", "q=_", "q=%27", "q=%5C", "q=%00", "score=9999999999999999", "after=99999999999999999999",
    "q=" + "x" * 5000, "list=%27%7D", "tag=%27",
)  # fmt: skip


@pytest.mark.parametrize("query", STRANGE)
def test_strange_questions_are_questions(staff: Staff, query: str) -> None:
    assert staff.get(f"/prospects?{query}").status == 200


def test_the_list_as_a_file_opens_in_a_spreadsheet(world: World, staff: Staff) -> None:
    with world.engine.begin() as connection:
        risky = update(t.prospects).where(t.prospects.c.id == world.ids["p004"])
        connection.execute(risky.values(company="=1+1", company_folded="=1+1"))
    answer = staff.get("/prospects.csv?q=p00")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["email"] for row in rows] == [f"p00{n}@example.com" for n in range(10)]
    assert rows[4]["company"] == "'=1+1"


def test_a_prospect_s_page_tells_what_is_known_and_what_happened(world: World, staff: Staff) -> None:
    page = seen(staff, page_of(world, "p003"))
    for told in (
        "佐藤",
        "株式会社サンプル",
        "tel:031234",
        "資料請求後の育成",
        "members",
        "Japan",
        "entered the scenario",
    ):
        assert told in page, told
    japanese = seen(staff, page_of(world, "p003"), Accept_Language="ja")
    assert "基本情報" in japanese
    assert "担当者" in japanese


def test_a_number_is_dialled_as_it_is_meant_and_not_at_all_where_nobody_is_to_call(world: World, staff: Staff) -> None:
    """Two numbers in full-width signs, and a text without any figure, which nobody can dial."""
    world.set("p003", phone="０９０−１２３４−５６７８", mobile="＋８１ (9) 12")
    world.set("p004", phone="ask", do_not_call=False)
    page = seen(staff, page_of(world, "p003"))
    assert '<a href="tel:09012345678">０９０−１２３４−５６７８</a>' in page
    assert 'href="tel:+81912"' in page
    assert "tel:" not in seen(staff, page_of(world, "p004"))
    world.set("p003", do_not_call=True)
    page = seen(staff, page_of(world, "p003"))
    assert "tel:" not in page
    assert "０９０−１２３４−５６７８" in page


def test_the_open_todo_is_shown_however_many_are_completed(world: World, staff: Staff) -> None:
    """Each is completed with the next one as what follows, six times; of sixty open ones the rest is counted."""
    row = {
        "prospect_id": world.ids["p004"], "priority": "normal", "assignee": "user:sato", "created_at": world.now,
        "created_by": "sato", "due_at": world.now,
    }  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(delete(t.todos).where(t.todos.c.prospect_id == row["prospect_id"]))
        connection.execute(insert(t.todos).values(row | {"subject": "Call 0", "status": "not_started"}))
        number = connection.scalars(select(t.todos.c.id).where(t.todos.c.subject == "Call 0")).one()
    for n in range(1, 7):
        form = {"todo": f"{number}.0", "next": f"Call {n}", "next_days": "10", "next_to": "user:sato"}
        staff.post("/todos/done", form, "sato")
        with world.engine.connect() as connection:
            number = connection.scalars(select(t.todos.c.id).where(t.todos.c.subject == f"Call {n}")).one()
    page = seen(staff, page_of(world, "p004"))
    assert re.findall(r">(Call \d)</a> <span", page) == ["Call 6", "Call 5", "Call 4", "Call 3", "Call 2", "Call 1"]
    assert "ToDos open besides these" not in page
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos), [row | {"subject": "More", "status": "waiting"} for _ in range(60)])
    assert "ToDos open besides these: 11" in seen(staff, page_of(world, "p004"))
    assert "ほかに未完了の ToDo が 11 件あります" in seen(staff, page_of(world, "p004"), Accept_Language="ja")


def test_what_happened_goes_on_page_by_page_and_as_a_file(world: World, staff: Staff) -> None:
    here = page_of(world, "p001")
    rows = list(csv.DictReader(io.StringIO(staff.get(f"{here}/history.csv").body.decode("utf-8-sig"))))
    assert {"entry", "step", "mail"} <= {row["kind"] for row in rows}
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert "What happened" in seen(staff, f"{here}/history")
    part = seen(staff, f"{here}/history", HX_Request="true")
    assert part.count("<li") >= len(rows[:30])
    assert "<html" not in part


def test_the_ledger_adds_up(world: World, staff: Staff) -> None:
    here = page_of(world, "p001")
    assert "The score's ledger" in seen(staff, f"{here}/score")
    rows = list(csv.DictReader(io.StringIO(staff.get(f"{here}/score.csv").body.decode("utf-8-sig"))))
    with world.engine.connect() as connection:
        s = t.standings.c
        known = connection.scalar(select(s.score).where(s.prospect_id == world.ids["p001"]))
    assert sum(int(row["points"]) for row in rows) == known


def test_why_is_answered_of_scenarios_entered_and_of_one_asked_for(world: World, staff: Staff) -> None:
    here = page_of(world, "p001")
    page = seen(staff, f"{here}/why")
    assert "run 1" in page
    assert "開封したか" in page
    assert "Onboarding" in page  # among the choices
    other = seen(staff, f"{here}/why?scenario=onboarding")
    assert "it does not run" in other
    assert staff.get(f"{here}/why?scenario=nothing").status == 200
    assert "実行されていません" in seen(staff, f"{here}/why?scenario=onboarding", Accept_Language="ja")


def test_a_todo_that_the_reader_may_not_see_bears_no_link(world: World, staff: Staff) -> None:
    who, made = world.ids["p003"], datetime(2026, 12, 1, tzinfo=UTC)
    with world.engine.begin() as connection:
        owned = update(t.standings).where(t.standings.c.prospect_id == who)
        connection.execute(owned.values(owner="user:suzuki"))
        connection.execute(delete(t.queue_members).where(t.queue_members.c.user_id == "suzuki"))
        rows = [
            {"id": 901 + place, "prospect_id": who, "subject": subject, "assignee": to, "priority": "high",
             "status": "completed", "created_at": made, "completed_at": made}
            for place, (subject, to) in enumerate((("Mine", "user:suzuki"), ("Theirs", "queue:inside-sales")))
        ]  # fmt: skip
        connection.execute(insert(t.todos), rows)
    for path in ("", "/history"):
        for as_, numbers in (("suzuki", {"901"}), ("marketer", {"901", "902"})):
            page = seen(staff, page_of(world, "p003") + path, as_)
            assert "Theirs" in page
            links = set(re.findall(r'href="/todos/(\d+)"', page))
            assert links & {"901", "902"} == numbers, (path, as_)
            assert {staff.get(f"/todos/{number}", as_).status for number in links} == {200}


def test_who_sells_sees_the_own_prospects_and_no_trace_of_others(world: World, staff: Staff) -> None:
    theirs = "p004"
    with world.engine.begin() as connection:
        others = update(t.standings).where(t.standings.c.prospect_id == world.ids[theirs])
        connection.execute(others.values(owner="user:suzuki"))
        connection.execute(delete(t.todos).where(t.todos.c.prospect_id == world.ids[theirs]))
    listed = seen(staff, "/prospects", "sales")
    assert "p003@example.com" in listed
    assert theirs not in listed
    own, other, nobody = page_of(world, "p003"), page_of(world, theirs), "/prospects/999999"
    for rest in ("", "/history", "/history.csv", "/score", "/score.csv", "/why"):
        assert staff.get(own + rest, "sales").status == 200, rest
        hidden, missing = staff.get(other + rest, "sales"), staff.get(nobody + rest, "sales")
        assert (hidden.status, hidden.body) == (404, missing.body), rest
        assert staff.get(other + rest, "viewer").status == 200, rest
    assert "No prospect is like this." in seen(staff, f"/prospects?q={theirs}@example.com", "sales")
    assert theirs not in staff.get("/prospects.csv", "sales").text


@pytest.mark.parametrize("path", ["/prospects/0", "/prospects/x", "/prospects/-1", "/prospects/99999999999999999999"])
def test_what_is_no_key_is_nothing(staff: Staff, path: str) -> None:
    assert staff.get(path).status == 404


def test_what_strangers_wrote_is_shown_as_text(world: World, staff: Staff) -> None:
    who = world.ids["p001"]
    with world.engine.begin() as connection:
        evil = " ".join(PAYLOADS)
        names = dict.fromkeys(("company", "last_name", "job_title", "notes", "website"), evil)
        folded = {f"{name}_folded": evil.lower() for name in names}
        connection.execute(update(t.prospects).where(t.prospects.c.id == who).values({**names, **folded}))
        word = connection.scalars(
            insert(t.words).values(kind="target", text=evil, folded=evil.lower()).returning(t.words.c.id)
        ).one()
        connection.execute(update(t.activities).where(t.activities.c.prospect_id == who).values(target_id=word))
        connection.execute(update(t.messages).where(t.messages.c.prospect_id == who).values(reason=evil, subject=evil))
    here = page_of(world, "p001")
    for path in (
        "/prospects",
        f"/prospects?q={quote(PAYLOADS[0])}",
        here,
        f"{here}/history",
        f"{here}/score",
        f"{here}/why",
    ):
        raw = staff.get(path).text
        for payload in PAYLOADS:
            assert "<" not in payload or payload not in raw, (path, payload)
        assert 'href="javascript:' not in raw
