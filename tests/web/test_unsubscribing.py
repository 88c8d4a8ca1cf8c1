"""Unsubscribing by a page and by one click."""

from __future__ import annotations

import pytest

from tests.support.web import Web, link
from tests.support.world import World
from tests.web.conftest import message_of


def consents(world: World) -> list[tuple[object, ...]]:
    return [row[1:] for row in world.rows("consents", "id", "prospect_id", "kind", "list_id", "source")]


def test_a_look_changes_nothing(world: World, web: Web) -> None:
    """S50: scanners open every link of a mail, by GET and by HEAD; nobody is unsubscribed by that."""
    path = link("unsubscribe", message_of(world, "john"))
    assert web.get(path).status == 200
    assert web.ask("HEAD", path).status == 200
    assert web.get(f"{path}?List-Unsubscribe=One-Click&unsubscribe=yes").status == 200
    assert not consents(world)
    assert not world.standing("john").opted_out


def test_the_button_stops_all_marketing_mail(world: World, web: Web) -> None:
    path = link("unsubscribe", message_of(world, "john"))
    page = web.get(path)
    assert "j•••@example.com" in page.text
    assert "john@" not in page.text
    answer = web.post(path, ("unsubscribe", "yes"))
    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert world.standing("john").opted_out
    assert not world.standing("hanako").opted_out
    assert consents(world) == [(world.ids["john"], "opt_out", None, "unsubscribe_page")]
    assert "You are unsubscribed" in web.get(path).text


def test_one_click_needs_neither_cookie_nor_redirect(world: World, web: Web) -> None:
    """S50: RFC 8058: a POST by the mail provider, answered at once."""
    answer = web.one_click(link("unsubscribe", message_of(world, "hanako")))
    assert answer.status == 200
    assert not {"set-cookie", "location"} & answer.headers.keys()
    assert world.standing("hanako").opted_out
    assert consents(world) == [(world.ids["hanako"], "opt_out", None, "one_click")]


def test_one_click_in_parts(world: World, web: Web) -> None:
    """Providers may send the form as multipart, too."""
    body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    path = link("unsubscribe", message_of(world, "hanako"))
    answer = web.ask("POST", path, body, Content_Type="multipart/form-data; boundary=b")
    assert (answer.status, answer.text) == (200, "unsubscribed\n")
    assert consents(world) == [(world.ids["hanako"], "opt_out", None, "one_click")]


def test_twice_is_once(world: World, web: Web) -> None:
    path = link("unsubscribe", message_of(world, "john"))
    for _ in range(3):
        assert web.one_click(path).status == 200
    assert len(consents(world)) == 1
    assert len(world.rows("unlearnt", "activity_id")) == len(world.rows("activities", "id")) == 1


def test_the_next_mail_of_the_scenario_is_skipped_and_the_card_counts_the_opt_out(world: World, web: Web) -> None:
    web.one_click(link("unsubscribe", message_of(world, "john")))
    world.ticks("1 day", "5 days")
    assert world.path("john") == ["invite", "again.skipped"]
    assert world.reason("john", "again") == "opted out"
    assert world.path("hanako") == ["invite", "again"]
    assert world.card()["invite"].opt_outs == 1
    assert world.standing("john").opted_out


@pytest.mark.parametrize("purpose", ["view", "preferences", "open"])
def test_a_link_for_something_else_does_not_unsubscribe(world: World, web: Web, purpose: str) -> None:
    """S51, S47: a link made for one purpose cannot be turned into another."""
    token = link(purpose, message_of(world, "john")).rpartition("/")[2]  # type: ignore[arg-type]
    assert web.one_click(f"/u/{token}").status == 404
    assert not consents(world)


def test_somebody_else_is_not_unsubscribed_by_another_number(world: World, web: Web) -> None:
    """S48, S51: who changes the number in a link finds nothing, the same whether or not there is such a message."""
    own = link("unsubscribe", message_of(world, "john"))
    number, signature = own.removeprefix("/u/").split(".")
    others = [f"/u/{int(number, 16) + step:x}.{signature}" for step in (-1, 1, 1000)]
    answers = {(answer.status, answer.text) for answer in map(web.one_click, others)}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert not consents(world)


def test_a_message_that_is_gone_looks_like_any_other(world: World, web: Web) -> None:
    """S51: a good link of a person who was erased is answered as any opt-out is."""
    answer = web.post(link("unsubscribe", 4711), ("unsubscribe", "yes"))
    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert web.one_click(link("unsubscribe", 4711)).status == 200
    assert not consents(world)


def test_a_page_speaks_the_readers_language(world: World, web: Web) -> None:
    pages = {who: web.get(link("unsubscribe", message_of(world, who)), Accept_Language="en") for who in world.ids}
    assert "配信を停止する" in pages["hanako"].text
    assert "Unsubscribe" in pages["john"].text
    assert "Unsubscribe" in pages["erika"].text
    japanese = web.get(link("unsubscribe", message_of(world, "erika")), Accept_Language="de, ja;q=0.8, en;q=0.5")
    assert "配信を停止する" in japanese.text
    assert '<html lang="ja">' in japanese.text
