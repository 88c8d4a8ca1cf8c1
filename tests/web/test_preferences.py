"""The preference centre: lists, all mail, and coming back."""

from __future__ import annotations

import re

from sqlalchemy import Engine

from engage.intake.consenting import come_back
from engage.intake.opting_out import Wish, opt_out
from tests.support.people import list_id
from tests.support.web import Web, link
from tests.support.world import World, at
from tests.web.conftest import mailed, message_of


def boxes(page: str) -> dict[str, bool]:
    """Return the lists that a page shows, and whether their boxes are ticked."""
    found = re.findall(r'name="list" value="\d+"( checked)?> <span>(.*?)</span>', page)
    return {name: bool(ticked) for ticked, name in found}


def numbers(world: World, *names: str) -> dict[str, str]:
    with world.engine.begin() as connection:
        return {name: str(list_id(connection, name)) for name in names}


def consents(world: World) -> list[tuple[object, ...]]:
    return [row[1:] for row in world.rows("consents", "id", "prospect_id", "kind", "list_id", "source")]


def test_public_lists_are_shown_and_what_one_gets_is_ticked(world: World, web: Web) -> None:
    """S48"""
    page = {who: web.get(link("preferences", message_of(world, who))).text for who in world.ids}
    assert boxes(page["hanako"]) == {"ニュースレター": True, "Events": False}
    assert boxes(page["john"]) == {"ニュースレター": True, "Events": True}
    assert boxes(page["erika"]) == {"ニュースレター": False, "Events": False, "Germans": True}
    assert "Members" not in page["john"]
    assert "j•••@example.com" in page["john"]
    assert "Smith" not in page["john"]


def test_a_look_changes_nothing(world: World, web: Web) -> None:
    """S50"""
    path = link("preferences", message_of(world, "john"))
    assert web.get(f"{path}?stop=yes").status == 200
    assert web.ask("HEAD", path).status == 200
    assert web.post(path).status == 200
    assert not consents(world)


def test_one_list_is_left_and_another_joined(world: World, web: Web) -> None:
    key = numbers(world, "news", "events")
    path = link("preferences", message_of(world, "hanako"))
    shown = [("shown", key["news"]), ("shown", key["events"])]
    page = web.post(path, *shown, ("list", key["events"]), ("save", "yes"))
    assert "設定を保存しました" in page.text
    assert boxes(page.text) == {"ニュースレター": False, "Events": True}
    who = world.ids["hanako"]
    assert sorted(consents(world), key=str) == [
        (who, "opt_in", int(key["events"]), "preferences"),
        (who, "opt_out", int(key["news"]), "preferences"),
    ]
    assert world.lists("hanako") == {"members", "news", "events"}
    assert not world.standing("hanako").opted_out
    assert not world.rows("activities", "id"), "an opt-out of one list is none of all mail"


def test_saving_twice_is_once_and_the_last_word_counts(world: World, web: Web) -> None:
    key = numbers(world, "news", "events")
    path = link("preferences", message_of(world, "john"))
    shown = [("shown", key["news"]), ("shown", key["events"]), ("save", "yes")]
    for _ in range(2):
        web.post(path, *shown, ("list", key["events"]))
    assert len(consents(world)) == 1
    assert boxes(web.post(path, *shown, ("list", key["events"]), ("list", key["news"])).text)["ニュースレター"]
    assert [row[1] for row in consents(world)] == ["opt_out", "opt_in"]


def test_only_lists_that_the_page_showed_are_changed(world: World, web: Web) -> None:
    """A list that became public while the page stood open, or was made up, is left alone."""
    key = numbers(world, "news", "events", "blocked")
    path = link("preferences", message_of(world, "john"))
    odd = [("shown", key["blocked"]), ("list", key["blocked"]), ("shown", "-1"), ("list", "x'"), ("shown", "9" * 400)]
    web.post(path, ("shown", key["news"]), *odd, ("save", "yes"))
    assert consents(world) == [(world.ids["john"], "opt_out", int(key["news"]), "preferences")]
    assert world.lists("john") == {"members", "news", "events"}


def test_all_mail_is_stopped_and_comes_back_by_ones_own_word(world: World, web: Web) -> None:
    path = link("preferences", message_of(world, "john"))
    stopped = web.post(path, ("stop", "yes"))
    assert "You are unsubscribed" in stopped.text
    assert not boxes(stopped.text)
    assert world.standing("john").opted_out
    back = web.post(path, ("back", "yes"))
    assert "Welcome back" in back.text
    assert not world.standing("john").opted_out
    assert [row[1:] for row in consents(world)] == [
        ("opt_out", None, "preferences"), ("opt_in", None, "preferences"),
    ]  # fmt: skip
    assert world.field("john", "consent_source") == "preferences"
    assert world.field("john", "consent_at") is not None


def test_a_tick_does_not_take_back_who_came_back(engine: Engine) -> None:
    """The opt-out is learnt only after the reader came back: it is counted, and the later consent stands."""
    world = mailed(engine)
    who, message = world.ids["john"], message_of(world, "john")
    with engine.begin() as connection:
        opt_out(connection, [Wish(message, at("1 day"), "one_click")])
    with engine.begin() as connection:
        assert come_back(connection, who, at("1 day 1 hour"), "preferences")
        assert not come_back(connection, who, at("1 day 1 hour"), "preferences")
    world.ticks("2 days", "5 days")
    assert not world.standing("john").opted_out
    assert world.path("john") == ["invite", "again"]
    assert world.card()["invite"].opt_outs == 1
    assert world.audit() == ()


def test_who_came_back_can_leave_again_by_the_same_link(engine: Engine) -> None:
    world = mailed(engine)
    who, message = world.ids["john"], message_of(world, "john")
    with engine.begin() as connection:
        opt_out(connection, [Wish(message, at("1 hour"), "one_click")])
        come_back(connection, who, at("2 hours"), "preferences")
        opt_out(connection, [Wish(message, at("3 hours"), "one_click")])
    world.ticks("1 day", "5 days")
    assert world.standing("john").opted_out
    assert world.path("john") == ["invite", "again.skipped"]
    assert [row[1] for row in consents(world)] == ["opt_out", "opt_in", "opt_out"]
    assert world.card()["invite"].opt_outs == 1


def test_a_mailbox_that_is_gone_stays_without_mail(world: World, web: Web) -> None:
    """Only the person's wish is lifted by the person."""
    world.set("john", do_not_email=True, opted_out=True)
    web.post(link("preferences", message_of(world, "john")), ("back", "yes"))
    assert world.standing("john").do_not_email
    assert not world.standing("john").opted_out
