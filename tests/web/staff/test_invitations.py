"""Links that work once: the first administrator, new users, forgotten passwords (S05, S06, S74)."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from engage.accounts import invitations, passwords
from engage.accounts.invitations import invitation_key, token
from engage.clock import system_clock
from engage.sql import tables as t
from tests.support.staff import Staff
from tests.support.web import KEY, Answer
from tests.web.staff.test_coming_in import PASSWORD, cookie_of, give_password, log_in

LINK = re.compile(r"http://\S+/come-in/(\S+)")


def link(engine: Engine, purpose: invitations.Purpose, user: str | None) -> str:
    with engine.begin() as connection:
        number = invitations.invite(connection, purpose, user, system_clock())
    return f"/come-in/{token(invitation_key(KEY), number)}"


def come_in(staff: Staff, path: str, password: str = PASSWORD, **fields: str) -> Answer:
    return staff.post(path, {"password": password, "repeat": password, **fields}, as_="")


def test_the_first_administrator_comes_in_by_a_link_that_works_once(staff: Staff) -> None:
    path = link(staff.engine, "first", None)
    assert "administrator" in staff.get(path, as_="").text
    answer = come_in(staff, path, id="boss", name="B. Oss", email="boss@example.com")
    assert answer.status == 303
    assert staff.web.get("/team", Cookie=f"__Host-engage={cookie_of(answer)}").status == 200
    assert come_in(staff, path, id="other").status == 404
    assert log_in(staff, "boss@example.com").status == 303


def test_nobody_becomes_the_first_when_there_is_one(staff: Staff) -> None:
    path = link(staff.engine, "first", None)
    give_password(staff, "ann")
    assert staff.get(path, as_="").status == 404
    assert come_in(staff, path, id="thief").status == 404


def test_an_administrator_of_the_file_may_be_the_first_and_nobody_else_of_it(staff: Staff) -> None:
    path = link(staff.engine, "first", None)
    assert "another role" in come_in(staff, path, id="sato").text
    assert come_in(staff, path, id="ann").status == 303


@pytest.mark.parametrize(
    ("password", "why"),
    [("short", "at least 12"), ("aaaaaaaaaaaaaaaa", "easily guessed"), ("ann@example.com", "easily guessed")],
)
def test_a_bad_password_is_told_and_the_link_still_works(staff: Staff, password: str, why: str) -> None:
    path = link(staff.engine, "welcome", "ann")
    answer = come_in(staff, path, password)
    assert answer.status == 422
    assert why in answer.text
    assert come_in(staff, path).status == 303


def test_a_forged_cut_or_late_link_leads_nowhere(staff: Staff) -> None:
    path = link(staff.engine, "welcome", "ann")
    for wrong in (path[:-1], path[:-1] + ("A" if path[-1] != "A" else "B"), path.replace(".", ""), "/come-in/x.y"):
        assert staff.get(wrong, as_="").status == 404
    with staff.engine.begin() as connection:
        connection.execute(update(t.invitations).values(expires_at=system_clock() - timedelta(seconds=1)))
    assert staff.get(path, as_="").status == 404


def test_a_newer_link_takes_the_place_of_the_one_before(staff: Staff) -> None:
    first, second = link(staff.engine, "reset", "ann"), link(staff.engine, "reset", "ann")
    assert [staff.get(path, as_="").status for path in (first, second)] == [404, 200]


def test_a_link_leaves_those_of_other_purposes_and_of_other_users(staff: Staff) -> None:
    made = (link(staff.engine, "welcome", "ann"), link(staff.engine, "welcome", "sato"))
    paths = [*made, link(staff.engine, "reset", "ann"), link(staff.engine, "first", None)]
    assert [staff.get(path, as_="").status for path in paths] == [200, 200, 200, 200]


def test_once_a_password_is_chosen_no_other_link_of_the_user_works(staff: Staff) -> None:
    welcome, reset, other = (link(staff.engine, "welcome", "ann"), link(staff.engine, "reset", "ann"),
                             link(staff.engine, "reset", "sato"))  # fmt: skip
    assert come_in(staff, reset).status == 303
    assert [staff.get(path, as_="").status for path in (welcome, reset, other)] == [404, 404, 200]


def test_a_stranger_who_asks_for_a_new_password_takes_no_welcome_away(staff: Staff) -> None:
    """S05: neither of a user without an address, to whom no mail could bring another link, nor of one with."""
    shown = staff.post("/team", {"id": "nomail", "role": "viewer"}, as_="admin").text
    welcome = "/come-in/" + shown.partition("/come-in/")[2].partition("<")[0]
    second = link(staff.engine, "welcome", "vera")
    with staff.engine.begin() as connection:
        connection.execute(update(t.invitations).values(made_at=system_clock() - timedelta(minutes=10)))
    asked = [staff.post("/reset", {"name": name}, as_="") for name in ("nomail", "nobody", "vera")]
    assert {(answer.status, answer.text) for answer in asked} == {(200, asked[0].text)}
    assert [addressee for addressee, _ in mails(staff)] == ["user:vera"]
    assert [staff.get(path, as_="").status for path in (welcome, second)] == [200, 200]
    with staff.engine.begin() as connection:
        a = t.audit.c
        told = connection.scalars(select(a.subject).where(a.action == "reset_asked")).all()
    assert told == ["user:vera"]
    assert come_in(staff, welcome).status == 303


def test_a_new_password_ends_all_logins(staff: Staff) -> None:
    give_password(staff)
    before = staff.token("ann")
    come_in(staff, link(staff.engine, "reset", "ann"), "another quite long passphrase")
    assert staff.web.get("/account", Cookie=f"__Host-engage={before}").status == 303
    assert log_in(staff).status == 401


def test_who_forgot_the_password_gets_a_mail_and_who_is_unknown_reads_the_same(staff: Staff) -> None:
    known, unknown = (staff.post("/reset", {"name": name}, as_="") for name in ("ann@example.com", "x@example.com"))
    assert (known.status, known.text) == (unknown.status, unknown.text)
    notices = mails(staff)
    assert [(addressee, bool(number)) for addressee, number in notices] == [("user:ann", True)]
    staff.post("/reset", {"name": "ann"}, as_="")
    assert len(mails(staff)) == 1, "one a few minutes is enough"


def mails(staff: Staff) -> list[tuple[str, bytes | None]]:
    """Return the mails that are queued, when the work that answers do not wait for is done."""
    staff.web.get("/login")
    for _ in range(100):
        with staff.engine.begin() as connection:
            n = t.notifications
            found = connection.execute(select(n.c.addressee, n.c.invitation)).all()
        if found:
            break
        time.sleep(0.05)
    return [(row.addressee, row.invitation) for row in found]


def test_passwords_are_kept_as_argon2id_and_whole(staff: Staff) -> None:
    long = "x" * 10 + "correct horse battery staple " * 4
    kept = passwords.hashed(long)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits(kept, long)
    assert not passwords.fits(kept, long[:-1] + "!")
    assert not passwords.fits(None, long)
