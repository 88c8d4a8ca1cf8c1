"""Signed links: what they give back, and that nobody makes one up (B32, B65, S29, S45, S47)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.effects.links import (
    LETTERS,
    Purpose,
    click_url,
    is_target,
    read_click,
    read_token,
    signing_key,
    signing_keys,
    token,
    url,
)
from engage.settings import read_settings

BASE = "https://m.example.com"
KEYS = signing_keys("secret", (), BASE)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
TARGETS = (
    "https://example.com",
    "HTTPS://EXAMPLE.COM/?q=%25&r=a+b&utm_source=mail#top",
    "http://例え.jp/道?名=値",
    "https://example.com/a b/\N{RIGHTWARDS ARROW}",
    "https://user:pa%3Ass@example.com:8443/;p?x=1;y=2",
    "https://example.com/" + "x" * 8_000,
    "https://[2001:db8::1]/\\..\\",
)
#: What a browser may take for an address elsewhere, or for a script.
HOSTILE = (
    "",
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https:///evil.example",
    "https://\\evil.example",
    "https:/\\evil.example",
    "https://",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "mailto:a@example.com",
    "https://example.com/\r\nSet-Cookie: a=b",
    "https://exa\tmple.com/",
    "https://example.com/\0",
    " https://example.com/",
)


def followed(address: str) -> str:
    """Return what stands behind ``/c/`` in an address."""
    return address.removeprefix(f"{BASE}/c/")


@pytest.mark.parametrize("target", TARGETS)
def test_a_click_leads_to_the_exact_target(target: str) -> None:
    address = click_url(BASE, KEYS[0], 42, target)
    assert address.isascii()
    assert read_click(KEYS, followed(address)) == (42, target)


@pytest.mark.parametrize("target", HOSTILE)
def test_a_click_leads_nowhere_but_to_the_web_even_when_signed(target: str) -> None:
    assert not is_target(target)
    assert read_click(KEYS, followed(click_url(BASE, KEYS[0], 42, target))) is None


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_is_good_for_its_purpose_and_message_alone(purpose: Purpose) -> None:
    made = token(KEYS[0], purpose, 42)
    assert url(BASE + "/", KEYS[0], purpose, 42) == f"{BASE}/{LETTERS[purpose]}/{made}"
    assert {p for p in PURPOSES if read_token(KEYS, p, made) is not None} == {purpose}
    assert len(made.partition(".")[2]) == 22  # 128 bits
    assert read_token(KEYS, purpose, made.replace("2a.", "2b.")) is None
    assert read_token(KEYS, purpose, "0" + made) is None
    assert read_token(signing_keys("other", (), BASE), purpose, made) is None
    assert read_token(signing_keys(None, (), BASE), purpose, made) is None
    assert read_token((), purpose, made) is None


def test_no_sign_of_a_link_can_be_changed_left_out_or_added() -> None:
    made = followed(click_url(BASE, KEYS[0], 42, "https://example.com/a?b=1"))
    for place in range(len(made)):
        others = {chr(ord(made[place]) ^ 1), "A", "_", "/", ".", "é", "\udcff"} - {made[place]}
        changed = [made[:place] + other + made[place + 1 :] for other in others]
        for text in (*changed, made[:place], made[:place] + made[place + 1 :], made[:place] + "A" + made[place:]):
            assert read_click(KEYS, text) is None, text
    assert read_click(KEYS, made + "=") is None
    assert read_click(KEYS, made + "?to=https://evil.example") is None


def test_the_target_of_one_message_is_not_good_for_another() -> None:
    mine = followed(click_url(BASE, KEYS[0], 1, "https://example.com/"))
    theirs = followed(click_url(BASE, KEYS[0], 2, "https://example.com/other"))
    swapped = mine.partition("/")[0] + "/" + theirs.partition("/")[2]
    evil = mine.partition("/")[0] + "/" + urlsafe_b64encode(b"https://evil.example/").decode().rstrip("=")
    assert read_click(KEYS, swapped) is None
    assert read_click(KEYS, evil) is None


def test_a_replaced_key_still_verifies_what_it_signed_and_signs_no_more() -> None:
    environ = {"ENGAGE_SECRET_KEY": "new", "ENGAGE_OLD_SECRET_KEYS": " older , secret,"}
    read = read_settings(environ, Path("shop"))
    assert read.old_secret_keys == ("older", "secret")
    keys = signing_keys(read.secret_key, read.old_secret_keys, BASE)
    assert keys[0] == signing_key("new", BASE)
    assert read_token(keys, "unsubscribe", token(KEYS[0], "unsubscribe", 7)) == 7
    assert read_click(keys, followed(click_url(BASE, KEYS[0], 7, "https://a.example/"))) == (7, "https://a.example/")
    assert read_token(KEYS, "unsubscribe", token(keys[0], "unsubscribe", 7)) is None
    assert "secret" not in repr(read).replace("secret_key", "")


@settings(max_examples=2_000, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda each: each.decode("utf-8", "surrogateescape")))
def test_nothing_made_up_is_a_link(text: str) -> None:
    assert read_click(KEYS, text) is None
    assert read_click(KEYS, f"2a.{text}/{text}") is None
    assert all(read_token(KEYS, purpose, given) is None for purpose in PURPOSES for given in (text, f"2a.{text}"))


def test_very_long_and_strange_tokens_are_only_no_tokens() -> None:
    good = token(KEYS[0], "open", 42)
    for text in ("", ".", "%00", good + "%00", "9" * 10_240, f"{'f' * 17}.x", "٣." + "A" * 22, "2a." + "A" * 10_240):
        assert read_token(KEYS, "open", text) is None
        assert read_click(KEYS, f"{text}/{text}") is None
