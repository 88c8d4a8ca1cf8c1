"""What a period came to, and what a person should look at first."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, insert, update

from engage.reports.attention import attention
from engage.reports.period import Day, overview, own_overview, period, queues_of, results
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.support.sends import order
from tests.support.world import World, at

SCENARIO = """
    goal: {activity: {type: form_submitted}}
    steps:
      - {id: invite, send_email: invite}
      - id: clicked
        trigger: {email_clicked: invite}
        within: 2 days
        yes: [{assign: "user:sato"}, {create_todo: {subject: Call, to: owner, due: 1 day}}]
        no: []
      - {id: rest, wait: 9 days}
    """


def ran(engine: Engine) -> World:
    """Three prospects came on the first day; one clicked on the second, so sales has a ToDo; one reached the goal."""
    world = World(engine, SCENARIO)
    for name in ("a", "b", "c"):
        world.add(name)
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("a", "email_clicked", "invite", at="1 day")
    world.tick("1 day 1 hour")
    world.activity("b", "form_submitted", "demo", at="1 day 2 hours")
    world.tick("1 day 3 hours")
    return world


def test_each_day_of_a_period(engine: Engine) -> None:
    world = ran(engine)
    zone = world.plans.house.hours.zone
    asked = period(at("3 days"), 7, zone)
    first = at("0 days").astimezone(zone).date()
    assert asked.days == tuple(first + timedelta(days=n) for n in range(-3, 4))
    with world.engine.connect() as connection:
        days = {day.day: day for day in overview(connection, asked)}
    assert days[first] == Day(first, prospects=3, mqls=0, hand_overs=0, sent=3, opened=1, clicked=1, opted_out=0)
    assert days[first + timedelta(days=1)] == Day(first + timedelta(days=1), prospects=0, mqls=1, hand_overs=1)
    assert days[first - timedelta(days=1)] == Day(first - timedelta(days=1), 0, 0, 0)


def test_one_who_sells_sees_the_own_figures(engine: Engine) -> None:
    world = ran(engine)
    asked = period(at("3 days"), 7, world.plans.house.hours.zone)
    with world.engine.connect() as connection:
        queues = queues_of(connection, "sato")
        own = own_overview(connection, asked, "sato", queues)
        other = own_overview(connection, asked, "suzuki", ())
    assert [sum(getattr(day, name) for day in own) for name in ("prospects", "mqls", "hand_overs")] == [1, 1, 1]
    assert [sum(getattr(day, name) for day in other) for name in ("prospects", "mqls", "hand_overs", "sent")] == [0] * 4


def test_days_are_local_and_change_of_clocks_moves_none() -> None:
    from zoneinfo import ZoneInfo

    berlin = period(at("0 days"), 90, ZoneInfo("Europe/Berlin"))
    assert len(berlin.bounds) == 91
    assert {bound.astimezone(berlin.zone).hour for bound in berlin.bounds} == {0}
    assert berlin.numbers == list(range(berlin.numbers[0], berlin.numbers[0] + 90))
    assert berlin.days[-1] - berlin.days[0] == timedelta(days=89)
    assert isinstance(berlin.days[0], date)


def test_scenarios_by_their_share_of_goals(engine: Engine) -> None:
    world = ran(engine)
    asked = period(at("3 days"), 7, world.plans.house.hours.zone)
    with world.engine.connect() as connection:
        (row,) = results(connection, asked, ["journey"])
        assert (row.key, row.entered, row.goal, round(row.rate, 2)) == ("journey", 3, 1, 0.33)
        assert results(connection, asked, []) == ()
        assert results(connection, period(world.now - timedelta(days=30), 7, asked.zone), ["journey"]) == ()


def test_nothing_to_look_at_where_all_is_well(engine: Engine) -> None:
    world = ran(engine)
    with world.engine.connect() as connection:
        found = attention(connection, world.now, period(world.now, 7, world.plans.house.hours.zone))
    assert found.calm


def test_what_is_failed_stuck_late_or_stopped_is_told(engine: Engine) -> None:
    world = ran(engine)
    now = at("20 days")
    with world.engine.begin() as connection:
        asked = period(world.now, 7, world.plans.house.hours.zone)
        connection.execute(update(t.messages).where(t.messages.c.prospect_id == world.ids["c"]).values(
            status=int(MessageStatus.IN_DOUBT)))  # fmt: skip
        connection.execute(update(t.scenarios).values(fault="it broke"))
        failed = {"enrolment_id": 1, "step_id": 1, "arrived_at": at("0 days") - timedelta(days=40), "outcome": 4}
        moments = (world.now, world.now, at("0 days") - timedelta(days=30))
        connection.execute(
            insert(t.visits), [{**failed, "left_at": left, "move": 90 + n} for n, left in enumerate(moments)]
        )
        found = attention(connection, now, asked)
    assert not found.calm
    assert found.in_doubt == 1
    assert [(each.key, each.fault) for each in found.paused] == [("journey", "it broke")]
    assert [(each.scenario, each.step, each.count) for each in found.failing] == [("journey", "invite", 2)]
    assert [(each.scenario, each.count) for each in found.stuck] == [("journey", 2)], "a and c; b reached the goal"
    assert found.silent == world.now
    assert found.overdue == 1


def test_a_step_that_failed_today_is_told_of_whenever_its_prospects_came(engine: Engine) -> None:
    """They waited for forty days: the failure is of today."""
    steps = """
        steps:
          - {id: call, after: 40 days, create_todo: {subject: Call, to: owner}}
        """
    world = World(engine, steps, start=False, team="users: {}")
    world.start("0 days")
    world.people("a", "b", at="0 days")
    world.ticks("0 days", "40 days 1 hour")
    with world.engine.connect() as connection:
        found = attention(connection, at("41 days"), period(at("41 days"), 7, world.plans.house.hours.zone))
        later = attention(connection, at("60 days"), period(at("60 days"), 7, world.plans.house.hours.zone))
    assert [(each.step, each.count) for each in found.failing] == [("call", 2)]
    assert later.failing == ()


def test_an_engine_that_was_never_begun_is_silent(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    asked = period(at("1 day"), 7, world.plans.house.hours.zone)
    with world.engine.connect() as connection:
        assert attention(connection, at("5 minutes"), asked).silent is None
        assert attention(connection, at("1 day"), asked).silent == at("0 days")


def test_mails_stand_at_the_day_on_which_their_visit_began(engine: Engine) -> None:
    """A step that waits before it sends: entered and sent are of the same day, and so are opens (SPEC 12)."""
    world = World(engine, "steps: [{id: invite, after: 3 days, send_email: invite}, {wait: 9 days}]")
    world.people("a", "b", at="0 days")
    world.ticks("0 days", "3 days 1 hour")
    world.deliver("3 days 2 hours")
    world.activity("a", "email_opened", "invite", at="4 days")
    world.tick("4 days 1 hour")
    zone = world.plans.house.hours.zone
    with world.engine.connect() as connection:
        days = overview(connection, period(at("5 days"), 30, zone))
    first = at("0 days").astimezone(zone).date()
    assert [(day.day, day.sent, day.opened) for day in days if day.sent or day.opened] == [(first, 2, 1)]


def test_mails_of_one_off_sends_are_mails_of_the_company(engine: Engine) -> None:
    """They belong to no step, and to no report card."""
    world = World(engine, SCENARIO, lists="members: {name: Members}")
    world.people("a", "b", lists=["members"], at="0 days")
    order(world, "invite", now="1 day")
    world.tick("1 day 1 hour")
    world.deliver("1 day 2 hours")
    zone = world.plans.house.hours.zone
    with world.engine.connect() as connection:
        days = {day.day: day.sent for day in overview(connection, period(at("3 days"), 7, zone)) if day.sent}
    first = at("0 days").astimezone(zone).date()
    assert sum(days.values()) == len(world.rows("messages", "id"))
    assert days[first + timedelta(days=1)] >= 2
