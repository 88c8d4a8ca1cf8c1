"""A request may name any host it likes: every link that is made leads to the configured address (S08)."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import select

from engage.clock import system_clock
from engage.effects.delivery import deliver
from engage.effects.outbox import OutboxFolder
from engage.outgoing import post_of
from engage.settings import Settings
from engage.sql import tables as t
from engage.stepping.applied import read_applied
from tests.effects.mailroom import parsed, text_of
from tests.support.staff import Staff
from tests.support.web import KEY, PUBLIC, link
from tests.support.world import World
from tests.web.conftest import message_of
from tests.web.staff.test_invitations import mails

NAMES = ("Host", "X_Forwarded_Host", "X_Host")
EVIL = MappingProxyType(
    dict.fromkeys(NAMES, "evil.example")
    | dict.fromkeys(("X_Original_URL", "X_Rewrite_URL"), "//evil.example/")
    | {"X_Forwarded_Proto": "https", "Forwarded": "host=evil.example;proto=https"}
)


def test_the_mail_for_a_new_password_leads_to_the_configured_address(staff: Staff, tmp_path: Path) -> None:
    """S08"""
    assert staff.post("/reset", {"name": "ann@example.com"}, as_="", **EVIL).status == 200
    assert len(mails(staff)) == 1
    settings = Settings(tmp_path, str(staff.engine.url), secret_key=KEY, base_url=PUBLIC)
    with staff.engine.connect() as connection:
        applied = read_applied(connection)
    deliver(staff.engine, post_of(settings, applied, OutboxFolder(tmp_path / "outbox")), system_clock())
    (file,) = (tmp_path / "outbox").glob("*.eml")
    written = text_of(parsed(file.read_bytes()))
    assert f"{PUBLIC}/come-in/" in written
    assert b"evil.example" not in file.read_bytes()


@pytest.mark.parametrize("as_", ["", "admin"])
def test_no_page_repeats_the_host_that_was_asked_for(world: World, staff: Staff, as_: str) -> None:
    """S08: neither links, nor forms, nor where one is led on."""
    message = message_of(world, "john")
    paths = ["/", "/login", "/login?next=/todos", "/reset", "/account", "/account/calendar", "/team", "/dashboard"]
    for path in [*paths, link("unsubscribe", message), link("preferences", message), link("view", message), "/nothing"]:
        answer = staff.get(path, as_=as_, **EVIL)
        assert b"evil.example" not in answer.body, path
        assert "evil.example" not in str(dict(answer.headers)), path
    made = staff.post("/account/calendar", (), "sato", **EVIL)
    assert f"{PUBLIC}/calendar/" in made.text
    assert "evil.example" not in made.text
    staff.post("/team", {"id": "kato", "role": "sales"}, as_="admin", **EVIL)
    with staff.engine.begin() as connection:
        assert connection.scalar(select(t.users.c.id).where(t.users.c.id == "kato")) == "kato"
    assert f"{PUBLIC}/come-in/" in staff.post("/team/kato/invite", (), "admin", **EVIL).text


def test_unsubscribing_is_the_same_at_any_host(world: World, staff: Staff) -> None:
    """S08"""
    answer = staff.web.post(link("unsubscribe", message_of(world, "john")), ("List-Unsubscribe", "One-Click"), **EVIL)
    assert answer.status == 200
    assert "evil.example" not in answer.text
