"""``engage db check``: a sound database has no findings; each way to break it has one, with its figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, Executable, delete, insert, select, text, update

from engage.reports.finding import Finding
from engage.reports.invariants import CHECKS, check
from engage.sql import tables as t
from engage.sql.codes import EntryKind, Figure, Outcome, RunState, TimerKind
from engage.stepping.repair import repair
from tests.support.world import World

SCENARIO = """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    goal: {tag: bought}
    steps:
      - {id: invite, send_email: invite}
      - id: opened
        trigger: {email_opened: invite}
        within: 3 days
        yes: [adjust_score: {by: 5, category: mail}]
        no: []
      - {id: call, create_todo: {subject: Call, to: "user:sato"}}
      - {id: tell, notify: {to: "user:sato", subject: Hot, text: Call now}}
      - {id: rest, wait: 9 days}
    """


def ran(engine: Engine) -> World:
    """Some are done, some wait, one is held, one bought; the scenario was paused and edited."""
    world = World(engine, SCENARIO)
    world.people("a", "b", "c", "d", score=10)
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("a", "email_opened", "invite", at="1 day")
    world.add_to_list("b", "blocked", at="1 day")
    world.add_tag("c", "bought", at="1 day")
    world.tick("1 day")
    world.pause("2 days")
    world.resume("3 days")
    world.add("e")
    world.ticks("3 days", "4 days")
    world.apply(SCENARIO.replace("9 days", "8 days").replace("{id: tell, ", "{id: told, "))
    world.add("f")
    world.ticks("4 days", "6 days")
    return world


def findings(world: World) -> tuple[Finding, ...]:
    with world.engine.connect() as connection:
        return check(connection, world.plans)


def broken(world: World, *statements: Executable) -> dict[str, Finding]:
    with world.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return {found.check: found for found in findings(world)}


def test_a_sound_database_has_no_findings(engine: Engine) -> None:
    assert findings(ran(engine)) == ()


def test_an_empty_database_has_no_findings(engine: Engine) -> None:
    assert findings(World(engine, SCENARIO)) == ()


def test_a_paused_and_a_stopped_scenario_have_no_findings(engine: Engine) -> None:
    world = ran(engine)
    world.pause("7 days")
    assert findings(world) == ()
    world.stop("8 days")
    assert findings(world) == ()


def _a_score() -> Executable:
    return update(t.standings).where(t.standings.c.prospect_id == 1).values(score=99)


def _a_category() -> Executable:
    return update(t.category_scores).values(points=7)


def _no_standing() -> Executable:
    return insert(t.prospects).values(email="x@example.com", email_folded="x@example.com")


def _a_visit_gone() -> Executable:
    return delete(t.visits).where(t.visits.c.enrolment_id == 1, t.visits.c.move == 0)


def _totals_changed() -> Executable:
    waiting = t.totals.c.figure == int(Figure.WAITING)
    row = select(t.totals.c.id).where(waiting).order_by(t.totals.c.id).limit(1).scalar_subquery()
    return update(t.totals).where(t.totals.c.id == row).values(count=t.totals.c.count + 1)


def _entries_changed() -> Executable:
    return update(t.totals).where(t.totals.c.figure == int(Figure.ENTERED)).values(count=t.totals.c.count + 1)


def _a_run_number() -> Executable:
    return update(t.enrolments).where(t.enrolments.c.id == 2).values(run=3)


def _timers_gone() -> Executable:
    return delete(t.timers).where(t.timers.c.kind == int(TimerKind.STEP))


def _a_message_of_nobody() -> Executable:
    return update(t.messages).where(t.messages.c.id == 1).values(step_id=999)


def _a_todo_of_nobody() -> Executable:
    row = {"prospect_id": 1, "subject": "?", "priority": "low", "status": "deferred", "assignee": "user:sato"}
    return insert(t.todos).values(row | {"created_at": 0})


def _a_message_without_an_origin(send: int | None = None) -> Executable:
    row = {"id": 99, "prospect_id": 1, "queued_at": 0, "template_id": 1, "status": 2, "kind": 0, "from_owner": False}
    return insert(t.messages).values(row | {"send_id": send})


def _a_message_of_no_send() -> Executable:
    return _a_message_without_an_origin(9)


def _a_send_that_waits_for_nothing() -> Executable:
    return insert(t.sends).values(state=0, made_at=0, at=0, lists="[]", suppress="[]")


def _points_without_a_visit() -> Executable:
    row = {"prospect_id": 1, "at": 0, "points": 0, "kind": int(EntryKind.STEP), "enrolment_id": 1, "step_id": 999}
    return insert(t.score_entries).values(row)


@pytest.mark.parametrize(
    ("damage", "name", "count", "said"),
    [
        (_a_score, "ledger", 1, "a@example.com: 99, and not 15"),
        (_a_category, "categories", 1, "mail of a@example.com: 7, not 5"),
        (_no_standing, "standings", 1, "x@example.com"),
        (_a_visit_gone, "visits", 1, "completed of invite (journey): 6 reported, 5 visits"),
        (_a_visit_gone, "moves", 1, "a@example.com in journey"),
        (_totals_changed, "open", 1, "waiting at invite (journey): 1 reported, 0 there"),
        (_entries_changed, "entered", 1, "journey: "),
        (_a_run_number, "runs", 1, "b@example.com in journey"),
        (_timers_gone, "timers", 4, "the first a@example.com in journey at rest"),
        (_a_message_of_nobody, "effects", 1, "number 1 to a@example.com"),
        (_a_todo_of_nobody, "origins", 1, "number "),
        (_a_message_without_an_origin, "origins", 1, "1 message names neither a scenario nor a send"),
        (_a_message_of_no_send, "sends", 1, "names send 9, which has no such e-mail: number 99 to a@"),
        (_a_send_that_waits_for_nothing, "sends", 1, "1 send waits for nothing"),
        (_points_without_a_visit, "effects", 1, "the score ledger"),
    ],
)
def test_damage_is_found(engine: Engine, damage: Callable[[], Executable], name: str, count: int, said: str) -> None:
    found = broken(ran(engine), damage())
    assert name in found
    assert found[name].count == count
    assert said in found[name].message.read()


def test_two_open_runs_are_found(engine: Engine) -> None:
    world = ran(engine)
    e = t.enrolments
    copied = [column for column in e.c if column.name not in ("id", "run")]
    second = select(text("2"), *copied).where(e.c.id == 1)
    names = ["run", *(column.name for column in copied)]
    found = broken(world, text("DROP INDEX uq_enrolments_open"), insert(e).from_select(names, second))
    assert (
        found["one-run"].message.read().endswith("1 prospect is in a scenario twice at once: a@example.com in journey")
    )


def test_runs_at_a_step_that_is_not_there_are_found(engine: Engine) -> None:
    world = ran(engine)
    found = broken(world, update(t.steps).where(t.steps.c.key == "rest").values(key="gone"))
    assert "of journey stand at gone" in found["steps"].message.read()


def test_every_check_has_a_test_of_its_own() -> None:
    tested = {"ledger", "categories", "standings", "visits", "moves", "open", "entered", "runs", "timers", "effects"}
    assert set(CHECKS) == tested | {"origins", "one-run", "sends", "audit"}


def _timed(connection: Connection) -> int:
    return sum(connection.scalars(select(t.timers.c.count).where(t.timers.c.kind == int(TimerKind.STEP))))


def test_lost_timers_are_written_anew_and_nothing_else(engine: Engine) -> None:
    """Those who wait, who wait for a hand-over, and who are held: only the active ones get a timer."""
    world = ran(engine)
    with engine.connect() as connection:
        assert repair(connection, world.plans) == 0
    assert [row.check for row in broken(world, _timers_gone()).values()] == ["timers"]
    with engine.connect() as connection:
        assert repair(connection, world.plans) == 4
        assert repair(connection, world.plans) == 0
    with engine.connect() as connection:
        assert _timed(connection) == 4
    assert findings(world) == ()


def test_the_repaired_go_on_as_if_nothing_had_happened(engine: Engine) -> None:
    world = ran(engine)
    broken(world, delete(t.timers))
    with engine.connect() as connection:
        repair(connection, world.plans)
    world.deliver("6 days 1 hour")
    world.ticks("8 days", "10 days", "30 days", "60 days")
    assert [world.state(who) for who in "abcdef"] == [
        "completed",
        "held",
        "goal",
        "completed",
        "completed",
        "completed",
    ]
    assert findings(world) == ()


def test_a_timer_that_comes_too_late_is_no_timer(engine: Engine) -> None:
    world = ran(engine)
    later = update(t.timers).where(t.timers.c.kind == int(TimerKind.STEP)).values(due_at=t.timers.c.due_at + 10**12)
    assert broken(world, later.where(t.timers.c.due_at < 2**60))["timers"].count > 0
    with engine.connect() as connection:
        assert repair(connection, world.plans) > 0
    assert findings(world) == ()


def test_the_numbers_in_this_file_mean_what_they_say(engine: Engine) -> None:
    world = ran(engine)
    assert {who: world.state(who) for who in "abcdef"} == {
        "a": "active", "b": "held", "c": "goal", "d": "active", "e": "active", "f": "active",
    }  # fmt: skip
    assert (Outcome.COMPLETED, RunState.HELD) == (0, 1)
