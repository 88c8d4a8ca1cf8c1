"""A login that ends while somebody types, and parts of pages that cannot be had: nothing typed is lost."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text, update

from engage.accounts import second
from engage.accounts.keys import derived
from engage.clock import system_clock
from engage.sql import tables as t
from tests.browser.conftest import Opener
from tests.browser.test_inbox import fill, stored
from tests.support.browser import accessible, photograph
from tests.support.staff import Staff
from tests.support.web import KEY
from tests.support.world import World
from tests.web.staff.test_coming_in import PASSWORD, give_password

POLL = "htmx.ajax('GET', document.getElementById('news').getAttribute('hx-get'), '#news')"


def end_logins(staff: Staff) -> None:
    with staff.engine.begin() as connection:
        connection.execute(update(t.logins).values(ended_at=system_clock(), why="logged_out"))


def typing_an_outcome(open_page: Opener, locale: str = "en") -> Page:
    """Return the inbox of sato, who is completing a ToDo."""
    page = open_page("sato", "/todos", locale)
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    page.keyboard.press("d")
    page.locator("#d-outcome").fill("will buy")
    page.locator("#d-note").fill("二行\nから")
    return page


def log_in_again(page: Page, password: str = PASSWORD) -> None:
    page.locator("#f-login-name").fill("sato")
    page.locator("#f-login-password").fill(password)
    page.locator("#login-part button").click()


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_what_is_asked_for_beside_the_typing_leads_nobody_away(
    open_page: Opener, world: World, staff: Staff, locale: str
) -> None:
    """The inbox looks for news by itself: where the login has ended, a bar says so, and the page goes on after it."""
    give_password(staff, "sato")
    fill(world, 2)
    page = typing_an_outcome(open_page, locale)
    end_logins(staff)
    page.evaluate(POLL)
    bar = page.locator(".again")
    expect(bar).to_contain_text("このまま残っています" if locale == "ja" else "What you typed is still here.")
    assert page.locator("#d-note").input_value() == "二行\nから"
    photograph(page, f"login-ended-{locale}")
    bar.get_by_role("button").click()
    expect(page.locator("#f-login-name")).to_be_focused()
    accessible(page)
    log_in_again(page, "a wrong password, this")
    expect(page.locator("#login [role=alert]")).to_contain_text("正しく" if locale == "ja" else "not right")
    log_in_again(page)
    expect(page.locator("#login")).to_be_hidden()
    expect(bar).to_be_hidden()
    assert page.locator("#d-outcome").input_value() == "will buy"
    page.locator("#d-outcome").press("Enter")
    expect(page.locator(".flash[role=status]")).to_be_visible()
    assert (stored(world, "Call 0").status, stored(world, "Call 0").outcome) == ("completed", "will buy")


def test_a_search_goes_on_after_the_login_with_its_second_factor(open_page: Opener, world: World, staff: Staff) -> None:
    give_password(staff, "sato")
    fill(world, 3)
    secret = pyotp.random_base32()
    key = derived(KEY, "second")
    with staff.engine.begin() as connection:
        second.start(connection, [key], "sato", secret, system_clock(), 0)
    page = open_page("sato", "/prospects")
    end_logins(staff)
    page.locator("#f-q").press_sequentially("hanako", delay=10)
    expect(page.locator(".again")).to_be_visible()
    assert page.locator("#f-q").input_value() == "hanako"
    page.locator(".again button").click()
    log_in_again(page)
    page.locator("#f-code").fill(pyotp.TOTP(secret).now())
    page.locator("#login-part button").click()
    expect(page.locator("#login")).to_be_hidden()
    expect(page.locator("#people tbody tr")).to_have_count(1)
    assert page.locator("#f-q").input_value() == "hanako"


def test_a_page_of_the_login_before_sends_its_form_by_one_more_press(
    open_page: Opener, world: World, staff: Staff
) -> None:
    """Meanwhile somebody logged in again in another window: this window's form is shown, and sent."""
    fill(world, 2)
    page = typing_an_outcome(open_page)
    end_logins(staff)
    staff.forget("sato")
    page.context.add_cookies([{**page.context.cookies()[0], "value": staff.token("sato")}])  # type: ignore[typeddict-item]
    page.locator("#d-outcome").press("Enter")
    expect(page.locator("dl.kept")).to_contain_text("will buy")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator(".flash[role=status]")).to_contain_text("The ToDo is completed.")
    assert stored(world, "Call 0").outcome == "will buy"


def test_a_part_that_cannot_be_made_is_a_sentence_in_its_place(open_page: Opener, world: World, staff: Staff) -> None:
    """The list stays, what could not be had says so; the next time it is there again."""
    fill(world, 2)
    page = open_page("sato", "/todos")
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE todo_changes RENAME TO away"))
    page.locator(".todos a").first.click()
    expect(page.locator("#card [data-refused]")).to_contain_text("The fault is ours.")
    expect(page.locator(".todos li")).to_have_count(2)
    accessible(page)
    photograph(page, "part-refused")
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO todo_changes"))
        connection.execute(t.todos.delete().where(t.todos.c.subject == "Call 1"))
    page.locator(".todos a").first.click()
    expect(page.locator("#card h2")).to_have_text("Call 0")
    page.locator(".todos a").last.click()
    expect(page.locator("#card [data-refused]")).to_contain_text("There is nothing here")


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_a_page_that_cannot_be_made(open_page: Opener, world: World, staff: Staff, locale: str) -> None:
    page = open_page("marketer", "/dashboard", locale)
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE todos RENAME TO away"))
    answer = page.goto("/todos")
    assert answer is not None
    assert answer.status == 500
    accessible(page)
    photograph(page, f"broken-{locale}")
