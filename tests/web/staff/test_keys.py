"""Another secret key: what the one before signed and encrypted is good while that stands among the old ones (S47)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import select, update

from engage.accounts.keys import derived
from engage.accounts.second import _box
from engage.clock import system_clock
from engage.sql import tables as t
from engage.web.staff.cookies import SAID, Seals
from engage.web.staff.origin import guard_of
from engage.wording import packed, sentence
from tests.support.staff import Staff, staffed
from tests.support.web import KEY
from tests.support.world import World
from tests.web.staff.test_account import hidden, set_up
from tests.web.staff.test_calendar import address
from tests.web.staff.test_coming_in import log_in
from tests.web.staff.test_invitations import come_in, link

NEW = "another key, quite as long"
AFTER = {"secret_key": NEW, "old_secret_keys": (KEY,)}
WITHOUT = {"secret_key": NEW}


def test_links_logins_and_feeds_outlive_a_key(world: World, tmp_path: Path) -> None:
    with staffed(world.engine, tmp_path) as before:
        welcome, feed = link(world.engine, "welcome", "vera"), address(before)
        cookie = {"Cookie": f"__Host-engage={before.token('sato')}"}
    with staffed(world.engine, tmp_path, **AFTER) as after:
        assert after.web.get("/account", **cookie).status == 200
        assert after.web.get(feed).status == 200
        form = (("locale", "ja"), ("guard", guard_of(KEY, before.token("sato"))))
        sent = after.web.post("/account/wishes", *form, Sec_Fetch_Site="same-origin", **cookie)
        assert sent.status == 303, "a form of a page that was open"
        assert after.get(welcome, as_="").status == 200
        assert come_in(after, welcome).status == 303
        assert come_in(after, welcome).status == 404, "it works once"


def test_without_the_key_before_its_links_lead_nowhere(world: World, tmp_path: Path) -> None:
    welcome = link(world.engine, "welcome", "vera")
    with staffed(world.engine, tmp_path, **WITHOUT) as staff:
        assert staff.get(welcome, as_="").status == 404


def test_what_was_begun_under_a_key_is_ended_under_the_next(world: World, tmp_path: Path) -> None:
    """The message for the next page, and a login whose code is still asked for."""
    said = Seals((KEY,)).seal("said", [packed(sentence("your wishes are kept")), None])
    with staffed(world.engine, tmp_path) as before:
        secret, _ = set_up(before)
        half = hidden(log_in(before), "half")
    with staffed(world.engine, tmp_path, **WITHOUT) as without:
        fields = {"half": half, "code": pyotp.TOTP(secret).now()}
        assert 'name="password"' in without.post("/login/code", fields, as_="").text
    with staffed(world.engine, tmp_path, **AFTER) as after:
        assert "your wishes are kept" in after.web.get("/login", Cookie=f"{SAID}={said}").text
        assert after.post("/login/code", fields, as_="").status == 303


def test_a_second_factor_outlives_a_key_and_is_kept_by_the_next_when_it_was_used(world: World, tmp_path: Path) -> None:
    with staffed(world.engine, tmp_path) as before:
        secret, _ = set_up(before)
    with staffed(world.engine, tmp_path, **AFTER) as after:
        assert code_lets_in(after, secret)
    with world.engine.begin() as connection:
        kept = connection.scalar(select(t.credentials.c.second)) or ""
    assert _box([derived(NEW, "second")]).decrypt(kept.encode()).decode() == secret
    with pytest.raises(InvalidToken):
        _box([derived(KEY, "second")]).decrypt(kept.encode())
    with staffed(world.engine, tmp_path, **WITHOUT) as without:
        assert code_lets_in(without, secret)


def code_lets_in(staff: Staff, secret: str) -> bool:
    with staff.engine.begin() as connection:  # no code works twice, and the test does not wait for the next
        step = int((system_clock() - timedelta(minutes=5)).timestamp()) // 30
        connection.execute(update(t.credentials).values(second_step=step))
    fields = {"half": hidden(log_in(staff), "half"), "code": pyotp.TOTP(secret).now()}
    return staff.post("/login/code", fields, as_="").status == 303
