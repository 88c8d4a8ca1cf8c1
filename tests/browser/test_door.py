"""Coming in and the pages of administrators, as people see them."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engage.clock import system_clock
from engage.sql import tables as t
from tests.browser.conftest import Opener
from tests.support.browser import accessible, photograph
from tests.support.staff import Staff
from tests.web.staff.test_coming_in import PASSWORD, give_password
from tests.web.staff.test_invitations import link


def test_a_login_that_ends_in_mid_form_loses_nothing_typed(open_page: Opener, staff: Staff) -> None:
    give_password(staff, "sato")
    page = open_page("sato", "/account")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    with staff.engine.begin() as connection:
        connection.execute(update(t.logins).values(ended_at=system_clock(), why="logged_out"))
    page.get_by_role("button", name="Keep").click()
    assert "nothing you typed is lost" in page.get_by_role("alert").inner_text()
    page.get_by_label("Name or e-mail address").fill("sato")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    assert "Europe/Berlin" in page.locator("main").inner_text()
    accessible(page)
    page.get_by_role("button", name="Send it").click()
    assert page.get_by_label("Time zone").input_value() == "Europe/Berlin"


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_an_administrator_begins_and_invites(open_page: Opener, staff: Staff, locale: str) -> None:
    """From the link of the first start to a colleague's link, and what the log says of it."""
    page = open_page("", link(staff.engine, "first", None), locale)
    accessible(page)
    for name, text in (("id", "boss"), ("name", "社長"), ("password", PASSWORD), ("repeat", PASSWORD)):
        page.locator(f"input[name={name}]").fill(text)
    page.locator("main button").click()
    page.goto("/team")
    accessible(page)
    photograph(page, f"team-{locale}")
    page.keyboard.press("n")
    page.locator("#add input[name=id]").fill("kato")
    page.locator("#add button.primary").click()
    assert "/come-in/" in page.locator("main code").inner_text()
    page.goto("/audit")
    accessible(page)
    assert page.locator("tbody tr", has_text="user:kato").count() == 2
