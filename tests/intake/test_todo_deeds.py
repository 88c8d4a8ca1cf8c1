"""What users do with ToDos: each change checks what its form was made from, is kept, and can be taken back exactly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from engage.errors import Refused
from engage.intake.call_log import log_call
from engage.intake.todo_deeds import Actor, Seen, read_seen
from engage.intake.todo_undo import undo
from engage.intake.todos import (
    Draft,
    Ending,
    complete,
    complete_todo,
    hand_on,
    log_todo_call,
    make_todo,
    mark,
    postpone,
    take,
)
from engage.sql import tables as t
from tests.support.world import World, at

TEAM = """
    users:
      sato: {name: 佐藤 花子, email: sato@example.com, role: sales}
      suzuki: {name: Suzuki Jiro, email: suzuki@example.com, role: sales}
    queues: {inside: [sato, suzuki]}
    """
WAITS = """
    audience: {where: {score: {gte: 0}}}
    goal: {todo: {status: completed, scenario: this}}
    steps:
      - id: call
        create_todo: {subject: "Call {{ prospect.last_name }}", due: 2 days, to: "queue:inside"}
      - {id: rest, wait: 30 days}
    """
SATO, SUZUKI = "sato", "suzuki"


@pytest.fixture
def world(engine: Engine) -> World:
    """Give two prospects, each with a ToDo in a queue."""
    made = World(engine, WAITS, team=TEAM)
    made.add("a", last_name="A")
    made.add("b", last_name="B")
    made.tick("0 days")
    return made


def does(world: World, what: Callable[..., int], *given: Any, **more: Any) -> int:
    with world.engine.begin() as connection:
        return what(connection, *given, **more)


def by(user: str, moment: str = "1 hour") -> Actor:
    return Actor(user, at(moment))


def the(world: World, who: str) -> Any:
    """Return the first ToDo of a prospect as it stands."""
    d = t.todos
    with world.engine.connect() as connection:
        return connection.execute(select(d).where(d.c.prospect_id == world.ids[who]).order_by(d.c.id)).first()


def seen(world: World, who: str) -> Seen:
    row = the(world, who)
    return Seen(row.id, row.changes)


def rows(world: World, table: Any) -> int:
    with world.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_deed_checks_what_its_form_was_made_from(world: World) -> None:
    shown = seen(world, "a")
    does(world, take, (shown,), by(SATO))
    assert (the(world, "a").assignee, the(world, "b").assignee) == ("user:sato", "queue:inside")
    with pytest.raises(Refused, match="“Call A”: 佐藤 花子 has taken it meanwhile; nothing was changed"):
        does(world, take, (shown,), by(SUZUKI))
    with pytest.raises(Refused, match="“Call A” is in no queue: 佐藤 花子 has it"):
        does(world, take, (seen(world, "a"),), by(SUZUKI))
    assert the(world, "a").assignee == "user:sato"
    does(world, complete, (seen(world, "a"),), by(SATO), Ending("reached"))
    with pytest.raises(Refused, match="“Call A”: 佐藤 花子 has completed it meanwhile"):
        does(world, postpone, (Seen(shown.id, 1),), by(SUZUKI), at("9 days"))
    with pytest.raises(Refused, match="“Call A” is completed"):
        does(world, postpone, (seen(world, "a"),), by(SUZUKI), at("9 days"))
    with pytest.raises(Refused, match="ToDo 77 is not there any more"):
        does(world, take, (Seen(77, 0),), by(SUZUKI))


def test_of_two_who_take_the_same_todo_at_once_exactly_one_gets_it(world: World) -> None:
    both, shown = Barrier(2), seen(world, "a")

    def takes(user: str) -> str:
        both.wait()
        try:
            does(world, take, (shown,), by(user))
        except Refused as error:
            return str(error)
        return "mine"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(takes, (SATO, SUZUKI)))
    assert said.count("mine") == 1
    winner = {"user:sato": "佐藤 花子", "user:suzuki": "Suzuki Jiro"}[the(world, "a").assignee]
    assert f"“Call A”: {winner} has taken it meanwhile; nothing was changed" in said
    assert (rows(world, t.todo_deeds), rows(world, t.todo_changes)) == (1, 1)


def test_many_at_once_are_all_done_or_none(world: World) -> None:
    shown = (seen(world, "a"), seen(world, "b"))
    does(world, take, (shown[1],), by(SUZUKI))
    with pytest.raises(Refused, match="“Call B”: Suzuki Jiro has taken it"):
        does(world, take, shown, by(SATO))
    assert the(world, "a").assignee == "queue:inside"
    deed = does(world, postpone, (seen(world, "a"), seen(world, "b")), by(SATO), at("5 days"), "on holiday")
    assert the(world, "a").due_at == the(world, "b").due_at == at("5 days")
    does(world, undo, deed, by(SATO))
    assert the(world, "a").due_at == the(world, "b").due_at == at("2 days")
    assert (the(world, "b").assignee, the(world, "b").changes) == ("user:suzuki", 3)


def test_what_is_not_possible_is_refused(world: World) -> None:
    shown = (seen(world, "a"),)
    with pytest.raises(Refused, match="postponed to a time to come"):
        does(world, postpone, shown, by(SATO), at("1 hour"))
    with pytest.raises(Refused, match="more than ten years"):
        does(world, postpone, shown, by(SATO), at("3650 days") + timedelta(days=9))
    with pytest.raises(Refused, match="user 'satoo' is not known; did you mean sato"):
        does(world, hand_on, shown, by(SATO), "user:satoo")
    with pytest.raises(Refused, match="a user's or a queue's"):
        does(world, hand_on, shown, by(SATO), "group:east")
    with pytest.raises(Refused, match="inside has “Call A” already"):
        does(world, hand_on, shown, by(SATO), "queue:inside")
    with pytest.raises(Refused, match="the status 'completed' is not known"):
        does(world, mark, shown, by(SATO), "completed")
    with pytest.raises(Refused, match="choose one or more"):
        does(world, take, (), by(SATO))
    with pytest.raises(Refused, match="500 at most"):
        does(world, take, tuple(Seen(n, 0) for n in range(1, 502)), by(SATO))
    with pytest.raises(Refused, match="names no ToDo"):
        read_seen("1.2.3")
    with pytest.raises(Refused, match="needs a subject"):
        does(world, complete, shown, by(SATO), Ending(follow_up=Draft(" \n", "user:sato")))
    with pytest.raises(Refused, match="a new ToDo is due at a time to come"):
        does(world, complete, shown, by(SATO), Ending(follow_up=Draft("Next", "user:sato", at("1 hour"))))
    with pytest.raises(Refused, match="the result of a call 'rung' is not known"):
        does(world, complete, shown, by(SATO), Ending(call="rung"))
    assert (the(world, "a").status, rows(world, t.todo_deeds), rows(world, t.activities)) == ("not_started", 0, 0)


def test_done_with_a_call_and_a_follow_up_in_one_movement(world: World) -> None:
    offer = Draft("Send offer", "user:suzuki", at("3 days"), "high")
    ending = Ending(" will\nbuy ", "ask for Mr Ito", "reached", offer)
    does(world, complete, (seen(world, "a"),), by(SATO), ending)
    row = the(world, "a")
    assert (row.status, row.outcome, row.completed_at) == ("completed", "will buy", at("1 hour"))
    with world.engine.connect() as connection:
        follow = connection.execute(select(t.todos).where(t.todos.c.subject == "Send offer")).one()
        call = connection.execute(select(t.activities)).one()
    assert (follow.prospect_id, follow.assignee, follow.due_at) == (world.ids["a"], "user:suzuki", at("3 days"))
    assert (follow.priority, follow.created_by, follow.step_id, follow.changes) == ("high", "sato", None, 0)
    assert (call.prospect_id, call.occurred_at, call.source) == (world.ids["a"], at("1 hour"), "inbox")
    world.tick("2 hours")
    assert (world.state("a"), world.state("b")) == ("goal", "active")


def test_a_logged_call_is_heard_by_triggers_and_scored(engine: Engine) -> None:
    scenario = """
        audience: {where: {score: {gte: 0}}}
        steps:
          - {id: call, create_todo: {subject: Call, to: "user:sato"}}
          - {id: rung, trigger: {call_logged: reached}, within: 3 days, yes: [add_tag: spoken], no: []}
        """
    world = World(engine, scenario, team=TEAM, scoring="rules: [{activity: call_logged, points: 7}]")
    world.people("a", "b")
    world.tick("0 days")
    does(world, log_todo_call, seen(world, "a"), by(SATO), "reached", "speaks fast")
    does(world, log_todo_call, seen(world, "b"), by(SATO), "no_answer", None)
    world.tick("1 day")
    assert (world.path("a"), world.path("b")) == (["call", "rung.yes", "add_tag-spoken"], ["call"])
    assert (the(world, "a").status, the(world, "a").changes) == ("not_started", 1)
    assert (world.score("a"), world.score("b")) == (7, 7)


def test_a_call_is_logged_once(world: World) -> None:
    for _ in range(2):
        does(world, log_call, world.ids["a"], "form:1", "reached", None, by(SATO))
    assert (rows(world, t.activities), rows(world, t.unlearnt)) == (1, 1)


def test_undo_restores_exactly_until_a_tick_may_have_seen_it(world: World) -> None:
    before = the(world, "a")._asdict()
    ending = Ending("reached", "note", "reached", Draft("Send offer", "user:sato"))
    deed = does(world, complete, (seen(world, "a"),), by(SATO), ending)
    does(world, undo, deed, by(SATO))
    assert the(world, "a")._asdict() == before | {"changes": 2}
    assert (rows(world, t.todos), rows(world, t.activities), rows(world, t.unlearnt)) == (2, 0, 0)
    world.tick("2 hours")
    assert world.state("a") == "active"
    again = does(world, complete, (seen(world, "a"),), by(SATO, "3 hours"), Ending())
    world.tick("4 hours")
    with pytest.raises(Refused, match="a tick has seen this already"):
        does(world, undo, again, by(SATO, "5 hours"))
    assert (the(world, "a").status, world.state("a")) == ("completed", "goal")


def test_undo_after_a_tick_where_nobody_asks_about_todos(world: World) -> None:
    deed = does(world, complete, (seen(world, "a"),), by(SATO), Ending())
    moved = does(world, hand_on, (seen(world, "b"),), by(SATO), "user:suzuki")
    world.tick("2 hours")
    does(world, undo, deed, by(SATO), heard=False)
    does(world, undo, moved, by(SATO))
    assert (the(world, "a").status, the(world, "b").assignee) == ("not_started", "queue:inside")


def test_a_call_that_a_tick_has_learnt_stays(world: World) -> None:
    deed = does(world, log_todo_call, seen(world, "a"), by(SATO), "reached", None)
    world.tick("2 hours")
    with pytest.raises(Refused, match="a tick has seen this already"):
        does(world, undo, deed, by(SATO), heard=False)


def test_a_tick_that_is_under_way_may_have_seen_it(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(t.ticks.update().values(finished=0))
    deed = does(world, complete, (seen(world, "a"),), by(SATO), Ending())
    with pytest.raises(Refused, match="a tick has seen this already"):
        does(world, undo, deed, by(SATO))


def test_undo_is_refused_where_somebody_went_on(world: World) -> None:
    deed = does(world, take, (seen(world, "a"), seen(world, "b")), by(SATO))
    does(world, hand_on, (seen(world, "b"),), by(SUZUKI), "user:suzuki")
    with pytest.raises(Refused, match="“Call B”: Suzuki Jiro has handed it on to Suzuki Jiro meanwhile"):
        does(world, undo, deed, by(SATO))
    assert the(world, "a").assignee == "user:sato"
    with pytest.raises(Refused, match="nothing of yours"):
        does(world, undo, deed, by(SUZUKI))


def test_a_deed_is_undone_once_and_an_undoing_never(world: World) -> None:
    deed = does(world, take, (seen(world, "a"),), by(SATO))
    back = does(world, undo, deed, by(SATO))
    with pytest.raises(Refused, match="undone before"):
        does(world, undo, deed, by(SATO))
    with pytest.raises(Refused, match="nothing of yours"):
        does(world, undo, back, by(SATO))
    with pytest.raises(Refused, match="nothing of yours"):
        does(world, undo, 99, by(SATO))


def test_a_follow_up_that_went_on_keeps_its_completion(world: World) -> None:
    deed = does(world, complete, (seen(world, "a"),), by(SATO), Ending(follow_up=Draft("Next", "queue:inside")))
    with world.engine.connect() as connection:
        follow = connection.scalar(select(t.todos.c.id).where(t.todos.c.subject == "Next"))
    assert follow is not None
    does(world, take, (Seen(follow, 0),), by(SUZUKI))
    with pytest.raises(Refused, match="“Next”: Suzuki Jiro has taken it meanwhile"):
        does(world, undo, deed, by(SATO))


def test_a_status_and_a_todo_of_ones_own(world: World) -> None:
    does(world, mark, (seen(world, "a"),), by(SATO), "waiting", "asked back")
    number = does(world, make_todo, world.ids["b"], Draft("Visit", "user:sato"), by(SATO))
    assert the(world, "a").status == "waiting"
    assert ([world.ids["a"]],) in world.rows("timers", "ids")
    with world.engine.connect() as connection:
        made = connection.execute(select(t.todo_changes).where(t.todo_changes.c.todo_id == number)).one()
    assert (made.number, made.status) == (0, None)


def test_the_command_completes_like_a_page(world: World) -> None:
    number = the(world, "a").id
    with world.engine.begin() as connection:
        assert complete_todo(connection, number, "done", at("1 hour"))
        assert not complete_todo(connection, number, "again", at("2 hours"))
    row = the(world, "a")
    assert (row.changes, row.outcome) == (1, "done")


def test_numbers_of_todos_are_never_given_twice(world: World) -> None:
    deed = does(world, complete, (seen(world, "a"),), by(SATO), Ending(follow_up=Draft("Next", "user:sato")))
    does(world, undo, deed, by(SATO))
    with world.engine.begin() as connection:
        first = _newest(connection)
        number = make_todo(connection, world.ids["a"], Draft("Other", "user:sato"), by(SATO))
    assert number > first + 1


def _newest(connection: Connection) -> int:
    return connection.scalar(select(func.max(t.todos.c.id))) or 0
