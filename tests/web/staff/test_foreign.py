"""Sales sees its own prospects and ToDos: what is others' looks as if it were not there, also in counts (S16)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from engage.clock import system_clock
from engage.sql import tables as t
from tests.support.staff import Staff
from tests.support.web import Answer
from tests.support.world import World
from tests.web.staff.test_table import GETS, POSTS, address

#: Nobody and nothing has this number.
MISSING = 999_999
#: Pages of a scenario tell of everybody who is in it, in figures; whom they name, sales sees.
WHOLE = re.compile(r"/scenarios")


def put(world: World, who: str, to: str, number: int | None = None) -> int:
    """Write a ToDo about a prospect, who becomes its addressee's; return its number."""
    row = {
        "prospect_id": world.ids[who], "subject": f"Call {who}", "assignee": to, "priority": "normal",
        "status": "not_started", "created_at": system_clock(),
    }  # fmt: skip
    s = t.standings
    with world.engine.begin() as connection:
        connection.execute(update(s).where(s.c.prospect_id == world.ids[who]).values(owner=to))
        given = row if number is None else {**row, "id": number}
        made = connection.execute(insert(t.todos).values(given)).inserted_primary_key
    assert made is not None
    return int(made[0])


@pytest.fixture
def shared(world: World, staff: Staff) -> tuple[int, int]:
    """Give hanako to sato and john to suzuki, each with a ToDo; return the ToDos' numbers, the second like no other."""
    return put(world, "hanako", "user:sato"), put(world, "john", "user:suzuki", number=888_888)


def told(answer: Answer, number: int) -> tuple[int, str]:
    """Return what an answer tells, but for the number that was asked for."""
    return answer.status, re.sub(rf"\b{number}\b", "N", answer.text)


def test_what_is_others_answers_as_what_is_not_there(world: World, staff: Staff, shared: tuple[int, int]) -> None:
    """S16: every page that has a number in its address."""
    keys = {"prospects": world.ids["john"], "todos": shared[1]}
    pages = [page for page in GETS if "{id}" in page.path and "sales" in page.roles]
    assert {page.path.split("/")[1] for page in pages} == set(keys)
    wrong = []
    for page in pages:
        key = keys[page.path.split("/")[1]]
        hidden, missing = (staff.get(page.path.replace("{id}", str(n)), "sales") for n in (key, MISSING))
        if hidden.status != 404 or told(hidden, key) != told(missing, MISSING):
            wrong.append(f"{page.path}: {hidden.status}, {missing.status}")
        if staff.get(page.path.replace("{id}", str(key)), "viewer").status != 200:
            wrong.append(f"{page.path} is there for nobody")
    assert not wrong, "\n".join(wrong)


def test_what_is_others_cannot_be_changed_and_answers_as_what_is_not_there(
    world: World, staff: Staff, shared: tuple[int, int]
) -> None:
    """S16: every form about ToDos."""
    fields = {"outcome": "x", "call": "reached", "until": "tomorrow", "to": "user:sato", "status": "in_progress"}
    wrong = []
    for page in POSTS:
        if page.path.startswith("/todos/"):
            answers = [staff.post(page.path, {**fields, "todo": f"{n}.0"}, "sales") for n in (shared[1], MISSING)]
            hidden, missing = (
                (*told(answer, n), answer.headers.get("location"))
                for answer, n in zip(answers, (shared[1], MISSING), strict=True)
            )
            if hidden != missing:
                wrong.append(f"{page.path}: {hidden[0]} {hidden[2]}, {missing[0]} {missing[2]}")
    assert not wrong, "\n".join(wrong)
    with world.engine.begin() as connection:
        row = connection.execute(select(t.todos).where(t.todos.c.id == shared[1])).one()
        assert (row.status, row.assignee, row.changes) == ("not_started", "user:suzuki", 0)


def pages(staff: Staff) -> Iterator[tuple[str, str]]:
    """Yield each page as sales sees it, without what is new each time."""
    for page in GETS:
        if "sales" in page.roles and not WHOLE.match(page.path):
            for query in ("", "?q=john", "?owner=user:suzuki", "?tab=all", "?to=user:suzuki", "?list=members"):
                path = f"{address(page)}{query}"
                answer = staff.get(path, "sales")
                yield path, f"{answer.status} {re.sub(r'[0-9]{1,2}:[0-9]{2}|value=.[^ ]+', '', answer.text)}"


def test_no_count_tells_of_what_is_others(world: World, staff: Staff, shared: tuple[int, int]) -> None:
    """S16: more prospects and ToDos of others change nothing in what sales sees."""
    before = dict(pages(staff))
    put(world, "erika", "user:suzuki")
    put(world, "john", "user:suzuki")
    after = dict(pages(staff))
    assert [path for path in before if before[path] != after[path]] == []
    assert "Call erika" in staff.get("/todos?to=user:suzuki", "viewer").text
