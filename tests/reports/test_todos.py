"""The sales inbox (SPEC section 10): what is shown, in which order, and what completing a ToDo does."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Engine, insert

from engage.errors import Refused
from engage.intake.todos import complete_todo
from engage.reports.todos import MOST_OPEN, TodoCount, TodoRow, todo_counts, todos, todos_of
from engage.sql import tables as t
from tests.support.world import World, at

SCENARIO = """
    goal: {todo: {status: completed, scenario: this}}
    steps:
      - id: call
        create_todo: {subject: "Call {{ prospect.last_name }}", due: 2 days, priority: high, to: "user:sato"}
      - {id: rest, wait: 30 days}
    """


def write(world: World, who: str, subject: str, **known: object) -> None:
    row = {
        "prospect_id": world.ids[who], "subject": subject, "priority": "normal", "status": "not_started",
        "assignee": "user:sato", "created_at": world.now, "created_by": "sato",
    }  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos).values(row | known))


def shown(world: World, now: datetime | None = None, **asked: str) -> tuple[TodoRow, ...]:
    with world.engine.connect() as connection:
        return todos(connection, now or world.now, **asked)  # type: ignore[arg-type]


def done(world: World, number: int, outcome: str | None, now: datetime) -> bool:
    with world.engine.begin() as connection:
        return complete_todo(connection, number, outcome, now)


def test_a_todo_says_whom_it_concerns_and_where_it_comes_from(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    world.add("a", last_name="佐藤", first_name="花子", company="サクラソフト")
    world.tick("0 days")
    (row,) = shown(world, locale="ja")
    assert row == TodoRow(
        id=row.id, subject="Call 佐藤", due_at=at("2 days"), priority="high", status="not_started", to="user:sato",
        email="a@example.com", scenario="journey", step="call", created_at=at("0 days"), completed_at=None,
        outcome=None, name="佐藤 花子", company="サクラソフト", comments=None, overdue=False,
    )  # fmt: skip
    assert shown(world)[0].name == "花子 佐藤"
    assert not shown(world, at("2 days"))[0].overdue
    assert shown(world, at("2 days 1 minute"))[0].overdue


def test_the_overdue_come_first_then_by_due_date_then_by_priority(engine: Engine) -> None:
    world = World(engine, SCENARIO, start=False)
    world.add("a")
    for subject, due, priority in (
        ("whenever", None, "high"), ("low", at("5 days"), "low"), ("high", at("5 days"), "high"),
        ("next", at("4 days"), "low"), ("late", at("1 day"), "low"), ("later", at("2 days"), "high"),
    ):  # fmt: skip
        write(world, "a", subject, due_at=due, priority=priority)
    assert [row.subject for row in shown(world, at("3 days"))] == ["late", "later", "next", "high", "low", "whenever"]


def test_whose_and_in_which_status(engine: Engine) -> None:
    world = World(engine, SCENARIO, start=False)
    world.add("a")
    write(world, "a", "mine")
    write(world, "a", "begun", status="in_progress")
    write(world, "a", "over", status="completed", completed_at=at("1 day"), due_at=at("1 hour"))
    write(world, "a", "theirs", assignee="queue:inside-sales", priority="high", due_at=at("1 hour"))
    assert {row.subject for row in shown(world)} == {"mine", "begun", "theirs"}
    assert {row.subject for row in shown(world, to="sato")} == {"mine", "begun"}
    assert {row.subject for row in shown(world, to="queue:inside-sales")} == {"theirs"}
    assert {row.subject for row in shown(world, to="nobody")} == set()
    assert {row.subject for row in shown(world, status="in_progress")} == {"begun"}
    (over,) = shown(world, at("9 days"), status="completed")
    assert (over.subject, over.overdue) == ("over", False)
    assert len(shown(world, status="any")) == 4
    with engine.connect() as connection:
        assert todo_counts(connection, at("1 day")) == (
            TodoCount("user:sato", "佐藤 花子", open=2, overdue=0, high=0),
            TodoCount("queue:inside-sales", None, open=1, overdue=1, high=1),
        )


def test_of_one_prospect_the_open_come_first_then_the_last_completed(engine: Engine) -> None:
    """Completed ones however early they were due hide no open one; and another prospect's are not among them."""
    world = World(engine, SCENARIO, start=False)
    world.people("a", "b")
    for n in range(1, 7):
        write(world, "a", f"over {n}", status="completed", completed_at=at(f"{n} hours"), due_at=at("1 hour"))
    write(world, "a", "unknown when", status="completed")
    write(world, "a", "whenever")
    write(world, "a", "soon", due_at=at("3 days"))
    write(world, "a", "late", due_at=at("1 day"))
    write(world, "b", "of b")
    with engine.connect() as connection:
        rows, more = todos_of(connection, at("2 days"), world.ids["a"], locale="en", last=2)
        every, _ = todos_of(connection, at("2 days"), world.ids["a"], locale="en", last=20)
    assert [row.subject for row in rows] == ["late", "soon", "whenever", "over 6", "over 5"]
    assert more == 0
    assert every[-1].subject == "unknown when"


def test_of_one_prospect_so_many_open_ones_are_shown_and_the_rest_counted(engine: Engine) -> None:
    world = World(engine, SCENARIO, start=False)
    world.add("a")
    write(world, "a", "over", status="completed", completed_at=at("1 hour"))
    for n in range(MOST_OPEN):
        write(world, "a", f"open {n}")
    with engine.connect() as connection:
        assert todos_of(connection, world.now, world.ids["a"], locale="en", last=5)[1] == 0
    for n in range(3):
        write(world, "a", f"besides {n}")
    with engine.connect() as connection:
        rows, more = todos_of(connection, world.now, world.ids["a"], locale="en", last=5)
    assert ([row.subject for row in rows[-2:]], len(rows), more) == ([f"open {MOST_OPEN - 1}", "over"], 51, 3)


def test_a_completed_todo_tells_the_scenario_at_the_next_tick(engine: Engine) -> None:
    """Two wait for their ToDo; one is done and reaches the goal, the other stays."""
    world = World(engine, SCENARIO)
    world.people("a", "b")
    world.tick("0 days")
    first = next(row.id for row in shown(world) if row.email == "a@example.com")
    assert done(world, first, "will buy", at("1 day"))
    world.tick("1 day")
    assert (world.state("a"), world.state("b")) == ("goal", "active")
    (row,) = shown(world, status="completed")
    assert (row.completed_at, row.outcome) == (at("1 day"), "will buy")
    assert [row.email for row in shown(world)] == ["b@example.com"]


def test_completing_twice_changes_nothing(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    world.add("a")
    world.tick("0 days")
    (row,) = shown(world)
    assert done(world, row.id, "will buy", at("1 day"))
    before = world.rows("todos", "id", "status", "completed_at", "outcome"), world.rows("timers", "id")
    assert not done(world, row.id, "no answer", at("2 days"))
    assert (world.rows("todos", "id", "status", "completed_at", "outcome"), world.rows("timers", "id")) == before


def test_a_todo_that_is_not_there_is_refused(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    with pytest.raises(Refused, match="no ToDo has the number 7; see: engage todos"):
        done(world, 7, None, at("1 day"))
