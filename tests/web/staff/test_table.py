"""The table of pages, walked by each role and by forms of strangers.

S11, S12, S13, S14, S15, S63, S64, S73, B76, B77, B78.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import func, select
from starlette.responses import Response

from engage.accounts.roles import ROLES, Role
from engage.sql import tables as t
from engage.web.application import ROUTES
from engage.web.staff.sending import dressed
from engage.web.staff.shape import Door, Page
from engage.web.staff.table import DOORS, PAGES
from tests.support.staff import OF_ROLE, Staff
from tests.support.web import Answer

#: What everybody agreed on: each page and who may ask for it. A page that is not here fails the build.
AGREED = Path(__file__).with_name("roles.txt")
#: What stands for the parameters of addresses.
SAMPLES: Mapping[str, str] = {
    "scenario": "journey", "step": "invite", "version": "1", "token": "00", "id": "1", "number": "1", "batch": "1",
    "key": "1", "list": "members", "kind": "user", "user": "sato",
}  # fmt: skip
EVERY: tuple[Page | Door, ...] = (*PAGES, *DOORS)
POSTS = [page for page in PAGES if page.method == "POST"]
GETS = [page for page in PAGES if page.method == "GET"]


def agreed() -> dict[str, frozenset[str]]:
    lines = [line.split("#")[0].split() for line in AGREED.read_text("utf-8").splitlines()]
    return {f"{line[0]} {line[1]}": frozenset(line[2:]) for line in lines if line}


def name(page: Page | Door) -> str:
    return f"{page.method} {page.path}"


def address(page: Page | Door) -> str:
    def sample(found: re.Match[str]) -> str:
        return "sato" if page.path.startswith("/team/") else SAMPLES[found[1]]

    return re.sub(r"\{(\w+)\}", sample, page.path)


def test_every_page_is_agreed_on() -> None:
    mine = {name(page): frozenset(page.roles) for page in PAGES} | {name(door): frozenset({"-"}) for door in DOORS}
    assert mine == agreed(), "who may ask for a page is written down twice: in the table, and in roles.txt"


def test_no_page_hides_behind_another() -> None:
    assert len({name(page) for page in EVERY}) == len(EVERY)
    assert not {page.path.split("/")[1] for page in EVERY} & set(ROUTES)


def refused(answer: Answer) -> bool:
    return answer.status == 403


def test_each_role_gets_what_the_table_allows(staff: Staff) -> None:
    """Each page is asked for in each role: 403 where the table says no, and never where it says yes."""
    wrong = []
    for role in get_args(Role):
        for page in GETS:
            answer = staff.get(address(page), as_=role)
            if refused(answer) != (role not in page.roles) or answer.status >= 500:
                wrong.append(f"{role}: {name(page)} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


def test_who_may_not_changes_nothing(staff: Staff) -> None:
    before, wrong = counts(staff), []
    for page in POSTS:
        for role in sorted(set(ROLES) - page.roles):
            answer = staff.post(address(page), as_=role)
            if answer.status != 403:
                wrong.append(f"{role}: {name(page)} answers {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert counts(staff) == before


def test_a_stranger_is_led_to_the_login(staff: Staff) -> None:
    wrong = []
    for page in PAGES:
        path = address(page)
        answer = staff.get(path, as_="") if page.method == "GET" else staff.post(path, as_="")
        good = answer.headers.get("location", "").startswith("/login") if page.method == "GET" else answer.status == 401
        if not good:
            wrong.append(f"{name(page)} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


def forged(staff: Staff, path: str) -> Iterator[tuple[str, Answer]]:
    """Yield what is answered to forms that none of our pages sent."""
    from engage.web.staff.origin import guard_of
    from tests.support.web import KEY

    cookie = {"Cookie": f"__Host-engage={staff.token('admin')}"}
    mine, other = (guard_of(KEY, staff.token(user)) for user in ("admin", "sales"))
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    same = {"Sec_Fetch_Site": "same-origin"}
    yield "no token", staff.web.ask("POST", path, b"a=b", **cookie, **form, **same)
    yield "another user's token", staff.web.ask("POST", path, f"guard={other}".encode(), **cookie, **form, **same)
    for site in ("cross-site", "same-site", "none"):
        yield site, staff.web.ask("POST", path, f"guard={mine}".encode(), **cookie, **form, Sec_Fetch_Site=site)
    evil = {"Origin": "https://evil.example"}
    yield "a foreign origin", staff.web.ask("POST", path, f"guard={mine}".encode(), **cookie, **form, **evil)
    yield "no origin", staff.web.ask("POST", path, f"guard={mine}".encode(), **cookie, **form)
    plain = {"Content_Type": "text/plain"}
    yield "a form that is none", staff.web.ask("POST", path, f"guard={mine}".encode(), **cookie, **plain, **same)


def test_a_form_that_no_page_of_ours_sent_changes_nothing(staff: Staff) -> None:
    """S12, S13"""
    before, wrong = counts(staff), []
    for page in POSTS:
        for how, answer in forged(staff, address(page)):
            if answer.status not in (403, 415):
                wrong.append(f"{name(page)} with {how} answers {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert counts(staff) == before
    assert staff.get("/account", as_="admin").status == 200, "logging out by a foreign form does nothing either"


def test_a_form_without_a_login_is_refused_from_elsewhere_too(staff: Staff) -> None:
    """S13: nobody is logged in, or sent a mail, by another site's form."""
    for door in DOORS:
        if door.method == "POST" and not door.programs:
            answer = staff.web.post(address(door), ("name", "ann"), ("password", "x"), Sec_Fetch_Site="cross-site")
            assert answer.status == 403, door.path


def test_asking_changes_nothing(staff: Staff) -> None:
    """That a file was handed out is written down, and nothing else."""
    before = counts(staff)
    before["audit"] += sum(page.path.endswith(".csv") for page in GETS)
    for page in EVERY:
        if page.method == "GET":
            staff.get(address(page), as_="admin")
    assert counts(staff) == before


def counts(staff: Staff) -> dict[str, int]:
    """Return how many rows each table has."""
    for user in OF_ROLE.values():
        staff.token(user)
    with staff.engine.begin() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in t.metadata.sorted_tables
        }


def test_every_answer_bears_the_headers(staff: Staff) -> None:
    """S11, S63, S64, S73"""
    paths = [address(page) for page in EVERY if page.method == "GET"]
    for path in [*paths, "/nothing-here", "/scenarios/none"]:
        for as_ in ("admin", ""):
            headers = staff.get(path, as_=as_).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "http" not in policy, path
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["referrer-policy"] == "no-referrer", path
            assert headers["cache-control"] in ("no-store", "private, no-cache"), path
            # No page is there: the public pages answer, all readers alike.
            assert path == "/nothing-here" or headers["vary"] == "Cookie, Accept-Language, HX-Request", path
            assert "server" not in headers, path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "Cookie, Accept-Language, HX-Request"),
        ("Origin, cookie", "Origin, cookie, Accept-Language, HX-Request"),
    ],
)
def test_what_an_answer_varies_by_is_added_to_once(before: str | None, after: str) -> None:
    """S64"""
    sent = dressed(dressed(Response(headers={} if before is None else {"vary": before})))
    assert sent.headers["vary"] == after


@pytest.mark.parametrize("sent", ["-1", "0", "9223372036854775808", "1e9999", "abc", "１", "%00", "..%2F..", "'"])
def test_numbers_that_are_none_lead_nowhere(staff: Staff, sent: str) -> None:
    """B77"""
    wrong = []
    for page in PAGES:
        if "{" in page.path:
            path = re.sub(r"\{\w+\}", sent, page.path)
            encoded = "".join(char if char.isascii() else "".join(f"%{b:02X}" for b in char.encode()) for char in path)
            answer = staff.get(encoded, "admin") if page.method == "GET" else staff.post(encoded, as_="admin")
            if answer.status not in (400, 404, 422):
                wrong.append(f"{name(page)} with {sent} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


QUERIES = (
    "page=1000000000", "per_page=1000000000", "sort=x", "q=%25", "q='", "q=%5C", "q=%00", "after=-1", "after=%EF%BC%91",
    "since=yesterday", "until=9999-99-99", "by=century", "before=99999999999999999999", "tab=none", "days=-5",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_what_nobody_would_ask_is_answered_all_the_same(staff: Staff, query: str) -> None:
    """B78"""
    wrong = []
    for page in GETS:
        answer = staff.get(f"{address(page)}?{query}", as_="admin")
        if answer.status >= 500:
            wrong.append(f"{name(page)}?{query} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


def test_many_and_broken_cookies_are_no_trouble(staff: Staff) -> None:
    """B76"""
    for cookie in ("; ".join(f"c{n}=v" for n in range(200)), f"__Host-engage={'x' * 8_000}", "__Host-engage-said=%%%"):
        answer = staff.web.get("/account", Cookie=cookie)
        assert answer.status == 303
        assert answer.headers["location"].startswith("/login")
