"""The inbox page by page: tabs and their counts, the order, the next page, and why a person is to be called now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from engage.intake.todo_deeds import Actor, Seen
from engage.intake.todos import Draft, Ending, complete, hand_on, log_todo_call, make_todo, postpone
from engage.reports.inbox import TABS, InboxPage, Tab, Today, Whose, counts, fingerprint, newer, page, whose
from engage.reports.todo_card import history, todo_card
from engage.sql import tables as t
from tests.support.world import World, at

TEAM = """
    users:
      sato: {name: 佐藤 花子, email: sato@example.com, role: sales}
      suzuki: {name: Suzuki Jiro, email: suzuki@example.com, role: sales}
    queues: {inside: [sato, suzuki], outside: [suzuki]}
    """
SCENARIO = """
    name: Warm readers
    steps:
      - {id: call, name: Call them, create_todo: {subject: "Call {{ prospect.last_name }}", to: "user:sato",
         due: 1 day, comments: "read the paper"}}
    """
MINE = Whose("user:sato", ("queue:inside",))


@pytest.fixture
def world(engine: Engine) -> World:
    """Give a world with one prospect and no ToDos."""
    made = World(engine, SCENARIO, start=False, team=TEAM)
    made.add("a", last_name="佐藤", first_name="花", company="サクラ", score=70, grade="A-", phone="03-1234-5678")
    return made


def put(world: World, *rows: tuple[str, datetime | None, str, str]) -> None:
    values = [
        {"prospect_id": world.ids["a"], "subject": subject, "due_at": due, "priority": priority, "assignee": to,
         "status": "not_started", "created_at": world.now}
        for subject, due, priority, to in rows
    ]  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos), values)


def today(moment: str = "3 days") -> Today:
    return Today(at(moment), at(moment) + timedelta(hours=10))


def shown(world: World, tab: Tab, after: str = "", size: int = 50, its: Whose = MINE, **more: Any) -> InboxPage:
    with world.engine.connect() as connection:
        return page(connection, its, tab, today(), after=after, size=size, **more)


def some(world: World) -> None:
    put(
        world,
        ("whenever", None, "high", "user:sato"),
        ("tomorrow low", at("4 days"), "low", "user:sato"),
        ("tomorrow high", at("4 days"), "high", "user:sato"),
        ("at noon", at("3 days") + timedelta(hours=3), "normal", "user:sato"),
        ("late", at("1 day"), "low", "user:sato"),
        ("latest", at("2 days"), "high", "user:sato"),
        ("queued", at("1 day"), "high", "queue:inside"),
        ("not mine", at("1 day"), "high", "queue:outside"),
        ("theirs", None, "high", "user:suzuki"),
    )


def test_tabs_and_their_counts(world: World) -> None:
    some(world)
    subjects = {tab: [row.subject for row in shown(world, tab).rows] for tab in TABS}
    assert subjects == {
        "mine": ["late", "latest", "at noon", "tomorrow high", "tomorrow low", "whenever"],
        "queues": ["queued"],
        "overdue": ["late", "latest"],
        "today": ["at noon"],
        "later": ["tomorrow high", "tomorrow low", "whenever"],
        "done": [],
    }
    with world.engine.connect() as connection:
        assert counts(connection, MINE, today()) == {"mine": 6, "queues": 1, "overdue": 2, "today": 1, "later": 3}
        assert counts(connection, Whose("user:nobody"), today()) == dict.fromkeys(TABS[:-1], 0)
        assert whose(connection, "suzuki") == Whose("user:suzuki", ("queue:inside", "queue:outside"))
        for tab in TABS:
            assert fingerprint(connection, MINE, tab, today())[0] == len(subjects[tab])


def test_a_row_says_whom_it_is_about(world: World) -> None:
    some(world)
    row = shown(world, "overdue", locale="ja").rows[0]
    assert (row.name, row.company, row.score, row.grade, row.overdue) == ("佐藤 花", "サクラ", 70, "A-", True)
    assert (row.to, row.to_name, row.seen) == ("user:sato", "佐藤 花子", f"{row.id}.0")
    assert not shown(world, "today").rows[0].overdue


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_by_key_show_every_todo_once_and_in_order(world: World, size: int) -> None:
    some(world)
    put(world, *[(f"same {n}", at("4 days"), ("high", "normal", "low")[n % 3], "user:sato") for n in range(9)])
    put(world, *[(f"never {n}", None, ("low", "normal")[n % 2], "user:sato") for n in range(5)])
    whole = [row.id for row in shown(world, "mine").rows]
    found: list[int] = []
    after: str | None = ""
    while after is not None:
        part = shown(world, "mine", after, size)
        found += [row.id for row in part.rows]
        after = part.next
    assert found == whole
    assert len(whole) == 20


def test_the_done_come_last_first(world: World) -> None:
    some(world)
    for n, row in enumerate(shown(world, "mine").rows[:5]):
        with world.engine.begin() as connection:
            actor = Actor("sato", at("3 days") + timedelta(minutes=n // 2))
            complete(connection, (Seen(row.id, 0),), actor, Ending("fine"))
    whole = [row.id for row in shown(world, "done").rows]
    first = shown(world, "done", size=3)
    assert first.next is not None
    assert whole == [row.id for row in (*first.rows, *shown(world, "done", first.next, 3).rows)]
    assert [row.subject for row in first.rows] == ["tomorrow low", "at noon", "tomorrow high"]


@pytest.mark.parametrize("after", ["x", "1.5.1", "1.1", "'; drop table todos", "9" * 40, "-1.0.0 "])
def test_what_no_page_named_is_the_first_page(world: World, after: str) -> None:
    some(world)
    assert shown(world, "mine", after) == shown(world, "mine")


def test_what_comes_and_goes_changes_the_fingerprint(world: World) -> None:
    some(world)

    def look() -> tuple[int, int, int]:
        with world.engine.connect() as connection:
            return fingerprint(connection, MINE, "mine", today())

    first = look()
    put(world, ("new", None, "low", "user:sato"), ("not mine", None, "low", "user:suzuki"))
    second = look()
    assert second[0] == first[0] + 1
    with world.engine.connect() as connection:
        assert newer(connection, MINE, "mine", today(), first[2]) == 1
    row = shown(world, "mine").rows[0]
    with world.engine.begin() as connection:
        hand_on(connection, (Seen(row.id, 0),), Actor("sato", world.now), "user:suzuki")
    assert look()[:2] == (second[0] - 1, second[1] - row.id)


def test_why_this_person_now(world: World) -> None:
    world.start()
    world.tick("0 days")
    for n in range(7):
        world.activity("a", "page_viewed", f"/p{n}", at=f"{n + 1} hours")
    (row,) = shown(world, "mine").rows
    with world.engine.connect() as connection:
        card = todo_card(connection, row.id, at("9 hours"), "ja")
        assert todo_card(connection, row.id, at("9 hours"), visible=t.todos.c.assignee == "user:suzuki") is None
        assert todo_card(connection, 99, at("9 hours")) is None
    assert card is not None
    assert (card.scenario, card.step) == (("journey", "Warm readers"), ("call", "Call them"))
    assert (card.comments, card.created_by, card.overdue) == ("read the paper", None, False)
    assert (card.person.name, card.person.phone, card.person.do_not_call) == ("佐藤 花", "03-1234-5678", False)
    assert (card.person.score, card.person.grade) == (70, "A-")
    assert [each.target for each in card.activities] == ["/p6", "/p5", "/p4", "/p3", "/p2"]


def test_the_history_of_a_todo(world: World) -> None:
    def by(user: str, hours: int) -> Actor:
        return Actor(user, world.now + timedelta(hours=hours))

    with world.engine.begin() as connection:
        number = make_todo(connection, world.ids["a"], Draft("Visit", "user:sato"), by("suzuki", 0))
        log_todo_call(connection, Seen(number, 0), by("sato", 1), "no_answer", "rang twice")
        postpone(connection, (Seen(number, 1),), by("sato", 2), at("3 days"))
        hand_on(connection, (Seen(number, 2),), by("sato", 3), "queue:inside", "on holiday")
        complete(connection, (Seen(number, 3),), Actor(None, world.now + timedelta(hours=4)), Ending("done"))
        turns = history(connection, number)
    assert [(turn.kind, turn.who, turn.note) for turn in turns] == [
        ("done", None, None),
        ("handed", "佐藤 花子", "on holiday"),
        ("postponed", "佐藤 花子", None),
        ("called", "佐藤 花子", "rang twice"),
        ("made", "Suzuki Jiro", None),
    ]
    assert turns[0].status == ("not_started", "completed")
    assert turns[1].assignee == ("user:sato", "queue:inside")
    assert turns[2].due == (None, at("3 days"))
    assert (turns[3].status, turns[3].assignee, turns[3].due) == (None, None, None)
