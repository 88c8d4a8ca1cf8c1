"""Coming in by an identity provider: a real one on this machine, asked as a browser does."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from sqlalchemy import insert, select

from engage.sql import tables as t
from engage.web import abroad
from engage.web.staff.cookies import AWAY, LOGIN
from tests.support.silent import silent
from tests.support.staff import Staff, staffed
from tests.support.web import Answer
from tests.support.world import World

#: Where it sends people back to.
BACK = "http://mail.example.com/login/back"


class _Stays(HTTPRedirectHandler):
    """Follows nothing: where it leads is what is looked at."""

    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address, until = f"http://localhost:{port}", time.monotonic() + 30
        while time.monotonic() < until:
            try:
                build_opener().open(f"{address}/.well-known/openid-configuration").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def staff(world: World, tmp_path: Path, issuer: str) -> Iterator[Staff]:
    options = {"oidc_issuer": issuer, "oidc_client": "engage", "oidc_secret": "secret", "oidc_name": "Example ID"}
    with staffed(world.engine, tmp_path, **options) as pages:
        yield pages


def cookie(answer: Answer, name: str) -> str:
    found = re.search(rf"{name}=([^;]+)", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


def agree(address: str, subject: str) -> str:
    """Agree at the provider, as somebody; return the path and query by which one comes back."""
    form = Request(address, urlencode({"sub": subject}).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    try:
        build_opener(_Stays).open(form)
    except OSError as answer:
        parts = urlsplit(answer.headers["location"])  # type: ignore[attr-defined]
        return f"{parts.path}?{parts.query}"
    raise AssertionError("the provider sent nobody back")


def know(issuer: str, subject: str, **claims: object) -> None:
    """Have the provider know somebody."""
    body = json.dumps(claims).encode()
    request = Request(f"{issuer}/users/{subject}", body, {"Content-Type": "application/json"}, method="PUT")
    build_opener().open(request)


def come_back(staff: Staff, subject: str, next_page: str = "/account") -> Answer:
    away = staff.web.get(f"/login/elsewhere?{urlencode({'next': next_page})}")
    assert away.status == 303
    return staff.web.get(agree(away.headers["location"], subject), Cookie=f"{AWAY}={cookie(away, AWAY)}")


def test_the_login_page_offers_the_provider(staff: Staff) -> None:
    assert "Log in with Example ID" in staff.get("/login", as_="").text


def test_a_known_and_verified_address_comes_in_and_is_known_by_its_subject_then(staff: Staff, issuer: str) -> None:
    know(issuer, "s-1", email="mori@example.com", email_verified=True)
    answer = come_back(staff, "s-1")
    assert answer.headers["location"] == "/account"
    assert "森 真理" in staff.web.get("/account", Cookie=f"{LOGIN}={cookie(answer, LOGIN)}").text
    know(issuer, "s-1", email="mori.new@example.com", email_verified=True)
    assert come_back(staff, "s-1").status == 303, "the address may change, the subject counts"
    with staff.engine.begin() as connection:
        assert set(connection.scalars(select(t.logins.c.way))) == {"oidc"}


def test_somebody_else_with_the_same_address_does_not_come_in(staff: Staff, issuer: str) -> None:
    know(issuer, "s-1", email="mori@example.com", email_verified=True)
    come_back(staff, "s-1")
    know(issuer, "s-2", email="mori@example.com", email_verified=True)
    assert come_back(staff, "s-2").status == 422


@pytest.mark.parametrize(
    "claims",
    [{"email": "mori@example.com", "email_verified": False}, {"email": "mori@example.com"}, {},
     {"email": "nobody@example.com", "email_verified": True}],
)  # fmt: skip
def test_who_is_not_known_for_sure_does_not_come_in(staff: Staff, issuer: str, claims: dict[str, object]) -> None:
    know(issuer, "s-3", **claims)
    answer = come_back(staff, "s-3")
    assert answer.status == 401
    assert "nobody here has your address" in answer.text


def test_coming_back_without_having_gone_lets_nobody_in(staff: Staff, issuer: str) -> None:
    know(issuer, "s-1", email="mori@example.com", email_verified=True)
    away = staff.web.get("/login/elsewhere")
    back = agree(away.headers["location"], "s-1")
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert staff.web.get(back).status == 401
    other = staff.web.get("/login/elsewhere")
    assert staff.web.get(back, Cookie=f"{AWAY}={cookie(other, AWAY)}").status == 401, state


def test_a_code_that_the_provider_does_not_know_lets_nobody_in(staff: Staff) -> None:
    away = staff.web.get("/login/elsewhere")
    state = parse_qs(urlsplit(away.headers["location"]).query)["state"][0]
    answer = staff.web.get(f"/login/back?code=x&state={state}", Cookie=f"{AWAY}={cookie(away, AWAY)}")
    assert answer.status == 422
    assert "did not say who you are" in answer.text


def test_without_a_provider_there_is_no_way_there(world: World, tmp_path: Path) -> None:
    with staffed(world.engine, tmp_path) as pages:
        assert pages.get("/login/elsewhere", as_="").status == 404
        assert "Log in with" not in pages.get("/login", as_="").text


def test_nobody_is_disabled_and_in(staff: Staff, issuer: str) -> None:
    with staff.engine.begin() as connection:
        row = {"id": "old", "name": "Old", "email": "old@example.com", "role": "admin", "enabled": False}
        connection.execute(insert(t.users).values(row))
    know(issuer, "s-4", email="old@example.com", email_verified=True)
    assert come_back(staff, "s-4").status == 401


def test_a_provider_that_does_not_answer_stalls_nobody_else(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ask it, four wait for their turn, and all others are told at once."""
    monkeypatch.setattr(abroad, "SECONDS", 120)
    answered: Queue[Answer] = Queue()
    with ExitStack() as stack:
        issuer = stack.enter_context(silent())
        pages = stack.enter_context(staffed(world.engine, tmp_path, oidc_issuer=issuer.address, oidc_client="engage"))
        stack.callback(issuer.end)
        asking = [Thread(target=lambda: answered.put(pages.web.get("/login/elsewhere"))) for _ in range(40)]
        for each in asking:
            each.start()
        refused = [answered.get(timeout=60) for _ in range(40 - abroad.HANDS - abroad.WAITING)]
        for _ in range(abroad.HANDS):
            issuer.taken.get(timeout=60)
        assert {answer.status for answer in refused} == {503}
        assert "too many wait for the identity provider" in refused[0].text
        assert pages.get("/login", as_="").status == 200
        assert pages.web.get("/health").status == 200
        assert len(issuer.held) == abroad.HANDS
        assert answered.empty(), "the others wait still"
        issuer.end()
        for each in asking:
            each.join()
        assert {answered.get().status for _ in range(abroad.HANDS + abroad.WAITING)} == {422}


def test_what_the_provider_publishes_is_asked_for_once_in_some_minutes(world: World, tmp_path: Path) -> None:
    asked: list[str] = []

    class About(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            about = {"issuer": address, "authorization_endpoint": f"{address}/authorize"}
            self.wfile.write(json.dumps(about).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), About) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            with staffed(world.engine, tmp_path, oidc_issuer=address, oidc_client="engage") as pages:
                assert [pages.web.get("/login/elsewhere").status for _ in range(3)] == [303] * 3
        finally:
            server.shutdown()
            thread.join()
    assert asked == ["/.well-known/openid-configuration"]
