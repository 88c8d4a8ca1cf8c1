"""A user's own account: password, second factor, logins, wishes (S02, S10, S14)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyotp
from sqlalchemy import select, update

from engage.clock import system_clock
from engage.sql import tables as t
from tests.support.staff import Staff, logged_in, staffed
from tests.support.web import Answer
from tests.support.world import World
from tests.web.staff.test_coming_in import PASSWORD, cookie_of, give_password, log_in


def hidden(answer: Answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def set_up(staff: Staff) -> tuple[str, list[str]]:
    """Set a second factor up for ann; return its secret and the spare codes."""
    give_password(staff)
    offered = staff.post("/account/second/new", {"password": PASSWORD}, as_="ann")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", offered.text)
    assert secret is not None
    plain = secret[1].replace(" ", "")
    at = system_clock() - timedelta(seconds=30)
    shown = staff.post(
        "/account/second", {"sealed": hidden(offered, "sealed"), "code": pyotp.TOTP(plain).at(at)}, "ann"
    )
    return plain, re.findall(r"<li><code>(\w+)</code></li>", shown.text)


def test_the_second_factor_is_asked_for_and_each_code_works_once(staff: Staff) -> None:
    secret, _ = set_up(staff)
    code = pyotp.TOTP(secret).now()
    half = log_in(staff)
    assert "set-cookie" not in half.headers
    fields = {"half": hidden(half, "half"), "code": code}
    assert staff.post("/login/code", {**fields, "code": "000000"}, as_="").status == 401
    assert staff.post("/login/code", fields, as_="").status == 303
    assert staff.post("/login/code", fields, as_="").status == 401, "a code that was used is used up"


def test_a_login_by_code_ends_the_one_before_in_the_same_browser(staff: Staff) -> None:
    secret, _ = set_up(staff)
    fields = {"half": hidden(log_in(staff), "half"), "code": pyotp.TOTP(secret).now()}
    before = f"__Host-engage={staff.token('vera')}"
    assert staff.post("/login/code", fields, as_="", Cookie=before).status == 303
    assert staff.web.get("/account", Cookie=before).status == 303


def test_a_spare_code_lets_in_once(staff: Staff) -> None:
    _, spare = set_up(staff)
    assert len(spare) == 10
    half = hidden(log_in(staff), "half")
    tries = [staff.post("/login/code", {"half": half, "code": code}, as_="").status for code in (spare[3], spare[3])]
    assert tries == [303, 401]


def test_after_five_wrong_codes_the_password_is_asked_for_again(staff: Staff) -> None:
    secret, _ = set_up(staff)
    half = hidden(log_in(staff), "half")
    wrong = [staff.post("/login/code", {"half": half, "code": "x"}, as_="").status for _ in range(6)]
    assert wrong == [401] * 5 + [429]
    right = staff.post("/login/code", {"half": half, "code": pyotp.TOTP(secret).now()}, as_="")
    assert right.status == 429
    assert 'name="password"' in right.text
    again = {"half": hidden(log_in(staff), "half"), "code": pyotp.TOTP(secret).now()}
    assert staff.post("/login/code", again, as_="").status == 303, "who has the password tries anew"


def test_codes_cannot_be_guessed_again_and_again_from_wherever(world: World, tmp_path: Path) -> None:
    with staffed(world.engine, tmp_path, trusted=("127.0.0.1",)) as staff:
        set_up(staff)
        tried = []
        for n in range(4):
            half = hidden(log_in(staff), "half")
            for m in range(5):
                fields, client = {"half": half, "code": "x"}, f"198.51.{n}.{m}"
                tried.append(staff.post("/login/code", fields, as_="", X_Forwarded_For=client).status)
        assert tried == [401] * 10 + [429] * 10
        give_password(staff, "vera")
        assert log_in(staff, "vera").status == 303, "nobody else waits for it"


def test_the_secret_of_the_second_factor_is_encrypted(staff: Staff) -> None:
    secret, spare = set_up(staff)
    with staff.engine.begin() as connection:
        kept = " ".join(map(str, connection.execute(select(t.credentials)).one()))
    assert secret not in kept
    assert not any(code in kept for code in spare)


def test_an_open_screen_is_not_enough_for_a_second_factor_or_a_password(staff: Staff) -> None:
    give_password(staff)
    for path in ("/account/second/new", "/account/second/stop", "/account/password"):
        answer = staff.post(path, {"password": "x", "new": "a", "repeat": "a"}, as_="ann")
        assert answer.status == 422
        assert "your present password is not right" in answer.text


def test_the_present_password_cannot_be_guessed_again_and_again(staff: Staff) -> None:
    """S04, S60"""
    give_password(staff)
    paths = ("/account/second/new", "/account/second/stop", "/account/password")
    tries = [staff.post(paths[n % 3], {"password": "wrong"}, as_="ann").status for n in range(13)]
    assert tries == [422] * 10 + [429] * 3
    new = {"password": PASSWORD, "new": "a wholly different sentence", "repeat": "a wholly different sentence"}
    assert staff.post("/account/password", new, as_="ann").status == 429
    assert log_in(staff).status == 303, "nothing was changed, and coming in is counted apart"
    a = t.audit.c
    with staff.engine.begin() as connection:
        who = connection.scalars(select(a.who).where(a.action == "password_refused")).all()
    assert who == ["user:ann"] * 10


def test_changing_the_password_ends_the_other_logins(staff: Staff) -> None:
    give_password(staff)
    other = cookie_of(log_in(staff))
    new = {"password": PASSWORD, "new": "a wholly different sentence", "repeat": "a wholly different sentence"}
    assert staff.post("/account/password", new, as_="ann").status == 303
    assert staff.get("/account", as_="ann").status == 200
    assert staff.web.get("/account", Cookie=f"__Host-engage={other}").status == 303


def test_a_login_ends_when_it_is_idle_and_after_seven_days(staff: Staff) -> None:
    for column, span in ((t.logins.c.seen_at, timedelta(hours=8)), (t.logins.c.began_at, timedelta(days=7))):
        token = Staff(staff.web, staff.engine).token("ann")
        cookie = f"__Host-engage={token}"
        assert staff.web.get("/account", Cookie=cookie).status == 200
        with staff.engine.begin() as connection:
            connection.execute(update(t.logins).values({column: system_clock() - span}))
        assert staff.web.get("/account", Cookie=cookie).status == 303


def test_one_login_can_be_ended_from_another_and_nobody_elses(staff: Staff) -> None:
    mine, other = staff.token("ann"), Staff(staff.web, staff.engine).token("ann")
    page = staff.get("/account", as_="ann")
    ends = re.findall(r'action="(/account/logins/\w+/end)"', page.text)
    assert len(ends) == 1
    assert staff.post(ends[0], as_="sato").status == 404
    assert staff.post(ends[0], as_="ann").status == 303
    assert [staff.web.get("/account", Cookie=f"__Host-engage={each}").status for each in (mine, other)] == [200, 303]


def test_wishes_change_the_pages(staff: Staff) -> None:
    wanted = {"locale": "ja", "zone": "Asia/Tokyo", "digest": "yes"}
    assert staff.post("/account/wishes", wanted, as_="sato").status == 303
    page = staff.get("/account", as_="sato").text
    assert "アカウント設定" in page
    assert "data-shortcuts>" not in page
    assert staff.post("/account/wishes", {"zone": "Mars/Base"}, as_="sato").status == 422


def test_the_latest_fifty_logins_are_shown(staff: Staff) -> None:
    for _ in range(60):
        logged_in(staff.engine, "ann")
    assert len(re.findall(r"/account/logins/\w+/end", staff.get("/account", as_="ann").text)) in (49, 50)
