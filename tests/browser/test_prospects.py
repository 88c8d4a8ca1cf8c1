"""The dashboard and the pages of prospects, as people see them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, update

from engage.sql import tables as t
from tests.browser.conftest import Opener
from tests.browser.test_inbox import fill
from tests.support.browser import DESK, PHONE, accessible, photograph
from tests.support.journey import journey_world
from tests.support.lately import lately
from tests.support.world import World

GRADING = """
profiles:
  default:
    - {name: Target industry, match: {industry: [Manufacturing, Software]}, worth: 2/3}
    - {name: Decision maker, match: {job_title: {contains: 部長}}, worth: 1, mismatch: 0}
"""


@pytest.fixture
def world(sqlite_engine: Engine) -> World:
    world = journey_world(sqlite_engine, 70, grading=GRADING)
    known = {
        "company": "株式会社サンプル",
        "company_folded": "株式会社サンプル",
        "job_title": "部長",
        "job_title_folded": "部長",
    }
    with sqlite_engine.begin() as connection:
        connection.execute(update(t.prospects).where(t.prospects.c.id == world.ids["p003"]).values(known))
        connection.execute(
            update(t.scenarios).where(t.scenarios.c.key == "onboarding").values(fault="no template greet")
        )
    return lately(world)


#: Longer than any line, without a place to break.
ENDLESS = "W" * 250


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_no_page_goes_sideways_for_a_long_word(world: World, open_page: Opener, width: int) -> None:
    """Whoever fills in a form may write one word without end, wherever the form has room for it."""
    known = dict.fromkeys(("company", "last_name", "first_name", "department", "job_title", "notes", "phone"), ENDLESS)
    for who in ("p001", "p003"):
        world.set(who, **known, mobile="+81 " + "90 " * 80, owner="user:sato")
        address = f"{who}-{'w' * 58}@{'w' * 60}.{'w' * 60}.example.com"
        with world.engine.begin() as connection:
            named = update(t.prospects).where(t.prospects.c.id == world.ids[who])
            connection.execute(named.values(email=address, email_folded=address))
    fill(world, 6, subject=f"Call {ENDLESS}")
    world.activity("p001", "form_submitted", ENDLESS, at="1 day")
    page = open_page("sato", "/dashboard", width=width)
    here, inside = f"/prospects/{world.ids['p001']}", "/scenarios/journey/prospects?state=all&q=p00"
    shown = (here, f"{here}/history", f"{here}/score", f"{here}/why", "/prospects?q=p00", inside, "/dashboard")
    todos = (
        "/todos",
        "/todos?todo=1",
        "/todos/1",
        "/scenarios/journey",
        "/scenarios/journey/steps/opened?who=completed",
    )
    for number, path in enumerate((*shown, *todos)):
        page.goto(path)
        photograph(page, f"long-words/{number:02}-{width}")
        card = page.locator("#card")
        if card.count():
            assert card.evaluate("card => card.scrollWidth <= card.clientWidth"), path


def test_a_search_that_finds_nobody_says_what_to_do(world: World, open_page: Opener) -> None:
    page = open_page("marketer", "/prospects?q=zzzz", "ja", PHONE)
    expect(page.locator(".empty a")).to_be_visible()
    accessible(page)
    photograph(page, "prospects-none")


def test_searching_while_typing(world: World, open_page: Opener) -> None:
    page = open_page("marketer", "/prospects")
    page.keyboard.press("/")
    page.keyboard.type("サンプル")
    expect(page.locator("#people tbody tr")).to_have_count(1)
    expect(page.locator("#people")).to_contain_text("p003@example.com")
    assert "q=" in page.url
    page.reload()
    expect(page.locator("#people tbody tr")).to_have_count(1)


def test_the_search_of_the_frame_leads_to_the_list(world: World, open_page: Opener) -> None:
    page = open_page("marketer", "/dashboard")
    page.keyboard.press("/")
    page.keyboard.type("p003")
    page.keyboard.press("Enter")
    page.wait_for_url("**/prospects?q=p003")
    page.get_by_role("link", name="花子3 鈴木").click()
    expect(page.locator("h1")).to_have_text("花子3 鈴木")


def test_charts_are_drawn_and_have_their_figures_beside_them(world: World, open_page: Opener) -> None:
    page = open_page("marketer", "/dashboard?days=7")
    expect(page.locator(".chart svg")).to_have_count(2)
    page.get_by_text("The figures as a table").first.click()
    expect(page.locator("details[open] tbody tr")).to_have_count(7)


def test_earlier_happenings_come_into_the_list(world: World, open_page: Opener) -> None:
    with world.engine.begin() as connection:
        row = {"prospect_id": world.ids["p003"], "kind": 0, "ref": 1, "at": world.now, "whole": 5}
        connection.execute(t.changes.insert(), [row for _ in range(70)])
    page = open_page("marketer", f"/prospects/{world.ids['p003']}")
    page.get_by_role("link", name="Earlier").click()
    expect(page.locator(".timeline > li.field")).to_have_count(60)
