"""Who is in a scenario and who passed a step, however few they are among many; flows and the overview."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select, text

from engage.reports import inside as asked
from engage.reports.flow import flow
from engage.reports.inside import Question, every, inside, passages
from engage.reports.overview import overview
from engage.reports.reasons import reason
from engage.sql import tables as t
from engage.sql.codes import Outcome, RunState
from engage.sql.connect import reading
from engage.stepping.fold import fold_scenario
from tests.support.world import World, at

SCENARIO = """
    goal: {tag: bought}
    steps:
      - {id: invite, name: ご案内, send_email: invite}
      - id: opened
        trigger: {email_opened: invite}
        within: 3 days
        yes:
          - {id: warm, switch: [{name: hot, case: {score: {gte: 50}}}], else: []}
        no:
          - end: true
      - {id: arm, split: {a: {share: 99}, b: {share: 1, steps: [{add_tag: b}]}}}
      - {id: rest, wait: 2 days}
    """


def ran(engine: Engine) -> World:
    """Six people: read and hot, read and cold, silent, opted out, bought, still asked."""
    world = World(engine, SCENARIO)
    world.add("hot", score=60, last_name="佐藤", first_name="花子")
    world.people("cold", "silent", "bought")
    world.add("out", opted_out=True)
    world.tick("0 days")
    world.deliver("1 hour")
    for who in ("hot", "cold"):
        world.activity(who, "email_opened", "invite", at="1 day")
    world.add_tag("bought", "bought", at="1 day")
    world.tick("1 day")
    world.people("late")
    world.tick("5 days")
    world.deliver("5 days")
    world.tick("5 days 1 hour")
    return world


def numbers(world: World, step: str | None = None) -> tuple[int, int]:
    """Return the scenario's number and a step's."""
    with reading(world.engine).connect() as connection:
        scenario = connection.scalar(select(t.scenarios.c.id).where(t.scenarios.c.key == "journey"))
        found = connection.scalar(select(t.steps.c.id).where(t.steps.c.key == (step or "invite")))
    assert scenario is not None
    assert found is not None
    return scenario, found


def names(emails: list[str]) -> list[str]:
    return [email.removesuffix("@example.com") for email in emails]


def who_passed(world: World, step: str, **question: object) -> list[tuple[str, str]]:
    scenario, number = numbers(world, step)
    with reading(world.engine).connect() as connection:
        part = passages(connection, Question(scenario, number, **question), "en")  # type: ignore[arg-type]
    assert part.after is None
    return [(row.email.removesuffix("@example.com"), row.outcome) for row in part.rows]


def test_those_inside_with_where_they_stand(engine: Engine) -> None:
    world = ran(engine)
    scenario, _ = numbers(world)
    with reading(world.engine).connect() as connection:
        part = inside(connection, Question(scenario, states=(RunState.ACTIVE, RunState.HELD)), "ja")
        everybody = inside(connection, Question(scenario), "ja")
    assert [(row.email, row.step, row.state) for row in part.rows] == [("late@example.com", "opened", "active")]
    assert part.rows[0].due_at == at("8 days")
    states = {row.email.removesuffix("@example.com"): row.state for row in everybody.rows}
    assert states == {
        "hot": "completed", "cold": "completed", "silent": "completed", "bought": "goal", "out": "completed",
        "late": "active",
    }  # fmt: skip


def test_those_who_wait_at_a_step(engine: Engine) -> None:
    world = ran(engine)
    scenario, step = numbers(world, "opened")
    with reading(world.engine).connect() as connection:
        found = inside(connection, Question(scenario, step, (RunState.ACTIVE,)), "en")
        nobody = inside(connection, Question(scenario, numbers(world, "rest")[1], (RunState.ACTIVE,)), "en")
    assert names([row.email for row in found.rows]) == ["late"]
    assert nobody.rows == ()


def test_those_who_passed_a_step_and_how(engine: Engine) -> None:
    world = ran(engine)
    assert dict(who_passed(world, "opened")) == {
        "hot": "yes", "cold": "yes", "silent": "no", "bought": "goal", "out": "no",
    }  # fmt: skip
    assert who_passed(world, "opened", outcomes=(int(Outcome.GOAL), int(Outcome.LEFT))) == [("bought", "goal")]
    assert dict(who_passed(world, "warm")) == {"hot": "hot", "cold": "else"}


def test_those_who_were_skipped_and_why(engine: Engine) -> None:
    world = ran(engine)
    scenario, step = numbers(world, "invite")
    with reading(world.engine).connect() as connection:
        part = passages(connection, Question(scenario, step, outcomes=(int(Outcome.SKIPPED),)), "en")
    (row,) = part.rows
    assert row.email == "out@example.com"
    assert row.reason is not None
    assert reason(row.reason).read() == "opted out of marketing e-mail"
    assert reason(row.reason).read("ja") != row.reason


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("HOT@example.com", ["hot"]),
        ("佐藤", ["hot"]),
        ("花子 佐藤", ["hot"]),
        ("ol", ["cold"]),
        ("%", []),
        ("nobody@example.com", []),
        ("'; drop table prospects; --", []),
    ],
)
def test_search_by_address_and_name(engine: Engine, words: str, found: list[str]) -> None:
    world = ran(engine)
    scenario, _ = numbers(world)
    with reading(world.engine).connect() as connection:
        part = inside(connection, Question(scenario, words=words), "ja")
    assert names([row.email for row in part.rows]) == found


def test_arrivals_in_a_span(engine: Engine) -> None:
    world = ran(engine)
    late = who_passed(world, "invite", since=at("2 days"))
    assert late == [("late", "completed")]
    assert ("late", "completed") not in who_passed(world, "invite", until=at("2 days"))


def test_sales_sees_its_own(engine: Engine) -> None:
    world = ran(engine)
    scenario, step = numbers(world, "opened")
    world.set("cold", owner="user:sato", at="6 days")
    with reading(world.engine).connect() as connection:
        part = inside(connection, Question(scenario, reader="sato"), "en")
        passed = passages(connection, Question(scenario, step, reader="sato"), "en")
    assert names([row.email for row in part.rows]) == ["cold"]
    assert names([row.email for row in passed.rows]) == ["cold"]


def test_pages_meet_without_gap_or_repetition(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a page's length, and however few runs it looks at."""
    world = World(engine, "steps: [{id: rest, wait: 9 days}]", scenarios={"other": "steps: [{wait: 9 days}]"})
    people = [f"p{number}" for number in range(25)]
    world.people(*people)
    world.tick("0 days")
    scenario, _ = numbers(world, "rest")
    for looks, limit in ((7, 3), (5, 50), (50, 4), (25, 25)):
        monkeypatch.setattr(asked, "LOOKS", {"runs": looks, "visits": looks, "names": looks})
        with reading(world.engine).connect() as connection:
            question = Question(scenario, states=(RunState.ACTIVE,))
            seen = [
                row.email
                for row in every(
                    lambda after, q=question, n=limit, c=connection: inside(c, q, "en", after=after, limit=n)  # type: ignore[misc]
                )
            ]
            rare = Question(scenario, words="p7")
            some = [row.email for row in every(lambda after, q=rare, c=connection: inside(c, q, "en", after=after))]  # type: ignore[misc]
        assert sorted(names(seen)) == sorted(people)
        assert names(some) == ["p7"]


def test_how_many_went_each_way(engine: Engine) -> None:
    world = ran(engine)
    with reading(world.engine).connect() as connection:
        found = flow(connection, world.plans.scenarios["journey"], zone=world.plans.house.hours.zone)
    ways = found.ways
    assert found.entered == 6
    assert (ways["invite", ""], ways["opened", "yes"], ways["opened", "no"]) == (6, 2, 2)
    assert (ways["warm", "hot"], ways["warm", "else"], ways["end", ""]) == (1, 1, 2)
    assert ways["arm", "a"] + ways["arm", "b"] == 2
    assert {row.step: row.waiting for row in found.card.rows}["opened"] == 1


def test_the_overview_counts_runs_and_days(engine: Engine) -> None:
    world = ran(engine)
    today = at("5 days").astimezone(world.plans.house.hours.zone).date()
    number, _ = numbers(world)
    for fold in (False, True):
        with world.engine.begin() as connection:
            if fold:
                fold_scenario(connection, number)
            (line,) = overview(connection, today)
            (later,) = overview(connection, today + timedelta(days=30))
        assert (line.entered, line.waiting, line.goal, line.completed, line.held) == (6, 1, 1, 4, 0)
        assert line.goal_rate == pytest.approx(1 / 6)
        assert line.trend[-6:] == (5, 0, 0, 0, 0, 1)
        assert (line.recent, line.earlier, later.recent, later.earlier) == (6, 0, 0, 6)


def test_a_scenario_where_nobody_was(engine: Engine) -> None:
    world = World(engine, "steps: [{wait: 1 day}]", start=False)
    with reading(world.engine).connect() as connection:
        (line,) = overview(connection, date(2026, 1, 5))
    assert (line.state, line.entered, line.goal_rate, line.recent) == ("draft", 0, None, 0)


def test_the_overview_reads_an_index_alone(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        statement = (
            "EXPLAIN QUERY PLAN SELECT scenario_id, figure, sum(count) FROM totals "
            "WHERE figure IN (5, 6, 10, 11, 12) GROUP BY scenario_id, figure"
        )
        plan = " ".join(row.detail for row in connection.execute(text(statement)))
    assert "COVERING INDEX ix_totals_runs" in plan
