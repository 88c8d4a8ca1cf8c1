"""The 360° view of one prospect."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from engage.reports.person import Person, person
from tests.support.world import World, at

SCENARIO = """
    campaign: launch
    steps:
      - {id: invite, send_email: invite}
      - id: opened
        trigger: {email_opened: invite}
        within: 3 days
        yes: [{id: more, adjust_score: {by: 5, category: mail}}]
        no: []
      - {id: call, create_todo: {subject: Call, to: owner}}
      - {id: rest, name: 休み, wait: 9 days}
    """
LISTS = """
    members: {name: Members}
    vip: {name: VIP}
    hot: {name: Hot, where: {score: {gte: 20}}}
    cold: {name: Cold, where: {score: {lt: 20}}}
    """
SCORING = """
    rules:
      - {activity: page_viewed, points: 3}
    """


def ran(engine: Engine) -> World:
    world = World(engine, SCENARIO, lists=LISTS, scoring=SCORING)
    world.add("other", score=1)
    world.add(
        "sato", score=20, grade="B+", owner="user:suzuki", tags=("vip", "book"), lists=("members", "vip"),
        last_name="佐藤", first_name="花子", company="サクラソフト", employees=30, seats=12, trial=False,
        renewal_date=date(2027, 1, 31),
    )  # fmt: skip
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("sato", "page_viewed", "/pricing", at="1 day")
    world.activity("sato", "email_opened", "invite", at="1 day 1 hour")
    world.tick("2 days")
    world.activity("sato", "page_viewed", "/later", at="3 days")
    return world


def seen(world: World, email: str, *, last: int = 20) -> Person | None:
    with world.engine.connect() as connection:
        vocabulary, house = world.applied.workspace.vocabulary, world.plans.house
        return person(connection, vocabulary, house, email, world.now, last=last)


def test_everything_known_of_a_person(engine: Engine) -> None:
    found = seen(ran(engine), " Sato@Example.com")
    assert found is not None
    assert (found.email, found.name, found.score, found.grade) == ("sato@example.com", "花子 佐藤", 28, "B+")
    assert found.categories == (("mail", 5),)
    assert (found.owner, found.owner_name) == ("user:suzuki", "鈴木 一郎")
    assert (found.mailable, found.opted_out, found.do_not_email) == (True, False, False)
    assert (found.created_at, found.last_activity_at) == (at("0 days"), at("1 day"))
    assert dict(found.fields) == {
        "first_name": "花子", "last_name": "佐藤", "company": "サクラソフト", "employees": 30,
        "renewal_date": "2027-01-31", "seats": 12, "trial": False,
    }  # fmt: skip
    assert (found.lists, found.tags) == (("members", "vip", "hot"), ("book", "vip"))
    assert [(each.campaign, each.name, each.status) for each in found.campaigns] == [("launch", "Launch", "invited")]


def test_where_a_person_stands(engine: Engine) -> None:
    world = ran(engine)
    found = seen(world, "sato@example.com")
    assert found is not None
    (run,) = found.runs
    assert (run.scenario, run.run, run.state, run.step, run.step_name) == ("journey", 1, "active", "rest", "休み")
    assert (run.entered_at, run.since, run.due_at, run.ended_at) == (at("0 days"), at("2 days"), at("11 days"), None)
    world.pause("4 days")
    world.resume("5 days")
    later = seen(world, "sato@example.com")
    assert later is not None
    assert later.runs[0].due_at == at("12 days")


def test_who_waits_for_a_hand_over_has_no_due_moment(engine: Engine) -> None:
    world = World(engine, SCENARIO)
    world.add("a")
    world.tick("0 days")
    found = seen(world, "a@example.com")
    assert found is not None
    assert (found.runs[0].step, found.runs[0].due_at) == ("opened", None)


def test_what_happened_stands_latest_first(engine: Engine) -> None:
    found = seen(ran(engine), "sato@example.com")
    assert found is not None
    assert [(each.type, each.target, each.learnt_at) for each in found.activities] == [
        ("page_viewed", "/later", None),
        ("email_opened", "invite", at("2 days")),
        ("page_viewed", "/pricing", at("2 days")),
    ]
    assert [(each.points, each.category, each.reason, each.step) for each in found.ledger] == [
        (5, "mail", "step", "more"),
        (3, None, "1 page_viewed +3", None),
        (20, None, "manual", None),
    ]
    (letter,) = found.messages
    assert (letter.template, letter.step, letter.status, letter.opened_at) == (
        "invite",
        "invite",
        "sent",
        at("1 day 1 hour"),
    )
    (todo,) = found.todos
    assert (todo.subject, todo.to) == ("Call", "user:suzuki")


def test_the_past_is_bounded(engine: Engine) -> None:
    found = seen(ran(engine), "sato@example.com", last=1)
    assert found is not None
    assert (len(found.activities), len(found.ledger)) == (1, 1)


def test_nobody_is_nobody(engine: Engine) -> None:
    assert seen(ran(engine), "nobody@example.com") is None
