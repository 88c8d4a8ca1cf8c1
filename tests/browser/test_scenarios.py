"""Scenarios as marketers see them: the drawing by mouse and by keyboard, the card of a step, stop and pause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from tests.browser.conftest import Opener
from tests.graph.test_scene import long_lines
from tests.support.browser import PHONE, accessible, photograph
from tests.support.journey import EDITED, journey_world
from tests.support.staff import Staff, staffed
from tests.support.world import World

AT = "/scenarios/journey"


@pytest.fixture
def world(sqlite_engine: Engine) -> World:
    world = journey_world(sqlite_engine, 30)
    world.apply(EDITED, "6 days")
    return world


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path, base_url="http://localhost") as pages:
        yield pages


def test_folded_branches_on_a_phone(open_page: Opener) -> None:
    page = open_page("marketer", f"{AT}?fold=opened", "ja", PHONE)
    accessible(page)
    photograph(page, "scenario-folded")


def tip(page: Page) -> str:
    return page.locator("#tip").inner_text()


def test_figures_appear_at_the_pointer_and_go_with_escape(open_page: Opener) -> None:
    page = open_page("marketer", AT)
    page.hover("#step-opened")
    expect(page.locator("#tip")).to_be_visible()
    assert "33" in tip(page)
    colours = page.locator("#tip").evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]")
    assert colours[0] in ("rgb(20, 24, 29)", "rgb(0, 0, 0)")
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_the_drawing_by_keyboard_alone(open_page: Opener) -> None:
    """Tab goes from step to step with its figures, Enter opens the card, Escape leads back to the step."""
    page = open_page("marketer", AT)
    page.locator("[data-act=fit]").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "step-opened":
            break
    assert page.evaluate("document.activeElement.id") == "step-opened"
    expect(page.locator("#tip")).to_be_visible()
    assert "waiting" in tip(page)
    page.keyboard.press("Enter")
    expect(page.locator("#side")).to_be_visible()
    expect(page.locator("#drawer h2")).to_have_text("開封したか")
    assert page.evaluate("document.activeElement.id") == "side"
    accessible(page)
    photograph(page, "scenario-drawer")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "step-opened"
    assert page.url.endswith(AT)


def test_the_card_of_a_step_has_a_chart_with_its_table_and_its_people(open_page: Opener) -> None:
    page = open_page("marketer", AT)
    page.click("#step-invite")
    expect(page.locator("#drawer .chart svg")).to_be_visible()
    page.locator("#drawer summary").click()
    expect(page.locator("#drawer table")).to_contain_text("2026-12-06")
    page.locator("#drawer .tabs a", has_text="skipped").click()
    expect(page.locator("#drawer .people")).to_contain_text("opted out of marketing e-mail")
    photograph(page, "scenario-drawer-skipped")


def test_branches_fold_where_they_are(open_page: Opener) -> None:
    page = open_page("marketer", AT)
    page.locator("#step-warm").scroll_into_view_if_needed()
    before = page.locator("#step-warm").bounding_box()
    page.click("#fold-warm")
    expect(page.locator("#step-nurture")).to_have_count(0)
    after = page.locator("#step-warm").bounding_box()
    assert before is not None
    assert after is not None
    middles = [box["x"] + box["width"] / 2 for box in (before, after)]
    assert abs(middles[0] - middles[1]) < 200
    assert "fold=warm" in page.url
    expect(page.get_by_role("link", name="Unfold all")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "fold-warm"
    page.keyboard.press("Enter")
    expect(page.locator("#step-nurture")).to_be_visible()
    assert page.url.endswith(AT)


def test_figures_follow_while_the_scenario_runs(open_page: Opener, world: World) -> None:
    page = open_page("marketer", AT)
    page.locator("[data-act=in]").click()
    size = page.locator("#drawing svg").get_attribute("width")
    page.locator("#step-invite").focus()
    world.people("more1", "more2")
    world.tick("8 days")
    page.evaluate("htmx.trigger('#drawing', 'look')")
    expect(page.locator("#step-invite")).to_have_attribute("aria-label", re.compile("entered: 35; waiting: 0;"))
    expect(page.locator("#drawing svg")).to_have_attribute("width", size or "")
    assert page.evaluate("document.activeElement.id") == "step-invite"


def test_without_scripts_everything_is_a_link_or_a_form(open_page: Opener, staff: Staff, browser: object) -> None:
    page = open_page("marketer", AT, scripts=False)
    assert page.locator("[data-zoom]").is_hidden()
    page.click("#fold-warm")
    assert page.locator("#step-nurture").count() == 0
    page.click("#step-opened")
    expect(page.locator("h1")).to_have_text("開封したか")
    page.goto(f"{AT}/pause")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".page-head .badge")).to_have_text("paused")


def test_pause_and_undo(open_page: Opener) -> None:
    page = open_page("marketer", AT, "ja")
    page.get_by_role("link", name="一時停止").click()
    expect(page.locator("h1")).to_have_text("このシナリオを一時停止しますか？")
    page.get_by_role("button", name="一時停止").click()
    expect(page.locator(".flash:visible")).to_contain_text("一時停止しました。")
    photograph(page, "scenario-paused-ja")
    page.locator(".flash:visible button").click()
    expect(page.locator(".page-head .badge")).to_have_text("実行中")


def test_prospects_inside_are_found_while_one_types(open_page: Opener) -> None:
    page = open_page("marketer", f"{AT}/prospects")
    page.get_by_role("searchbox", name="Search prospects inside").press_sequentially("p003", delay=20)
    expect(page.locator("#people tbody tr")).to_have_count(1)
    assert "q=p003" in page.url


def test_three_hundred_steps_are_there_in_a_second_and_readable(
    sqlite_engine: Engine, browser: object, tmp_path: Path
) -> None:
    world = World(sqlite_engine, long_lines(300))
    world.people("a", "b")
    world.tick("0 days")
    with staffed(sqlite_engine, tmp_path, base_url="http://localhost") as staff:
        from tests.support.browser import opened

        page = opened(browser, staff, "marketer")  # type: ignore[arg-type]
        watch = page.context.new_cdp_session(page)
        watch.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(AT)
        page.wait_for_load_state("networkidle")
        spent = {each["name"]: each["value"] for each in watch.send("Performance.getMetrics")["metrics"]}
        photograph(page, "scenario-300")
        assert spent["TaskDuration"] < 0.8, spent  # of the processor; others may use it at the same time
        letters = page.locator("#step-mail0 .name").bounding_box()
        assert letters is not None
        assert letters["height"] > 9
        whole = page.locator("#drawing svg").bounding_box()
        page.locator("[data-act=fit]").click()
        small = page.locator("#drawing svg").bounding_box()
        assert whole is not None
        assert small is not None
        assert small["height"] <= whole["height"] / 3.5
        page.get_by_role("link", name="Fold branches").click()
        assert page.locator(".step").count() < 130
        photograph(page, "scenario-300-folded")
        page.context.close()
