"""What is done on the pages that must be traceable stands in the audit log (S60)."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from engage.sql import tables as t
from engage.web.staff.shape import Page
from tests.support.staff import Staff, logged_in
from tests.web.staff.test_account import set_up
from tests.web.staff.test_coming_in import PASSWORD, log_in
from tests.web.staff.test_invitations import come_in, link, mails
from tests.web.staff.test_table import GETS, address, name

#: What is written down of the pages' deeds.
BY_PAGES = {
    "logged_in", "login_refused", "logged_out", "login_ended", "logins_ended", "reset_asked", "password_changed",
    "password_set_first", "password_set_welcome", "password_set_reset", "second_factor_on", "second_factor_off",
    "password_refused", "feed_made", "feed_stopped", "user_added", "user_invited", "user_disabled", "user_enabled",
    "role_changed", "scenario_start", "scenario_pause", "scenario_resume", "scenario_stop",
}  # fmt: skip


def lines(staff: Staff) -> list[tuple[str, str, str]]:
    """Return what was done by anybody but commands, which made the world."""
    a = t.audit.c
    with staff.engine.begin() as connection:
        found = connection.execute(select(a.who, a.action, a.subject).where(a.who.not_like("command:%")).order_by(a.id))
        return [(who, action, subject) for who, action, subject in found]


def did(staff: Staff, path: str, as_: str, **fields: str) -> tuple[str, str, str]:
    """Send a form, and return the last line that it left."""
    before = len(lines(staff))
    staff.token(as_)
    assert staff.post(path, fields, as_=as_).status in (200, 303), path
    after = lines(staff)
    assert len(after) > before, path
    return after[-1]


def test_who_comes_in_and_how_leaves_lines(staff: Staff) -> None:
    """S60"""
    come_in(staff, link(staff.engine, "first", None), id="boss", name="B. Oss", email="boss@example.com")
    assert lines(staff) == [("user:boss", "password_set_first", "user:boss"), ("user:boss", "logged_in", "user:boss")]
    come_in(staff, link(staff.engine, "welcome", "vera"))
    come_in(staff, link(staff.engine, "reset", "vera"))
    log_in(staff, "vera", "wrong")
    log_in(staff, "nobody-here", "wrong")
    log_in(staff, "vera")
    assert [line for line in lines(staff)[2:] if line[1] != "logged_in"] == [
        ("user:vera", "password_set_welcome", "user:vera"), ("user:vera", "password_set_reset", "user:vera"),
        ("user:vera", "login_refused", "user:vera"), ("nobody", "login_refused", "nobody"),
    ]  # fmt: skip
    assert lines(staff)[-1] == ("user:vera", "logged_in", "user:vera")
    staff.post("/reset", {"name": "ann"}, as_="")
    mails(staff)
    assert lines(staff)[-1] == ("nobody", "reset_asked", "user:ann")


def test_what_users_change_of_their_own_leaves_lines(staff: Staff) -> None:
    """S60"""
    set_up(staff)
    assert lines(staff)[-1] == ("user:ann", "second_factor_on", "user:ann")
    staff.post("/account/password", {"password": "wrong"}, as_="ann")
    assert lines(staff)[-1] == ("user:ann", "password_refused", "user:ann")
    mine = ("user:ann", "user:ann")
    for path, fields, action in (
        ("/account/second/stop", {"password": PASSWORD}, "second_factor_off"),
        ("/account/password", {"password": PASSWORD, "new": "quite another one", "repeat": "quite another one"},
         "password_changed"),
        ("/account/calendar", {}, "feed_made"),
        ("/account/calendar/stop", {}, "feed_stopped"),
    ):  # fmt: skip
        assert did(staff, path, "ann", **fields) == (mine[0], action, mine[1])
    logged_in(staff.engine, "ann")
    end = re.search(r'action="(/account/logins/\w+/end)"', staff.get("/account", as_="ann").text)
    assert end is not None
    assert did(staff, end[1], "ann") == ("user:ann", "login_ended", "user:ann")
    assert did(staff, "/logout", "ann") == ("user:ann", "logged_out", "user:ann")


def test_what_administrators_and_marketers_do_leaves_lines(staff: Staff) -> None:
    """S60"""
    added = did(staff, "/team", "admin", id="kato", role="sales")
    assert lines(staff)[-2:] == [("user:ann", "user_added", "user:kato"), added]
    assert added == ("user:ann", "user_invited", "user:kato")
    for path, fields, action in (
        ("/team/mori/role", {"role": "viewer"}, "role_changed"),
        ("/team/mori/disable", {}, "user_disabled"),
        ("/team/mori/enable", {}, "user_enabled"),
        ("/team/mori/end-logins", {}, "logins_ended"),
        ("/team/mori/no-second", {}, "second_factor_off"),
    ):
        assert did(staff, path, "admin", **fields) == ("user:ann", action, "user:mori")
    for deed in ("pause", "resume", "stop", "start"):
        assert did(staff, f"/scenarios/journey/{deed}", "admin")[1:] == (f"scenario_{deed}", "scenario:journey")


@pytest.mark.parametrize("page", [page for page in GETS if page.path.endswith(".csv")], ids=name)
def test_a_file_that_a_page_hands_out_leaves_a_line(staff: Staff, page: Page) -> None:
    """S60: as `engage export` does; the line of a file about one prospect bears its number."""
    before = len(lines(staff))
    path = address(page)
    answer = staff.get(f"{path}?q=sato", as_="admin")
    assert answer.status == 200, path
    (line,) = [line for line in lines(staff)[before:] if line[1] == "exported"]
    assert line[0] == "user:ann"
    assert line[2].startswith("prospect:1" if path.startswith("/prospects/") else "data:"), line
    with staff.engine.begin() as connection:
        detail = connection.scalars(select(t.audit.c.detail).order_by(t.audit.c.id.desc())).first()
    assert json.loads(detail or "") == {"to": answer.headers["content-disposition"].split("''")[1], "chosen": "True"}


def test_a_file_that_is_refused_leaves_none(staff: Staff) -> None:
    """S60"""
    for path, as_, status in (("/prospects/999/score.csv", "admin", 404), ("/audit.csv", "sales", 403)):
        assert staff.get(path, as_=as_).status == status
    assert "exported" not in {action for _, action, _ in lines(staff)}


def test_the_page_says_each_deed_in_the_words_of_the_reader(staff: Staff) -> None:
    staff.post("/team/mori/end-logins", as_="admin")
    page = staff.get("/audit", as_="admin").text
    assert "All logins ended" in page
    assert "Logged in" in page
