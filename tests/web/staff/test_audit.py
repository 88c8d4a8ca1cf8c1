"""What is done on the pages that must be traceable stands in the audit log (S60)."""

from __future__ import annotations

import re

from sqlalchemy import select

from engage.sql import tables as t
from tests.support.staff import Staff, logged_in
from tests.web.staff.test_account import set_up
from tests.web.staff.test_coming_in import PASSWORD, log_in
from tests.web.staff.test_invitations import come_in, link, mails

#: What is written down of the pages' deeds.
BY_PAGES = {
    "logged_in", "login_refused", "logged_out", "login_ended", "logins_ended", "reset_asked", "password_changed",
    "password_set_first", "password_set_welcome", "password_set_reset", "second_factor_on", "second_factor_off",
    "feed_made", "feed_stopped", "user_added", "user_invited", "user_disabled", "user_enabled", "role_changed",
    "scenario_start", "scenario_pause", "scenario_resume", "scenario_stop",
}  # fmt: skip


def lines(staff: Staff, since: int = 0) -> list[tuple[str, str, str]]:
    a = t.audit.c
    with staff.engine.begin() as connection:
        found = connection.execute(select(a.who, a.action, a.subject).where(a.id > since).order_by(a.id))
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
    assert [line for line in lines(staff, 2) if line[1] != "logged_in"] == [
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


def test_the_page_says_each_deed_in_the_words_of_the_reader(staff: Staff) -> None:
    staff.post("/team/mori/end-logins", as_="admin")
    page = staff.get("/audit", as_="admin").text
    assert "All logins ended" in page
    assert "Logged in" in page
