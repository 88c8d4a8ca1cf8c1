"""Each role's way from the login page to done, in both languages, as its users walk it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from engage.accounts import second
from engage.accounts.keys import derived
from engage.clock import system_clock
from engage.sql import tables as t
from tests.browser.conftest import Opener
from tests.browser.test_inbox import queue_up, stored
from tests.support.house import house
from tests.support.staff import TEAM, Staff
from tests.support.web import KEY
from tests.support.world import World
from tests.web.staff.test_coming_in import PASSWORD, give_password

LOCALES = pytest.mark.parametrize("locale", ["en", "ja"])
AT = "/scenarios/journey"


@pytest.fixture(scope="module")
def world_and_staff(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Staff]]:
    with house(sqlite_template, tmp_path_factory.mktemp("walks")) as (world, pages):
        queue_up(world)
        for user in TEAM:
            give_password(pages, user)
        yield world, pages


@pytest.fixture(scope="module")
def world(world_and_staff: tuple[World, Staff]) -> World:
    return world_and_staff[0]


@pytest.fixture(scope="module")
def staff(world_and_staff: tuple[World, Staff]) -> Staff:
    return world_and_staff[1]


@pytest.fixture
def come_in(open_page: Opener, staff: Staff) -> Callable[[str, str, str], Page]:
    """Log somebody in by the login page, on the way to a page, by address and password."""

    def entered(user: str, path: str, locale: str) -> Page:
        page = open_page("", path, locale)
        expect(page.locator("h1")).to_have_text("Example")
        with staff.engine.connect() as connection:
            address = connection.scalar(select(t.users.c.email).where(t.users.c.id == user))
        page.keyboard.press("Tab")
        page.locator("#f-name").fill(address or user)
        page.locator("#f-password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#f-password")).to_have_count(0)
        return page

    return entered


Coming = Callable[[str, str, str], Page]


@LOCALES
def test_an_administrator(come_in: Coming, open_page: Opener, staff: Staff, locale: str) -> None:
    """Invites a colleague who comes in by the link, gives another role, reads who did what, and shuts the door."""
    secret, new = pyotp.random_base32(), f"kato-{locale}"
    with staff.engine.begin() as connection:
        second.start(connection, [derived(KEY, "second")], "ann", secret, system_clock(), 0)
    page = come_in("ann", "/", locale)
    page.locator("#f-code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dashboard$"))
    page.locator(".menu a[href='/team']").click()
    page.wait_for_url("**/team")
    page.keyboard.press("n")
    page.locator("#add input[name=id]").fill(new)
    page.locator("#add input[name=name]").fill("加藤 次郎")
    page.keyboard.press("Enter")
    invitation = page.locator("main code").inner_text()

    colleague = open_page("", invitation[invitation.index("/come-in/") :], locale)
    for field in ("password", "repeat"):
        colleague.locator(f"#f-{field}").fill(PASSWORD)
    colleague.keyboard.press("Enter")
    expect(colleague.locator(".me summary")).to_have_text("加藤 次郎")

    page.goto("/team")
    row = page.locator("tr", has=page.locator(f"form[action='/team/{new}/role']"))
    row.locator("select").select_option("viewer")
    row.locator("form button").first.click()
    expect(page.locator(".flash[role=status]")).to_be_visible()
    colleague.reload()
    expect(colleague.locator("#f-password")).to_be_visible()  # another role: one comes in anew

    page.locator(".menu a[href='/audit']").click()
    lines = page.locator("tbody tr", has_text=f"user:{new}")
    expect(lines).to_have_count(5)  # added, invited, came in with a password, another role
    row = page.locator("tr", has=page.locator(f"form[action='/team/{new}/disable']"))
    page.goto("/team")
    row.locator("summary").click()
    row.locator(f"form[action='/team/{new}/disable'] button").click()
    expect(page.locator(".flash[role=status]")).to_be_visible()
    colleague.locator("#f-name").fill(new)
    colleague.locator("#f-password").fill(PASSWORD)
    colleague.keyboard.press("Enter")
    expect(colleague.locator("[role=alert]").first).to_contain_text("正しく" if locale == "ja" else "not right")


@LOCALES
def test_a_marketer(come_in: Coming, locale: str) -> None:
    """From the list into the drawing, a step's card and its file, a pause that is undone, versions, a why."""
    page = come_in("mori", "/scenarios", locale)
    page.get_by_role("link", name="資料請求後の育成").click()
    page.click("#step-opened")
    expect(page.locator("#drawer h2")).to_have_text("開封したか")
    page.locator("#drawer .tabs a").nth(1).click()
    expect(page.locator("#drawer .tabs a").nth(1)).to_have_attribute("aria-current", "page")
    with page.expect_download() as download:
        page.locator("#drawer a[href*='prospects.csv']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\xef\xbb\xbf")
    page.keyboard.press("Escape")

    page.locator(f"a[href='{AT}/pause']").click()
    expect(page.locator(".effects li").first).to_be_visible()
    page.locator("form button.primary").click()
    badge = page.locator(".page-head .badge").first
    expect(badge).to_have_text("一時停止" if locale == "ja" else "paused")
    page.keyboard.press("u")
    expect(badge).to_have_text("実行中" if locale == "ja" else "running")

    page.locator(f".tabs a[href='{AT}/versions']").click()
    expect(page.locator(".diff")).to_contain_text("within: 4 days")
    page.locator(f".tabs a[href='{AT}/report']").click()
    expect(page.locator(".report tbody tr").first).to_contain_text("73")
    page.locator(f".tabs a[href='{AT}/prospects']").click()
    page.locator("#people tbody a").first.click()
    page.locator("a[href$='/why']").click()
    expect(page.locator("section.card h2").first).to_contain_text("資料請求後の育成")
    expect(page.locator(".ground").first).to_be_visible()


def give(world: World, subject: str, to: str = "user:sato") -> None:
    """Give sales a ToDo that is due first of all."""
    now = system_clock()
    row = {"prospect_id": world.ids["p001"], "subject": subject, "assignee": to, "status": "not_started"}
    row |= {"priority": "high", "created_at": now, "due_at": now - timedelta(days=30)}
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos), [row])


@LOCALES
def test_sales(come_in: Coming, world: World, locale: str) -> None:
    """Takes a ToDo from the queue and completes it by keyboard alone; undoes, postpones, hands on."""
    subject, then = f"Queued {locale}", f"Then {locale}"
    give(world, subject, "queue:inside-sales")
    page = come_in("sato", "/", locale)
    press, card, flash = page.keyboard.press, page.locator("#card h2"), page.locator("main > .flash")
    page.locator("body").press("g")
    press("t")
    page.wait_for_url("**/todos")
    page.locator(".tabs a").nth(1).focus()
    press("Enter")
    page.wait_for_url("**tab=queues*")
    press("j")
    expect(card).to_have_text(subject)
    press("t")
    expect(flash).to_contain_text("引き受けました" if locale == "ja" else "The ToDo is yours.")
    assert stored(world, subject).assignee == "user:sato"
    press("g")
    press("t")
    page.wait_for_url(re.compile("/todos$"))
    press("j")
    expect(card).to_have_text(subject)
    press("d")
    expect(page.locator("#d-outcome")).to_be_focused()
    page.keyboard.type("will buy")
    press("Tab")
    page.keyboard.type("in spring")
    press("Tab")
    press("ArrowDown")
    press("Tab")
    page.keyboard.type(then)
    press("Enter")
    expect(flash).to_contain_text("完了" if locale == "ja" else "completed")
    assert (stored(world, subject).outcome, stored(world, then).assignee) == ("will buy", "user:sato")
    press("u")
    expect(flash).to_contain_text("元に戻しました" if locale == "ja" else "as it was before")
    assert stored(world, subject).status == "not_started"

    for key, field, choice in (("p", "#p-days", "5"), ("h", "#h-to", "user:suzuki")):
        page.goto(f"/todos/{stored(world, subject).id}")
        press(key)
        page.locator(field).select_option(choice)
        page.locator(f"form:has({field}) button.primary").click()
        expect(flash).to_be_visible()
    row = stored(world, subject)
    assert row.assignee == "user:suzuki"
    assert row.due_at > system_clock()


@LOCALES
def test_sales_and_many_at_once(come_in: Coming, world: World, locale: str) -> None:
    """Logs a call, then completes three in one movement and takes that back."""
    names = [f"Bulk {n} {locale}" for n in range(3)]
    for name in names:
        give(world, name)
    page = come_in("sato", "/todos", locale)
    rows = page.locator(".todos li", has_text=names[0])
    rows.first.locator("a").click()
    expect(page.locator("#card h2")).to_have_text(names[0])
    page.keyboard.press("l")
    page.locator("#l-note").fill("nobody there")
    page.locator("form:has(#l-call) button.primary").click()
    expect(page.locator("main > .flash")).to_contain_text("通話" if locale == "ja" else "The call is logged.")
    for place in range(3):
        page.locator(".todos li", has_text=names[place]).locator("input").check()
    page.locator(".bulk summary").first.click()
    expect(page.locator("#bulk-outcome")).to_be_focused()
    page.keyboard.type("called")
    page.keyboard.press("Enter")
    expect(page.locator("main > .flash")).to_contain_text("3")
    assert {stored(world, name).status for name in names} == {"completed"}
    page.keyboard.press("u")
    expect(page.locator("main > .flash")).to_contain_text("元に戻しました" if locale == "ja" else "as it was before")
    assert {stored(world, name).status for name in names} == {"not_started"}


#: The changes that the pages of a reader may hold: its own account, and going out.
HARMLESS = re.compile(r"/logout$|/account/|/login")


@LOCALES
def test_a_viewer(come_in: Coming, world: World, locale: str) -> None:
    """Sees all, finds nothing that changes anything, and is refused in plain words at the address of a change."""
    give(world, f"For eyes only {locale}")
    page = come_in("vera", "/todos?to=user:sato", locale)
    todo, who = stored(world, f"For eyes only {locale}").id, world.ids["p001"]
    paths = ("/dashboard", "/todos?to=user:sato", f"/todos/{todo}", "/todos/team", "/scenarios", AT, f"{AT}/versions",
             f"{AT}/steps/opened", f"/prospects/{who}", f"/prospects/{who}/why", "/account")  # fmt: skip
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert (answer.status, "/login" in answer.url) == (200, False), path
        buttons = page.locator("form[method=post]:has(button:not([type=button]))")
        actions = buttons.evaluate_all("all => all.map(each => each.getAttribute('action'))")
        assert [action for action in actions if not HARMLESS.search(action or "")] == [], path
    assert page.locator(".menu a[href='/team'], .menu a[href='/audit']").count() == 0
    for path in (f"{AT}/pause", "/team", "/audit", "/account/calendar"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403, path
        expect(page.locator("h1")).to_have_text("この役割では利用できません" if locale == "ja" else "Not for your role")
