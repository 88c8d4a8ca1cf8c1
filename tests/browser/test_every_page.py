"""Every page of the table, photographed and looked through for barriers; a new page comes here by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engage.web.staff.table import DOORS, PAGES
from tests.browser.test_inbox import fill, queue_up
from tests.support.browser import DESK, PHONE, accessible, opened, photograph
from tests.support.house import house
from tests.support.staff import Staff
from tests.support.world import World
from tests.web.staff.test_invitations import link

#: Answers of doors that lead elsewhere at once, or come from there.
ELSEWHERE = ("/login/elsewhere", "/login/back")


@pytest.fixture(scope="module")
def world_and_staff(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Staff]]:
    with house(sqlite_template, tmp_path_factory.mktemp("every")) as (world, pages):
        queue_up(world)
        fill(world, 9, subject="{n}件目：資料請求のお礼とデモのご提案のお電話")
        fill(world, 2, "queue:inside-sales", "Call back about the white paper ({n})")
        for path, form in (("/team", {"id": "kato", "name": "加藤 次郎", "role": "sales"}), ("/team/vera/disable", {})):
            assert pages.post(path, form, as_="admin").status in (200, 303)
        yield world, pages


@pytest.fixture(scope="module")
def world(world_and_staff: tuple[World, Staff]) -> World:
    return world_and_staff[0]


@pytest.fixture(scope="module")
def staff(world_and_staff: tuple[World, Staff]) -> Staff:
    return world_and_staff[1]


def address(path: str, world: World, staff: Staff) -> str:
    """Return the address of a page of the table, with keys of the world."""
    if "come-in" in path:
        return link(staff.engine, "welcome", "kato")
    scenario = {"start": "onboarding", "resume": "seminar"}.get(path.rpartition("/")[2], "journey")
    number = world.ids["p001"] if path.startswith("/prospects") else 1
    keys = {"scenario": scenario, "step": "opened", "id": str(number)}
    return re.sub(r"\{(\w+)\}", lambda found: keys[found[1]], path)


def pages(world: World, staff: Staff) -> Iterator[tuple[str, str, str]]:
    """Yield each page that people look at: who, where, a name."""
    for door in DOORS:
        if door.method == "GET" and not door.programs and door.path not in ELSEWHERE:
            yield "", address(door.path, world, staff), door.path
    for page in PAGES:
        if page.method == "GET" and not page.path.endswith(".csv") and page.path not in ("/", "/todos/news"):
            own = (page.path.startswith("/todos") and page.path != "/todos/team") or page.path == "/account/calendar"
            yield "sales" if own else "admin", address(page.path, world, staff), page.path
    yield "admin", "/scenarios/none", "/not-there"


MANNERS = tuple(product((("en", False), ("ja", True)), (DESK, PHONE)))


@pytest.mark.parametrize(("manner", "width"), MANNERS)
def test_every_page(browser: Browser, world: World, staff: Staff, manner: tuple[str, bool], width: int) -> None:
    """Photographed in English by day and in Japanese by night, at a desk and on a phone; axe finds nothing."""
    (locale, dark), wrong = manner, list[str]()
    open_pages = {
        who: opened(browser, staff, who, locale, width, dark=dark, complaints=wrong) for who in ("", "sales", "admin")
    }
    for who, path, name in pages(world, staff):
        page = open_pages[who]
        answer = page.goto(path)
        assert answer is not None
        if not answer.text().startswith("<!doctype html>"):
            continue  # a part, which stands in the page that asks for it
        wrong += look(page, answer.status, path, f"{slug(name)}-{locale}-{width}{'-dark' if dark else ''}", width)
    for page in open_pages.values():
        page.context.close()
    assert not wrong, "\n".join(wrong)


def slug(name: str) -> str:
    return re.sub(r"\W+", "-", name).strip("-")


def look(page: Page, status: int, path: str, name: str, width: int) -> list[str]:
    """Return what is wrong with a page."""
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    wrong = [] if status == (404 if "not-there" in name else 200) else [f"{path} answers {status}"]
    try:
        photograph(page, f"pages/{name}")
        accessible(page, contrast=width == DESK)
    except AssertionError as error:
        wrong.append(f"{path}: {error}")
    return wrong


@pytest.mark.parametrize("path", ["/team", "/audit", "/account", "/prospects", "/scenarios"])
def test_words_in_tables_stand_in_lines_on_a_phone(browser: Browser, world: World, staff: Staff, path: str) -> None:
    page = opened(browser, staff, "admin", "ja", PHONE)
    page.goto(path)
    told = "cells => cells.map(cell => [cell.textContent.trim(), cell.getBoundingClientRect().width])"
    cells = page.eval_on_selector_all(".table tbody td:not(.num, .nowrap)", told)
    assert [text for text, width in cells if len(text) > 8 and width < 100] == []
    photograph(page, f"phone{path}")
    page.context.close()
