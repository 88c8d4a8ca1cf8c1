"""The holes that the engine's design must close (docs/design.md): each test fails without its hole's remedy."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.codes import RunState, TimerKind
from engage.sql.interning import word_id
from engage.stepping.fold import fold_scenario
from engage.stepping.repair import repair
from engage.stepping.transact import transact
from tests.conftest import connected
from tests.proof.audit import dump, emptied, problems
from tests.proof.history import history
from tests.proof.interference import before_statements, once
from tests.proof.poison import refuse
from tests.support.moments import START, at
from tests.support.world import World

PEOPLE = [f"p{n:02}" for n in range(9)]
PAGE = "{id: page, trigger: {page_viewed: any}, within: 1 day, yes: [{id: seen, add_tag: seen}], no: []}"


class Crash(Exception):
    """The tick's process is gone."""


def crash() -> None:
    raise Crash


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


# 1 lost wake-up


def test_hole_1_what_happens_between_learning_and_stepping_is_not_lost(engine: Engine) -> None:
    """A trigger sees only what was learnt; what comes in between is learnt, and wakes, in the next round.

    Remedy: learning and stepping are phases of rounds, and the predicate asks for ``learnt_at``.
    """
    scoring = "rules: [{activity: page_viewed, points: 10}]\n"
    steps = """
        steps:
          - {id: page, trigger: {page_viewed: any}, within: 1 day, yes: [], no: []}
          - {id: counted, rule: {score: {gte: 10}}, yes: [], no: []}
        """
    world = World(engine, steps, scoring=scoring)
    world.add("a")

    def view() -> None:
        world.activity("a", "page_viewed", "/")

    world.tick("0 days", hook=once("look.after_commit", view))
    assert world.path("a") == ["page.yes", "counted.yes"], "the points are there when the trigger says yes"


def test_hole_1_what_commits_while_a_chunk_steps_wakes_in_the_next_round(postgresql_engine: Engine) -> None:
    """The predicate was asked before the event was there, and nobody waited yet when it came.

    Remedy: the round after learns it when the chunk has committed.
    """
    world = World(postgresql_engine, f"steps: [{PAGE}]\n")
    world.add("a")
    done: list[str] = []

    def act(statement: str) -> None:
        if statement.startswith("UPDATE enrolments") and not done:
            done.append(statement)
            world.activity("a", "page_viewed", "/")

    with before_statements(postgresql_engine, act):
        world.tick("0 days")
    assert done
    assert world.path("a") == ["page.yes", "seen"]


# 2 sequence gaps


def test_hole_2_an_activity_with_a_lower_key_that_commits_later_is_learnt(postgresql_engine: Engine) -> None:
    """Remedy: an inbox whose rows are deleted by who learns them, never "key > last seen"."""
    world = World(postgresql_engine, f"steps: [{PAGE}]\n")
    world.people("a", "b")
    world.activity("b", "page_viewed", "/before", at=START - timedelta(hours=1))
    world.tick("0 days")
    with postgresql_engine.connect() as slow:
        transaction = slow.begin()
        row = {
            "prospect_id": world.ids["a"], "type_id": word_id(slow, "event", "page_viewed"), "key": b"slow",
            "occurred_at": at("1 hour"), "source": "test", "source_id": "slow",
        }  # fmt: skip
        lower = slow.execute(insert(t.activities).values(row).returning(t.activities.c.id)).scalar_one()
        slow.execute(insert(t.unlearnt).values(occurred_at=at("1 hour"), activity_id=lower))
        assert lower < world.activity("b", "page_viewed", "/x", at="1 hour")
        world.tick("2 hours")
        assert world.inside() == {"a": "page"}
        transaction.commit()
    world.tick("3 hours")
    assert world.path("a") == ["page.yes", "seen"]
    assert problems(postgresql_engine) == []


# 3 one enrolment in two timers


def test_hole_3_who_stands_in_two_timers_goes_once(engine: Engine) -> None:
    """The event and the deadline wake the same run in two chunks of one tick.

    Remedy: where a run stands is asked of the run, not of the timer. Were the timer believed, those who have gone
    on to the next trigger would leave the first a second time.
    """
    world = World(
        engine,
        """
        steps:
          - {id: page, trigger: {page_viewed: any}, within: 1 day, yes: [], no: []}
          - {id: form, trigger: {form_submitted: demo}, within: 1 day, yes: [], no: []}
          - {id: call, create_todo: {subject: Call, to: "queue:inside-sales"}}
        """,
    )
    world.people("a", "b")
    world.tick("0 days")
    for who in ("a", "b"):
        world.activity(who, "page_viewed", "/", at="1 day")
    columns = "kind, due_at, scenario_id, step_id, count, ids"
    twice = f"INSERT INTO timers ({columns}) SELECT {columns} FROM timers"
    with engine.begin() as connection:
        connection.execute(text(twice))
    world.tick("1 day", chunk=1)
    assert world.inside() == {"a": "form", "b": "form"}
    world.tick("2 days", chunk=1)
    assert [world.path(who) for who in "ab"] == [["page.yes", "form.no", "call"]] * 2
    assert [todo.who for todo in world.todos()] == ["a", "b"]
    assert problems(engine) == []


def test_hole_3_who_was_moved_by_somebody_else_rolls_the_chunk_back(postgresql_engine: Engine) -> None:
    """An enrolment that leaves between claim and final update takes its effects back with the chunk.

    On SQLite nobody else can write in between. The remedy is the counter of moves in the final update.
    """
    engine = postgresql_engine
    world = World(engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    moved: list[int] = []
    e = t.enrolments

    def act(statement: str) -> None:
        if statement.startswith("INSERT INTO messages") and not moved:
            with connected(address(engine)) as own, own.begin() as connection:
                row = connection.execute(select(e).order_by(e.c.id).limit(1)).one()
                moved.append(row.id)
                ended = {"state": int(RunState.LEFT), "ended_at": at("0 days"), "moves": row.moves + 1}
                connection.execute(update(e).values(ended).where(e.c.id == row.id))

    with before_statements(engine, act):
        world.tick("0 days")
    assert moved
    mailed = [mail.who for mail in world.emails()]
    assert sorted(mailed) == PEOPLE[1:], "each once, but for the one who had left"
    assert world.visits(PEOPLE[0]) == []
    assert world.state(PEOPLE[0]) == "left"


# 4 a timer is never the authority


def test_hole_4_a_timer_alone_moves_nobody(engine: Engine) -> None:
    """Timers that name everybody, everywhere, due now: who is not due, is held or has gone stays as they are.

    Remedy: a run moves only if it says itself that it is due, and stands where the timer says.
    """
    world = World(
        engine,
        """
        audience: {lists: [members], unmatched: hold}
        steps:
          - {id: first, wait: 1 hour}
          - {id: page, trigger: {page_viewed: any}, after: 1 day, yes: [], no: []}
          - {id: rest, wait: 1 day}
        """,
    )
    world.people("a", "b", "c", "d")
    world.tick("0 days")
    world.remove_from_list("b", "members", "30 minutes")
    world.tick("1 hour")
    world.activity("a", "page_viewed", "/", at="2 hours")
    world.tick("2 hours")
    before = history(engine)
    with engine.begin() as connection:
        runs = connection.scalars(select(t.enrolments.c.id)).all()
        for step in connection.execute(select(t.steps)).all():
            timer = {"due_at": at("2 hours"), "scenario_id": step.scenario_id, "step_id": step.id, "ids": list(runs)}
            for kind in (TimerKind.STEP, TimerKind.WAKE):
                connection.execute(insert(t.timers).values(**timer, kind=int(kind), count=len(runs)))
    world.tick("2 hours")
    assert history(engine) == before
    assert problems(engine) == []


def test_hole_4_a_step_that_comes_back_is_the_same_step(engine: Engine) -> None:
    """Remedy: a step's number is for ever."""
    with_it, without = (f"steps: [{extra}{{id: rest, wait: 1 day}}]\n" for extra in ("{id: mark, add_tag: x}, ", ""))
    world = World(engine, with_it)
    numbers = world.rows("steps", "key", "id")
    world.apply(without, "1 day")
    world.apply(with_it, "2 days")
    assert world.rows("steps", "key", "id") == numbers


# 5 a lost timer is a lost person


def test_hole_5_who_has_lost_their_timer_is_found(engine: Engine) -> None:
    """Remedy: ``repair``, which the daemon runs each night."""
    world = World(engine, f"steps: [{{id: rest, wait: 1 day}}, {PAGE}]\n")
    world.people("a", "b", "c")
    world.tick("0 days")
    world.tick("1 day")
    world.add("d")
    world.tick("25 hours")
    with engine.begin() as connection:
        connection.execute(t.timers.delete())
    assert len(problems(engine)) == 4
    with engine.connect() as connection:
        assert repair(connection, world.plans) == 4
        assert repair(connection, world.plans) == 0
    assert problems(engine) == []
    world.tick("3 days")
    assert {who: world.path(who) for who in "abc"} == {who: ["page.no"] for who in "abc"}
    assert world.inside() == {"d": "page"}


# 6 pause


def test_hole_6_a_pause_freezes_durations_and_rewrites_nobody(engine: Engine) -> None:
    """Day 1 of 4, paused for 5 days: 3 days are left. Remedy: durations are kept in scenario time."""
    world = World(engine, "steps: [{id: rest, wait: 4 days}]\n")
    world.people(*PEOPLE)
    world.tick("0 days")
    world.pause("1 day")
    before = world.rows("enrolments", "id", "due_at", "arrived_at")
    world.tick("5 days")
    world.resume("6 days")
    assert world.rows("enrolments", "id", "due_at", "arrived_at") == before
    world.ticks("6 days", at("9 days") - timedelta(microseconds=1))
    assert len(world.inside()) == len(PEOPLE)
    world.tick("9 days")
    assert world.inside() == {}
    assert problems(engine) == []


@pytest.mark.parametrize(
    ("sent", "due"),
    [("1 hour", "9 days 1 hour"), ("3 days", "10 days"), ("7 days", "11 days")],
    ids=["before the pause", "in the pause", "after the pause"],
)
def test_hole_6_a_pause_freezes_the_time_for_an_e_mail(engine: Engine, sent: str, due: str) -> None:
    """4 days from the hand-over, paused from day 1 to day 6: what was left when the pause began, or all of it.

    No tick comes between hand-over and resume. Remedy: the hand-over's moment is counted in scenario time, too.
    """
    steps = """
        steps:
          - {id: invite, send_email: invite}
          - {id: opened, trigger: {email_opened: invite}, within: 4 days, yes: [], no: []}
        """
    world = World(engine, steps)
    world.add("a")
    world.tick("0 days")
    for moment in sorted(map(at, (sent, "1 day", "6 days"))):
        if moment == at(sent):
            world.deliver(moment)
        elif moment == at("1 day"):
            world.pause(moment)
        else:
            world.resume(moment)
    world.tick("7 days")
    world.tick(at(due) - timedelta(microseconds=1))
    assert world.at("a") == "opened"
    world.tick(due)
    assert world.path("a") == ["invite", "opened.no"]


# 7 edit and pause against claimed chunks


def test_hole_7_a_pause_in_the_middle_of_a_tick_stops_the_next_chunk(engine: Engine) -> None:
    """A chunk locks its scenario's row and looks at its state; without that, the rest would be mailed."""
    world = World(engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    world.tick("0 days", chunk=50)
    timers = {row[0] for row in world.rows("timers", "id")}
    assert len(timers) == 1
    world = World(emptied(engine), "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    world.app.tick(at("0 days"), chunk=3, hook=once("step.after_commit", lambda: world.pause("0 days")))
    mailed = len(world.emails())
    assert 0 < mailed < 9, "some chunk was stepped, the others were not"
    world.tick("10 days")
    assert len(world.emails()) == mailed, "nobody moves while it is paused"
    world.resume("10 days")
    world.tick("10 days")
    assert sorted(mail.who for mail in world.emails()) == PEOPLE
    assert problems(engine) == []


def test_hole_7_another_version_in_the_middle_of_a_tick_is_taken_by_the_next_chunk(engine: Engine) -> None:
    """A chunk looks at its scenario's version; without that, some would go the way of the old one."""
    old = "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n"
    new = "steps: [{id: invite, send_email: invite}, {id: mark, add_tag: new}, {id: rest, wait: 3 days}]\n"
    world = World(engine, old)
    world.people(*PEOPLE)
    world.app.tick(at("0 days"), chunk=3, hook=once("step.after_commit", lambda: world.apply(new, "0 days")))
    marked = [name for name in PEOPLE if "new" in world.tags(name)]
    assert 0 < len(marked) < 9
    world.tick("2 days")
    assert set(world.inside().values()) == {"rest"}, "who waits already waits for the new time"
    world.tick("3 days")
    assert world.inside() == {}
    assert problems(engine) == []


# 8 crash in mid-tick


def test_hole_8_an_open_tick_is_finished_with_its_own_moment(engine: Engine) -> None:
    """Remedy: the tick is a row; who comes after a crash finishes it before a new one opens."""
    world = World(engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    with pytest.raises(Crash):
        world.tick("0 days", chunk=3, hook=once("step.after_commit", crash))
    assert 0 < len(world.emails()) < len(PEOPLE)
    world.tick("5 hours", chunk=3)
    assert {mail.at for mail in world.emails()} == {at("0 days")}
    assert {visit.left_at for visit in world.visits()} == {at("0 days")}
    world.tick("1 day")
    assert world.inside() == {}


# 9 totals


def test_hole_9_a_figure_written_while_figures_are_folded_is_kept(postgresql_engine: Engine) -> None:
    """A delivery writes its figures beside the fold, and commits between the fold's statements.

    Remedy: what is deleted is what was added up.
    """
    engine = postgresql_engine
    world = World(engine, "steps: [{id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    world.tick("0 days")
    row = {"scenario_id": 1, "step_id": 1, "day": 1, "figure": 20, "bucket": 0, "count": 7}
    with connected(address(engine)) as own, own.connect() as slow:
        transaction = slow.begin()
        slow.execute(insert(t.totals).values(row))
        with engine.begin() as connection:
            connection.execute(insert(t.totals).values({**row, "count": 5}))

        def act(statement: str) -> None:
            if statement.startswith("DELETE FROM totals") and transaction.is_active:
                transaction.commit()

        with before_statements(engine, act):
            work = ThreadPoolExecutor(1).submit(folded, engine)
            time.sleep(0.5)
            if transaction.is_active:
                transaction.commit()
            work.result(30)
    with engine.connect() as connection:
        kept = connection.scalar(select(func.sum(t.totals.c.count)).where(t.totals.c.figure == 20))
    assert kept == 12
    assert problems(engine) == []


def folded(engine: Engine) -> None:
    with engine.begin() as connection:
        fold_scenario(connection, 1)


def test_hole_9_folding_changes_no_figure(engine: Engine) -> None:
    """Remedy: chunks insert differences, also of who waits and is held; their sums are what one counts."""
    world = World(engine, f"audience: {{lists: [members], unmatched: hold}}\nsteps: [{PAGE}]\n")
    world.people(*PEOPLE)
    world.tick("0 days", chunk=2)
    for who in PEOPLE[:4]:
        world.remove_from_list(who, "members", "1 hour")
    world.ticks("1 hour", "1 day")
    before = history(engine)["totals"]
    folded(engine)
    assert history(engine)["totals"] == before
    assert problems(engine) == []


# 11 SQLite


def test_hole_11_a_writer_that_reads_first_is_never_refused(sqlite_engine: Engine) -> None:
    """Remedy: every writer begins IMMEDIATE; a read that is upgraded is refused at once, whatever the timeout."""
    with sqlite_engine.begin() as connection:
        connection.execute(insert(t.group_members).values(group_key="g", user_id="u", position=0, served=0))

    def count_up() -> None:
        with connected(address(sqlite_engine)) as own:
            for _ in range(40):
                with own.begin() as connection:
                    served = connection.scalar(select(t.group_members.c.served)) or 0
                    connection.execute(update(t.group_members).values(served=served + 1))

    with ThreadPoolExecutor(4) as pool:
        for work in [pool.submit(count_up) for _ in range(4)]:
            work.result(60)
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(t.group_members.c.served)) == 160


def test_hole_11_a_long_tick_lets_writers_in(sqlite_engine: Engine) -> None:
    """Remedy: a pause between chunks, and writers that ask often enough to meet it."""
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        with connected(address(sqlite_engine)) as own:
            while not over.is_set():
                began = time.perf_counter()
                with own.begin() as connection:
                    connection.execute(insert(t.users).values(id=f"u{len(waits)}", name="U", role="sales"))
                waits.append(time.perf_counter() - began)
                time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool, sqlite_engine.connect() as connection:
        writing = pool.submit(write)
        for _ in range(25):
            transact(connection, lambda: time.sleep(0.08), lambda _: None, "chunk")
        over.set()
        writing.result(30)
    assert max(waits) < 1.5
    assert len(waits) >= 5


def test_hole_11_acknowledged_means_on_the_disk(sqlite_engine: Engine) -> None:
    """FAULTS R31: remedy: a write-ahead log that is flushed at every commit."""
    with sqlite_engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA busy_timeout")) == 10_000


# 12 cohort


def test_hole_12_the_cohort_is_analysed_when_it_is_filled(postgresql_engine: Engine) -> None:
    """Remedy: autovacuum never looks at temporary tables, so the tick does, before the first statement that uses it."""
    world = World(postgresql_engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)
    said: list[str] = []
    with before_statements(postgresql_engine, said.append):
        world.tick("0 days", chunk=3)
    fills = [n for n, statement in enumerate(said) if statement.startswith("INSERT INTO cohort")]
    assert fills
    assert all(said[n + 1] == "ANALYZE cohort" for n in fills)
    assert sum("CREATE TEMPORARY TABLE" in statement and " cohort " in statement for statement in said) >= 1


def test_hole_12_a_chunk_finds_the_cohort_empty(engine: Engine) -> None:
    """Remedy: PostgreSQL empties it at each commit, for SQLite the chunk does; a chunk that failed leaves nothing."""
    world = World(engine, "steps: [{id: invite, send_email: invite}, {id: rest, wait: 1 day}]\n")
    world.people(*PEOPLE)

    def left(connection: Connection) -> int:
        return connection.scalar(text("SELECT count(*) FROM cohort")) or 0

    assert world.tick("0 days", chunk=2).chunks > 4
    assert sorted(mail.who for mail in world.emails()) == PEOPLE
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection, connection.begin():
            assert connection.scalar(text("SELECT to_regclass('pg_temp.cohort') IS NULL")) or left(connection) == 0


# 13 poison


def test_hole_13_one_bad_prospect_fails_alone(engine: Engine) -> None:
    """R13: 500 in a chunk, one whose ToDo cannot be written. Remedy: the chunk is halved until they are found."""
    world = World(
        engine,
        """
        steps:
          - {id: invite, send_email: invite}
          - {id: call, create_todo: {subject: "Call {{ prospect.email }}", to: "queue:inside-sales"}}
          - {id: mark, add_tag: called}
        """,
    )
    with engine.begin() as connection:
        people = [{"id": n, "email": f"n{n}@example.com", "email_folded": f"n{n}@example.com"} for n in range(1, 501)]
        connection.execute(insert(t.prospects), people)
        standings = [{"prospect_id": n, "created_at": at("0 days")} for n in range(1, 501)]
        connection.execute(insert(t.standings), standings)
        number = connection.scalar(select(t.lists.c.id).where(t.lists.c.key == "members"))
        members = [{"prospect_id": n, "list_id": number, "since": at("0 days")} for n in range(1, 501)]
        connection.execute(insert(t.list_members), members)
        timer = {"kind": int(TimerKind.CHANGED), "due_at": micros(at("0 days")), "count": 500}
        connection.execute(insert(t.timers).values(**timer, ids=list(range(1, 501))))
    world.names.update({n: f"n{n}" for n in range(1, 501)})
    world.ids.update({f"n{n}": n for n in range(1, 501)})
    refuse(engine, "todos", "subject", "Call n250@example.com")
    world.tick("0 days")
    assert len(world.todos()) == 499
    assert len(world.emails()) == 500
    assert world.path("n250") == ["invite", "call.failed", "mark"]
    assert "poison" in (world.reason("n250", "call") or "")
    assert sum(visit.outcome == "failed" for visit in world.visits()) == 1
    assert world.inside() == {}
    assert problems(engine) == []
    before = dump(engine)
    world.ticks("0 days", "1 day")
    assert dump(engine, {"ticks", "timers"}) == {k: v for k, v in before.items() if k != "timers"}


def test_hole_13_two_open_runs_cannot_be(engine: Engine) -> None:
    """Remedy: a unique index over the runs that have not ended."""
    world = World(engine, "steps: [{id: rest, wait: 1 day}]\n")
    world.add("a")
    world.tick("0 days")
    e = t.enrolments
    with engine.begin() as connection:
        row = dict(connection.execute(select(e)).mappings().one())
        row = {**row, "id": 99, "run": 2}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(e).values(row))
    with engine.begin() as connection:
        connection.execute(insert(e).values({**row, "state": int(RunState.LEFT)}))


# 14 equal on both databases


def test_hole_14_text_is_compared_alike_on_both_databases(engine: Engine) -> None:
    """Remedy: criteria read a folded twin written by Python; each database folds in its own way, SQLite only ASCII."""
    world = World(engine, "audience: {where: {company: {contains: ｱﾊﾞｽ}}}\nsteps: [{id: rest, wait: 1 day}]\n")
    for who, company in {"a": "アバス商事", "b": "株式会社ｱﾊﾞｽ", "c": "アハス", "d": None}.items():
        world.add(who, company=company)
    world.apply("audience: {where: {company: STRASSE ÉCOLE}}\nsteps: [{id: rest, wait: 1 day}]\n", key="journey")
    world.add("e", company="straße école")
    world.add("f", company="ＳＴＲＡＳＳＥ　école")
    world.tick("0 days")
    assert set(world.inside()) == {"e", "f"}
    world.apply("audience: {where: {company: {contains: ｱﾊﾞｽ}}}\nsteps: [{id: rest, wait: 1 day}]\n", key="journey")
    world.tick("1 hour")
    assert set(world.inside()) >= {"a", "b"}
    assert not {"c", "d"} & set(world.inside())
