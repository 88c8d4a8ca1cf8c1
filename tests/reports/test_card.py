"""The report card (SPEC section 12): its rows, its equation, its files."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import Engine, delete

from engage.reports.card import COLUMNS, Card, CardRow, report_card
from engage.reports.card_table import card_table
from engage.reports.card_text import card_csv, card_json, report_card_kind
from engage.reports.exports import run_export
from engage.reports.status import status
from engage.reports.tallies import Series
from engage.sql import tables as t
from engage.sql.waits import bucket, bucket_seconds, median_seconds
from engage.stepping.fold import fold_scenario
from tests.support.world import World, at

TOKYO, UTC = ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")
HEADER = (
    "scenario,version,step,type,name,entered,waiting,held,completed,yes,no,skipped,failed,left,outcomes,"
    "sent,delivered,hard_bounced,soft_bounced,unique_opens,unique_clicks,opt_outs,complaints,todos,goal_reached,"
    "median_wait_hours,first_at,last_at"
)
SCENARIO = """
    audience: {lists: [members], suppress: {lists: [blocked]}}
    goal: {tag: bought}
    steps:
      - {id: invite, name: ご案内, send_email: invite}
      - id: opened
        trigger: {email_opened: invite}
        within: 3 days
        yes:
          - {id: warm, rule: {score: {gte: 50}}, yes: [{add_tag: hot}], no: []}
        no:
          - end: true
      - {id: give, assign: "group:east"}
      - {id: call, create_todo: {subject: Call, to: owner}}
      - {id: rest, wait: 2 days}
    """


def card_of(world: World, since: date | None = None, until: date | None = None, by: Series | None = None) -> Card:
    with world.engine.connect() as connection:
        plan = world.plans.scenarios["journey"]
        return report_card(connection, plan, zone=TOKYO, since=since, until=until, by=by)


def rows(world: World, since: date | None = None, until: date | None = None) -> dict[str, CardRow]:
    return {row.step: row for row in card_of(world, since, until).rows}


def ran(engine: Engine) -> World:
    """Seven people: read and hot, read and cold, silent, opted out, held, bought, still asked."""
    world = World(engine, SCENARIO)
    world.add("hot", score=60, owner="user:sato")
    world.people("cold", "silent", "held", "bought")
    world.add("out", opted_out=True)
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("hot", "email_opened", "invite", at="1 day")
    world.activity("cold", "email_clicked", "invite", at="1 day")
    world.tick("1 day")
    world.add_tag("bought", "bought", at="2 days")
    world.add_to_list("held", "blocked", at="2 days")
    world.ticks("2 days", "3 days 1 hour")
    world.add("late", at="3 days 2 hours")
    world.tick("3 days 2 hours")
    return world


def test_each_step_has_a_row_in_the_order_of_the_graph(engine: Engine) -> None:
    card = card_of(ran(engine))
    assert [row.step for row in card.rows] == ["invite", "opened", "warm", "add_tag-hot", "end", "give", "call", "rest"]
    assert [row.type for row in card.rows][:4] == ["send_email", "trigger", "rule", "add_tag"]
    assert card.rows[0].name == "ご案内"
    assert card.rows[1].name == "opened"
    assert {row.version for row in card.rows} == {1}


def test_what_became_of_everybody(engine: Engine) -> None:
    found = rows(ran(engine))
    invite, opened, give = found["invite"], found["opened"], found["give"]
    assert (invite.entered, invite.completed, invite.skipped) == (7, 6, 1)
    assert (opened.entered, opened.waiting, opened.held, opened.yes, opened.no, opened.left) == (7, 1, 1, 2, 2, 1)
    assert (opened.completed, opened.goal_reached) == (4, 1)
    assert (found["warm"].yes, found["warm"].no) == (1, 1)
    assert (give.completed, give.skipped) == (1, 1)
    assert (found["call"].completed, found["call"].todos) == (2, 2)
    assert (found["end"].completed, found["end"].waiting) == (2, 0)
    assert (invite.sent, invite.delivered, invite.unique_opens, invite.unique_clicks) == (5, 5, 2, 1)


def test_columns_that_do_not_apply_are_empty(engine: Engine) -> None:
    found = rows(ran(engine))
    assert (found["invite"].yes, found["invite"].no, found["invite"].todos) == (None, None, None)
    assert (found["opened"].sent, found["opened"].complaints) == (None, None)
    assert all(row.outcomes is None for row in found.values())


def test_a_scenario_that_nobody_entered_has_its_rows(engine: Engine) -> None:
    nobody = rows(World(engine, SCENARIO, start=False))["call"]
    assert (nobody.median_wait_hours, nobody.first_at, nobody.entered) == (None, None, 0)


def assert_equation(row: CardRow) -> None:
    parts = row.completed + row.skipped + row.failed + row.left + row.waiting + row.held
    assert row.entered == parts
    assert min(parts, row.waiting, row.held, row.completed) >= 0
    if row.yes is not None and row.no is not None:
        assert row.completed == row.yes + row.no


@pytest.mark.parametrize("by", [None, "day", "week", "month"])
def test_the_equation_holds_on_every_row_at_every_moment(engine: Engine, by: Series | None) -> None:
    world = World(engine, SCENARIO)
    for day, name in enumerate(("a", "b", "c", "d")):
        world.add(name, at=f"{day} days", score=50 * (day % 2))
        world.tick(f"{day} days")
        world.deliver(f"{day} days")
        world.activity(name, "email_opened", "invite", at=f"{day} days 1 hour")
        for hours in (2, 13):
            world.tick(f"{day} days {hours} hours")
            for row in card_of(world, by=by).rows:
                assert_equation(row)
    world.stop("5 days")
    for row in card_of(world, by=by).rows:
        assert_equation(row)
    assert sum(row.waiting + row.held for row in card_of(world).rows) == 0


def test_folding_changes_nothing(engine: Engine) -> None:
    world = ran(engine)
    before = card_of(world), card_of(world, by="day")
    with engine.begin() as connection:
        fold_scenario(connection, 1)
    assert (card_of(world), card_of(world, by="day")) == before


def test_the_card_reads_the_totals_only(engine: Engine) -> None:
    world = ran(engine)
    before = card_of(world)
    with engine.begin() as connection:
        for table in (t.visits, t.enrolments, t.messages, t.todos, t.activities):
            connection.execute(delete(table))
    assert card_of(world) == before


def test_moments_have_the_offset_of_the_workspace(engine: Engine) -> None:
    row = rows(ran(engine))["opened"]
    assert row.first_at is not None
    assert row.last_at is not None
    assert row.first_at.isoformat() == "2026-12-01T09:00:00+09:00"
    assert row.last_at.isoformat() == "2026-12-04T10:00:00+09:00"


def test_the_median_of_finished_visits(engine: Engine) -> None:
    world = ran(engine)
    found = rows(world)["opened"].median_wait_hours
    # 24, 24 (read), 48 (bought), 73, 72 hours after arrival
    assert found == pytest.approx(48, rel=0.05)
    assert rows(world)["invite"].median_wait_hours == 0


def test_days_limit_to_visits_that_began_then(engine: Engine) -> None:
    world = ran(engine)
    first, last = rows(world, until=date(2026, 12, 3)), rows(world, since=date(2026, 12, 4))
    assert (first["invite"].entered, last["invite"].entered) == (6, 1)
    assert (first["opened"].waiting, last["opened"].waiting) == (0, 1)
    assert rows(world, date(2026, 12, 2), date(2026, 12, 2))["warm"].entered == 2
    both = [first[key].entered + last[key].entered for key in first]
    assert both == [row.entered for row in rows(world).values()]


def test_a_series_has_a_period_before_the_columns(engine: Engine) -> None:
    world = ran(engine)
    card = card_of(world, by="day")
    assert card.columns == ("period", *COLUMNS)
    assert list(dict.fromkeys(card.periods)) == ["2026-12-01", "2026-12-02", "2026-12-04"]
    whole = {row.step: row.entered for row in card_of(world).rows}
    for step, entered in whole.items():
        assert sum(row.entered for row in card.rows if row.step == step) == entered
    assert set(card_of(world, by="week").periods) == {"2026-W49"}
    assert set(card_of(world, by="month").periods) == {"2026-12"}


def test_a_removed_step_stands_last_with_what_it_was(engine: Engine) -> None:
    world = World(engine, "steps: [{id: pause, name: Rest, wait: 1 day}, {add_tag: x}, {id: stay, wait: 9 days}]")
    world.people("a", "b")
    world.tick("0 days")
    world.apply("steps: [{id: hello, send_email: hi}, {id: stay, wait: 9 days}]", "1 hour")
    world.tick("1 hour")
    card = card_of(world)
    assert [row.step for row in card.rows] == ["hello", "stay", "pause"]
    last = card.rows[-1]
    assert (last.type, last.name, last.entered, last.skipped, last.waiting) == ("wait", "Rest", 2, 2, 0)
    assert {row.version for row in card.rows} == {2}
    for row in card.rows:
        assert_equation(row)


def test_the_csv_file_opens_in_excel(engine: Engine) -> None:
    world = World(engine, """steps: [{id: a, name: "=1+1", wait: 1 day}, {id: b, name: "-5", wait: 1 day}]""")
    world.add("x")
    world.tick("0 days")
    content = card_csv(card_of(world), TOKYO)
    assert content.startswith(b"\xef\xbb\xbfscenario,version,")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line["name"] for line in lines] == ["'=1+1", "-5"]
    assert lines[0]["first_at"] == "2026-12-01T09:00:00+09:00"
    assert (lines[0]["waiting"], lines[1]["waiting"]) == ("1", "0")
    assert (lines[1]["yes"], lines[1]["first_at"], lines[1]["median_wait_hours"]) == ("", "", "")
    assert ",".join(COLUMNS) == HEADER


def test_json_has_the_columns_as_keys(engine: Engine) -> None:
    found = json.loads(card_json(card_of(ran(engine))))
    assert list(found[0]) == list(COLUMNS)
    assert found[0]["yes"] is None
    assert found[0]["first_at"] == "2026-12-01T09:00:00+09:00"


def test_the_card_is_an_export_too(engine: Engine) -> None:
    world = ran(engine)
    out = io.BytesIO()
    kinds = {"report-card": report_card_kind(world.plans)}
    count = run_export(engine, "report-card", out, world.applied.workspace.vocabulary, world.now, kinds=kinds)
    assert count == 8
    with engine.connect() as connection:
        card = report_card(connection, world.plans.scenarios["journey"], zone=UTC)
    assert out.getvalue() == card_csv(card, UTC)


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_the_table_fits_a_terminal_and_is_aligned(engine: Engine, locale: str) -> None:
    world = ran(engine)
    stream = io.StringIO()
    console = Console(file=stream, width=200, color_system=None)
    console.print(card_table(card_of(world), "ja" if locale == "ja" else "en"))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert max(cell_len(line) for line in lines) <= 120
    assert all("wait" not in line or "rest" in line for line in lines[3:])
    # a number ends in the same column on every line, also behind wide characters
    body = [line for line in lines if line.startswith(("invite", "opened", "warm"))]
    ends = {cell_len(line[: line.index(" 7") + 2]) for line in body[:2]}
    assert len(ends) == 1


def test_the_table_leaves_out_what_says_nothing(engine: Engine) -> None:
    world = World(engine, "steps: [{id: a, wait: 1 day}]")
    world.add("x")
    world.tick("0 days")
    headers = [str(column.header) for column in card_table(card_of(world), "en").columns]
    assert headers == ["step", "type", "entered", "waiting", "completed", "first"]


def test_status_counts_runs(engine: Engine) -> None:
    world = ran(engine)
    with engine.connect() as connection:
        found = status(connection, world.now)
    (one,) = found.scenarios
    assert (one.entered, one.active, one.held, one.goal, one.left, one.completed) == (7, 1, 1, 1, 0, 4)
    assert (one.state, one.version) == ("running", 1)
    # the one who waits does so for a message that was not handed over
    assert one.next_due is None
    assert (found.last_tick, found.tick_open, found.queued_messages, found.unlearnt) == (world.now, False, 1, 0)
    assert found.overdue == 0
    world.activity("late", "page_viewed", "/", at="3 days 3 hours")
    world.add("next", at="3 days 3 hours")
    with engine.connect() as connection:
        found = status(connection, world.now)
    assert (found.unlearnt, found.overdue) == (1, 1)
    world.deliver()
    world.tick()
    with engine.connect() as connection:
        found = status(connection, world.now)
    assert found.scenarios[0].next_due == at("6 days 3 hours")
    assert (found.unlearnt, found.overdue) == (0, 0)


def test_a_class_of_waiting_times_is_hardly_off() -> None:
    for seconds in (0.001, 1, 59, 60, 3_600, 7_200, 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400, 10**9):
        assert bucket_seconds(bucket(int(seconds * 1_000_000))) == pytest.approx(seconds, rel=0.025)
    assert bucket_seconds(bucket(0)) == bucket_seconds(bucket(-5)) == 0
    assert all(low < high for low, high in pairwise(bucket_seconds(number) for number in range(500, 1200)))


def test_the_median_of_classes() -> None:
    day = bucket(86_400_000_000)
    assert median_seconds({}) is None
    assert median_seconds({day: 3, 0: 2}) == 86_400
    assert median_seconds({day: 2, 0: 2}) == 43_200
