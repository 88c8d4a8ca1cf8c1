"""What every answer bears and none tells, in every method and on every route (S28, S73, S75)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engage import __version__
from engage.web.application import ROUTES
from tests.support.staff import Staff, staffed
from tests.support.web import Answer, link
from tests.support.world import World
from tests.web.conftest import message_of
from tests.web.staff.test_table import EVERY, address

#: What would tell what this server is made of.
MADE_OF = re.compile(rb"uvicorn|starlette|sqlalchemy|psycopg|sqlite3?\b|traceback|python/|\.py\b", re.IGNORECASE)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
#: What other servers have, or had.
ELSEWHERE = (
    "/docs", "/redoc", "/openapi.json", "/api", "/api/docs", "/swagger", "/swagger.json", "/graphql", "/admin",
    "/upgrade", "/installer", "/install", "/setup", "/maintenance", "/debug", "/console", "/status", "/server-status",
    "/.env", "/.git/config", "/engage.db", "/engage.yaml", "/backup", "/static",
    "/static/", "/static/../../engage.yaml", "/static/%2e%2e/engage.yaml", "/pages/frame.html",
)  # fmt: skip


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    """The pages where the public address is encrypted."""
    with staffed(world.engine, tmp_path, base_url="https://mail.example.com", metrics_token="of ours") as pages:
        yield pages


def wrongs(answer: Answer, where: str, *, shared: bool = False) -> list[str]:
    """Return what is missing or too much in an answer."""
    headers = answer.headers
    wanted = {
        "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin", "strict-transport-security": "max-age=31536000",
        "x-robots-tag": "noindex, nofollow",
        "cross-origin-resource-policy": "cross-origin" if shared else "same-origin",
    }  # fmt: skip
    found = [f"{where}: {name} is {headers.get(name)}" for name, value in wanted.items() if headers.get(name) != value]
    policy = headers.get("content-security-policy", "")
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        found.append(f"{where}: the policy is {policy!r}")
    if {"server", "x-powered-by", "via"} & set(headers) or __version__ in str(dict(headers)):
        found.append(f"{where}: says what it is")
    return found


def test_every_route_in_every_method_bears_the_headers(world: World, staff: Staff) -> None:
    """S73: answers of the wrong method, too; TRACE gives nothing back."""
    paths = {address(page) for page in EVERY} | {f"/{name}/x" for name in ROUTES} | {"/", "/nothing", "/health"}
    wrong = []
    for path in sorted(paths):
        for method in METHODS:
            answer = staff.web.ask(method, path, X_Canary="kanarie", Cookie=f"__Host-engage={staff.token('viewer')}")
            wrong += wrongs(answer, f"{method} {path}", shared=path.startswith("/o/"))
            if answer.status >= 400 and MADE_OF.search(answer.body):
                wrong.append(f"{method} {path} tells what it is made of")
            if b"kanarie" in answer.body or "kanarie" in str(dict(answer.headers)):
                wrong.append(f"{method} {path} gives back what was sent")
            if method in METHODS[3:] and answer.status not in (404, 405):
                wrong.append(f"{method} {path} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


def test_what_a_path_can_be_asked_for_is_said(staff: Staff) -> None:
    assert staff.web.ask("PUT", "/login").headers["allow"] == "GET, HEAD, POST"
    assert staff.web.ask("PUT", "/dashboard").headers["allow"] == "GET, HEAD"
    assert staff.web.ask("DELETE", "/todos/done").headers["allow"] == "GET, HEAD, POST"


def test_a_fault_tells_nothing_of_the_inside(world: World, staff: Staff) -> None:
    """S73: neither the pages nor the public part."""
    staff.token("marketer")
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE logins RENAME TO gone_logins"))
        connection.execute(text("ALTER TABLE messages RENAME TO gone_messages"))
    for path in ("/dashboard", "/prospects", link("view", message_of_john(world)), link("preferences", 1)):
        answer = staff.get(path)
        assert answer.status in (404, 500, 503), path
        assert not wrongs(answer, path)
        assert not MADE_OF.search(answer.body)
        assert b"logins" not in answer.body
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone_logins RENAME TO logins"))
        connection.execute(text("ALTER TABLE gone_messages RENAME TO messages"))


def message_of_john(world: World) -> int:
    with world.engine.begin() as connection:
        number = connection.scalar(text("SELECT min(id) FROM gone_messages"))
    assert isinstance(number, int)
    return number


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_other_servers_have_open_is_not_there(staff: Staff, path: str) -> None:
    """S73, S75: no page of documentation, maintenance or debugging, no list of files, no file of the workspace."""
    for as_ in ("", "admin"):
        answer = staff.get(path, as_=as_)
        assert answer.status == 404, path
        assert "This link leads nowhere" in answer.text


def test_numbers_are_for_operators_alone(staff: Staff) -> None:
    """S75: not even an administrator's login opens them; the token does, and is never in an address."""
    for as_ in ("", "admin"):
        assert staff.get("/metrics", as_=as_).status == 404
        assert staff.get("/metrics?token=of+ours", as_=as_).status == 404
        assert staff.get("/health", as_=as_).body == b'{\n  "state": "ok"\n}\n'
    assert staff.get("/metrics", as_="", Authorization="Bearer of ours").status == 200


def test_a_mail_in_the_browser_is_nobodys_page(world: World, tmp_path: Path) -> None:
    """S28: scripts, forms and frames that came with a mail do nothing, whoever is logged in; no page shows a mail."""
    evil = "<p>kanarie</p><script>alert(1)</script><form action=/logout method=post></form><iframe src=/team></iframe>"
    world.apply(None, "1 hour", **{"templates/invite.html": f"---\nsubject: Hello\n---\n{evil}\n"})  # type: ignore[arg-type]
    with staffed(world.engine, tmp_path) as staff:
        answer = staff.get(link("view", message_of(world, "john")), as_="admin")
        shown = [page for page in EVERY if page.method == "GET" and "kanarie" in staff.get(address(page), "admin").text]
    assert "<script>alert(1)</script>" in answer.text
    assert shown == []
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["content-security-policy"].split(";")}
    allowed = {"allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation-by-user-activation"}
    assert set(policy["sandbox"]) == allowed, "neither scripts, nor forms, nor the origin of the pages"
    assert policy["default-src"] == ["'none'"]
    assert policy["form-action"] == ["'none'"]
    assert not {"script-src", "frame-src", "child-src", "connect-src"} & set(policy)
