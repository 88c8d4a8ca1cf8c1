"""Coming in by password, and what is carried through it (S01, S04, S05, S09, S46)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from engage.accounts import passwords
from engage.clock import system_clock
from engage.sql import tables as t
from engage.web.staff.cookies import LOGIN
from tests.support.staff import Staff, staffed
from tests.support.web import Answer
from tests.support.world import World

PASSWORD = "correct horse battery staple"


def give_password(staff: Staff, user: str = "ann", password: str = PASSWORD) -> None:
    row = {"user_id": user, "password": passwords.hashed(password), "changed_at": system_clock()}
    with staff.engine.begin() as connection:
        connection.execute(insert(t.credentials).values(row))


def log_in(staff: Staff, name: str = "ann", password: str = PASSWORD, **fields: str) -> Answer:
    return staff.post("/login", {"name": name, "password": password, **fields}, as_="")


def cookie_of(answer: Answer) -> str:
    found = re.match(rf"{LOGIN}=([^;]*)", answer.headers["set-cookie"])
    assert found is not None, answer.headers["set-cookie"]
    return found[1]


def test_the_right_password_lets_in(staff: Staff) -> None:
    give_password(staff)
    answer = log_in(staff)
    assert answer.status == 303
    assert answer.headers["location"] == "/"
    inside = staff.web.get("/", Cookie=f"{LOGIN}={cookie_of(answer)}")
    assert inside.headers["location"] == "/dashboard"


def test_the_cookie_is_out_of_reach(staff: Staff) -> None:
    give_password(staff)
    said = log_in(staff).headers["set-cookie"]
    assert said.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in said.split(";")}


@pytest.mark.parametrize("name", ["ann", "nobody", "ann@example.com", "vera"])
def test_a_wrong_password_says_nothing_of_who_is_there(staff: Staff, name: str) -> None:
    give_password(staff)
    answer = log_in(staff, name, "wrong horse battery staple")
    assert answer.status == 401
    assert "the name or the password is not right" in answer.text
    assert re.sub(r'value="[^"]*"', "", answer.text) == re.sub(
        r'value="[^"]*"', "", log_in(staff, "somebody else", "x").text
    )


def test_an_address_names_a_user_too(staff: Staff) -> None:
    give_password(staff)
    assert log_in(staff, "Ann@Example.com").status == 303


def test_who_is_disabled_does_not_come_in(staff: Staff) -> None:
    give_password(staff)
    with staff.engine.begin() as connection:
        connection.execute(update(t.users).values(enabled=False))
    assert log_in(staff).status == 401


def test_after_ten_wrong_passwords_one_waits(staff: Staff) -> None:
    give_password(staff)
    assert [log_in(staff, password="wrong").status for _ in range(11)] == [401] * 10 + [429]
    assert log_in(staff).status == 429


@pytest.mark.parametrize(
    ("network", "others", "last"), [("2001:db8:1:2::", "2001:db8:1:3::1", 429), ("203.0.113.", "198.51.100.1", 401)]
)
def test_a_network_of_ipv6_counts_as_one_address(
    world: World, tmp_path: Path, network: str, others: str, last: int
) -> None:
    with staffed(world.engine, tmp_path, trusted=("127.0.0.1",)) as staff:
        give_password(staff)

        def tried(client: str, password: str = "wrong") -> int:
            fields = {"name": "ann", "password": password}
            return staff.post("/login", fields, as_="", X_Forwarded_For=client).status

        assert [tried(f"{network}{n}") for n in range(1, 12)] == [401] * 10 + [last]
        assert tried(others, PASSWORD) == 303


def test_another_account_at_the_same_address_does_not_wait_for_it(staff: Staff) -> None:
    give_password(staff)
    for _ in range(10):
        log_in(staff, "suzuki", "wrong")
    assert log_in(staff).status == 303


def test_who_was_on_the_way_somewhere_gets_there(staff: Staff) -> None:
    give_password(staff)
    assert staff.get("/?tab=late", as_="").headers["location"] == "/login?next=%2F%3Ftab%3Dlate"
    assert log_in(staff, onward="/?tab=late").headers["location"] == "/?tab=late"


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nb", "javascript:x"]
)
def test_nobody_is_led_away_after_a_login(staff: Staff, onward: str) -> None:
    give_password(staff)
    assert log_in(staff, onward=onward).headers["location"] == "/"


def test_a_form_under_way_is_not_lost_when_the_login_ends(staff: Staff) -> None:
    give_password(staff)
    staff.token("admin")
    with staff.engine.begin() as connection:
        connection.execute(update(t.logins).values(ended_at=system_clock(), why="logged_out"))
    answer = staff.post("/logout", {"note": "社長 & <wife>", "second": "line"}, as_="admin")
    assert answer.status == 401
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    shown = log_in(staff, kept=kept[1])
    assert shown.status == 200
    assert 'action="/logout"' in shown.text
    assert "社長 &amp; &lt;wife&gt;" in shown.text
    guard = re.search(r'name="guard" value="([^"]+)"', shown.text)
    assert guard is not None
    cookie = f"{LOGIN}={cookie_of(shown)}"
    again = staff.web.post("/logout", ("guard", guard[1]), Cookie=cookie, Sec_Fetch_Site="same-origin")
    assert again.headers["location"] == "/login"


def test_logging_out_ends_the_login_everywhere(staff: Staff) -> None:
    assert staff.post("/logout", as_="admin").status == 303
    assert staff.get("/", as_="admin").headers["location"].startswith("/login")
    with staff.engine.begin() as connection:
        assert connection.scalars(select(t.logins.c.why)).all() == ["logged_out"]


def test_a_login_is_new_each_time(staff: Staff) -> None:
    """Whatever the browser held before the login counts for nothing after it."""
    give_password(staff)
    planted = "a-token-that-somebody-planted"
    answers = [
        staff.post("/login", {"name": "ann", "password": PASSWORD}, as_="", Cookie=f"{LOGIN}={planted}")
        for _ in range(3)
    ]
    tokens = {cookie_of(answer) for answer in answers}
    assert len(tokens) == 3
    assert planted not in tokens
    assert staff.web.get("/account", Cookie=f"{LOGIN}={planted}").status == 303


def test_a_new_login_in_the_same_browser_ends_the_one_before(staff: Staff) -> None:
    """S01: whosever it was, and no other."""
    give_password(staff)
    other, before = staff.token("ann"), staff.token("vera")
    answer = log_in_with(staff, before)
    opened = [staff.web.get("/account", Cookie=f"{LOGIN}={each}").status for each in (before, other, cookie_of(answer))]
    assert opened == [303, 200, 200]
    assert log_in_with(staff, cookie_of(answer), "wrong").status == 401
    assert staff.web.get("/account", Cookie=f"{LOGIN}={cookie_of(answer)}").status == 200, "it was no login"
    lo = t.logins.c
    with staff.engine.begin() as connection:
        assert connection.execute(select(lo.user_id, lo.why).where(lo.ended_at.is_not(None))).all() == [
            ("vera", "replaced")
        ]


def log_in_with(staff: Staff, token: str, password: str = PASSWORD) -> Answer:
    return staff.post("/login", {"name": "ann", "password": password}, as_="", Cookie=f"{LOGIN}={token}")


def test_a_token_that_is_no_login_is_taken_away(staff: Staff) -> None:
    """B76, but for parts of pages, whose answers may come after a login."""
    broken = {"Cookie": f"{LOGIN}=garbage", "Sec_Fetch_Site": "same-origin"}
    for answer in (staff.web.get("/account", **broken), staff.web.post("/account/wishes", **broken)):
        assert answer.headers["set-cookie"].startswith(f'{LOGIN}="";')
        assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "set-cookie" not in staff.web.get("/account", Hx_Request="true", **broken).headers
    assert "set-cookie" not in staff.web.get("/account").headers
