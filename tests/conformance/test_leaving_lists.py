"""Who opted out of a list: its mail is left out, other mail goes (SPEC section 11)."""

from __future__ import annotations

from sqlalchemy import Engine

from engage.effects.consent import ask
from engage.effects.post import Post
from engage.effects.queued import read_messages
from engage.intake.consenting import join_list, leave_list
from engage.sql import tables as t
from tests.support.people import list_id
from tests.support.sends import got, order
from tests.support.world import World, at

LISTS = """
members: {name: Members, public: true}
others: {name: Others, public: true}
germans: {name: Germans, public: true, where: {country: DE}}
"""


def leave(world: World, who: str, name: str, when: str) -> None:
    with world.engine.begin() as connection:
        leave_list(connection, world.ids[who], list_id(connection, name), at(when), "preferences")


def come_back(world: World, who: str, name: str, when: str) -> None:
    with world.engine.begin() as connection:
        join_list(connection, world.ids[who], list_id(connection, name), at(when), "preferences", static=True)


def test_mail_of_lists_that_were_all_left_is_skipped(engine: Engine) -> None:
    """
    audience: {lists: [members, germans]}
    steps:
      - send_email: hello
    """
    scenario = test_mail_of_lists_that_were_all_left_is_skipped.__doc__ or ""
    world = World(engine, scenario, lists=LISTS)
    world.add("stays")
    world.add("left")
    world.add("on both, left one", country="DE")
    world.add("on both, left both", country="DE")
    world.add("left another")
    world.add("came back")
    world.add("left, then joined by country", lists=())
    for who in ("left", "on both, left one", "on both, left both", "came back"):
        leave(world, who, "members", "1 hour")
    leave(world, "on both, left both", "germans", "1 hour")
    leave(world, "left another", "others", "1 hour")
    come_back(world, "came back", "members", "2 hours")
    leave(world, "left, then joined by country", "members", "1 hour")
    world.set("left, then joined by country", country="DE", at="2 hours")
    world.tick("3 hours")
    skipped = {who for who in world.ids if world.path(who) == ["send_email-hello.skipped"]}
    assert skipped == {"left", "on both, left both"}
    assert world.reason("left", "send_email-hello") == "opted out of the list"
    assert all(world.state(who) == "completed" for who in world.ids)
    assert world.card()["send_email-hello"].skipped == 2


def test_operational_mail_and_scenarios_without_lists_are_not_concerned(engine: Engine) -> None:
    """
    audience: {where: {country: JP}}
    steps:
      - send_email: hello
    """
    scenario = test_operational_mail_and_scenarios_without_lists_are_not_concerned.__doc__ or ""
    receipt = "---\nsubject: Receipt\nkind: operational\n---\n<p>Thank you</p>\n"
    other = "audience: {lists: [members]}\nsteps:\n  - send_email: receipt\n"
    world = World(
        engine,
        scenario,
        scenarios={"billing": other},
        lists=LISTS,
        **{"templates/receipt.html": receipt},  # type: ignore[arg-type]
    )
    world.add("left", country="JP")
    leave(world, "left", "members", "1 hour")
    world.tick("2 hours")
    assert world.path("left") == ["send_email-hello"]
    assert world.path("left", key="billing") == ["send_email-receipt"]


def test_who_was_enrolled_by_another_scenario_comes_by_no_list(engine: Engine) -> None:
    """
    audience: {lists: [members]}
    steps:
      - enrol: course
    """
    scenario = test_who_was_enrolled_by_another_scenario_comes_by_no_list.__doc__ or ""
    course = "audience: {lists: [others]}\nsteps:\n  - send_email: hello\n"
    world = World(engine, scenario, scenarios={"course": course}, lists=LISTS)
    world.add("a")
    leave(world, "a", "others", "1 hour")
    world.tick("2 hours")
    assert world.path("a", key="course") == ["send_email-hello"]


def test_who_leaves_while_the_mail_is_queued_does_not_get_it(engine: Engine) -> None:
    """S53: it is asked again at the hand-over."""
    world = World(engine, "steps:\n  - send_email: hello\n", lists=LISTS)
    world.add("stays")
    world.add("leaves")
    world.add("left before")
    leave(world, "left before", "others", "1 minute")
    world.tick("1 hour")
    leave(world, "leaves", "members", "2 hours")
    applied = world.applied
    post = Post(
        house=applied.plans.house, company=applied.workspace.company, templates=applied.workspace.templates,
        base_url="http://localhost", secret_key=None, channel=None,  # type: ignore[arg-type]
        audiences={key: plan.lists for key, plan in applied.plans.scenarios.items()}, lists=applied.plans.mailing.lists,
    )  # fmt: skip
    with engine.begin() as connection:
        ids = [row[0] for row in connection.execute(t.messages.select().order_by(t.messages.c.id))]
        messages = read_messages(connection, post, ids, at("3 hours"))
        refused = ask(connection, post, messages, at("3 hours")).refused
    assert {message.prospect_id: refused.get(message.id) for message in messages} == {
        world.ids["stays"]: None, world.ids["leaves"]: "left_list", world.ids["left before"]: None,
    }  # fmt: skip


def test_a_one_off_send_leaves_out_who_left_all_its_lists(engine: Engine) -> None:
    world = World(engine, "steps:\n  - send_email: news\n", lists=LISTS, start=False)
    world.add("stays")
    world.add("left")
    world.add("on both, left one", country="DE")
    world.add("on both, left both", country="DE")
    for who in ("left", "on both, left one", "on both, left both"):
        leave(world, who, "members", "1 hour")
    leave(world, "on both, left both", "germans", "1 hour")
    number = order(world, "news", lists=("members",), at="2 hours")
    both = order(world, "news", lists=("members", "germans"), at="2 hours")
    world.tick("2 hours")
    assert {who for who, what in got(world, number).items() if what == "news"} == {"stays"}
    outcome = dict.fromkeys(("left", "on both, left both"), "cancelled: left_list")
    assert got(world, both) == outcome | {"stays": "news", "on both, left one": "news"}
