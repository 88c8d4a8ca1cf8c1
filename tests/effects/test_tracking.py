"""Rewriting: which links count clicks, that each gives back its exact target, pixel and trap (B31, B32, S29)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape

import css_inline
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.effects.links import is_target, read_click, read_token
from engage.effects.pages import Frame, Pages
from engage.effects.sandbox import in_pieces, sandbox
from engage.effects.tracking import Track, tracked
from engage.language.shelf import Shelf
from engage.language.web_addresses import web_address
from tests.effects.mailroom import ZONE

BASE, KEY = "https://m.example.com", b"key"
STYLE = "<style>p { color: red }</style>"
SENDER = ("Example marketing", "1-1 Chiyoda, Tokyo")
HREF = re.compile(r"""<(?:a|area)\b(?:[^>"']|"[^"]*"|'[^']*')*?\shref="([^"]*)\"""")
PIXEL = re.compile(r'<img src="https://m\.example\.com/o/([^"]+)"')


def track(number: int = 42, *, opens: bool = True, clicks: bool = True) -> Track:
    return tracked(BASE, KEY, number, opens=opens, clicks=clicks)


def whole(html: str, track: Track | None) -> str:
    return Pages("en").whole(html, Frame("", SENDER, f"{BASE}/u/2a.x"), track).html


def targets(html: str, number: int = 42) -> list[str]:
    """Return where each link that counts clicks leads to."""
    found = [read_click((KEY,), href.partition("/c/")[2]) for href in HREF.findall(html) if "/c/" in href]
    assert all(each is not None and each[0] == number for each in found)
    return [each[1] for each in found if each]


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ('"https://example.com"', "https://example.com"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("'HTTP://Example.COM/%25?a=%E3%81%82&b=\"x\"'", 'HTTP://Example.COM/%25?a=%E3%81%82&b="x"'),
        ('"https://e.com/?a=1&amp;b=2&#38;c=3&#x26;d=4"', "https://e.com/?a=1&b=2&c=3&d=4"),
        ('"https://e.com/?a=1&copy=2&lt=3&not4&amp=5"', "https://e.com/?a=1&copy=2&lt=3&not4&amp=5"),
        ('"https://e.com/?utm_source=x&utm_medium=mail#top"', "https://e.com/?utm_source=x&utm_medium=mail#top"),
        ('"https://例え.jp/道 の/駅?名=値"', "https://例え.jp/道 の/駅?名=値"),
        ('" https://e.com/long\n\tpath "', "https://e.com/longpath"),
        ('"https://e.com/' + "x" * 8000 + '"', "https://e.com/" + "x" * 8000),
        ('"https://user:p%40ss@e.com:8443/;a?b;c"', "https://user:p%40ss@e.com:8443/;a?b;c"),
        ('"https://e.com/\\..//\\"', "https://e.com/\\..//\\"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", ["", STYLE])
def test_a_link_counts_clicks_and_leads_to_its_exact_target(written: str, target: str, style: str) -> None:
    html = whole(f"{style}<p><a class=b href={written} title='a > b'>x</a></p>", track())
    assert targets(html) == [target]
    assert target not in html or "/" not in target


@pytest.mark.parametrize(
    "link",
    [
        '<a href="mailto:a@example.com?subject=https://e.com">x</a>',
        '<a href="tel:+81">x</a>',
        '<a href="#top">x</a>',
        '<a href="//example.com/">x</a>',
        '<a href="/pricing">x</a>',
        '<a href="https:example.com">x</a>',
        '<a href="https:///example.com">x</a>',
        '<a href="">x</a>',
        "<a name=x>x</a>",
        f'<a href="{BASE}/u/2a.x">x</a>',
        f'<a href="{BASE}/p/2a.x">x</a>',
        f'<a href="{BASE}/v/2a.x">x</a>',
        '<img src="https://example.com/x.png" alt="">',
        '<link href="https://example.com/x.css">',
        '<!-- <a href="https://example.com/">x</a> -->',
        '<title><a href="https://example.com/"></title>',
        '<p title="<a href=https://example.com/>">x</p>',
        "&lt;a href=https://example.com/&gt;",
    ],
)  # fmt: skip
def test_what_is_no_link_to_the_web_stays_as_it_is(link: str) -> None:
    html = whole(f"<p>{link}</p>", track(opens=False))
    assert link in html
    assert targets(html) == []


def test_areas_are_links_and_a_link_may_be_left_alone() -> None:
    html = whole(
        '<map><area href="https://e.com/map"></map><a data-engage-track="no" href="https://e.com/a">x</a>'
        f'<a href="https://e.com/b" data-engage-track=no>y</a><a href="{BASE}/prices">z</a>',
        track(),
    )
    assert targets(html) == ["https://e.com/map", f"{BASE}/prices"]
    assert '<a  href="https://e.com/a">' in html
    assert "data-engage-track" not in html


def test_nothing_is_marked_where_nothing_may_be_tracked() -> None:
    """S55."""
    body = '<p><a href="https://e.com/a">x</a></p>'
    assert whole(body, None).startswith(body)
    assert "<img" not in whole(body, None)
    opens = whole(body, track(clicks=False))
    assert (targets(opens), len(PIXEL.findall(opens)), "/t/" in opens) == ([], 1, False)
    clicks = whole(body, track(opens=False))
    assert (targets(clicks), len(PIXEL.findall(clicks)), clicks.count("/t/")) == (["https://e.com/a"], 0, 1)


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "",
        "<p>x",
        "<html><body><p>x</p></body></html>",
        "<html><body><p>x</p></body></html><!-- </body> -->",
        "<html><body><p>x</p></body></body></BODY ></html>",
        "<html><p>x</p></html>",
        "<p>x</p><!-- never closed <b>",
        "<p>x</p><a href='https://e.com/",
        "<p>x</p><style>p { color: red }",
        "<table><tr><td>x",
        "<p>x</p></body><p>y</p>",
        "<p>" + "<div>" * 200,
        "<p>x</p><![CDATA[ x",
        "<p title='</body>'>x</p>",
        "<p>1 < 2 and <3</p>",
        "<img alt='' src='data:image/png;base64," + "A" * 100_000 + "'>",
    ],
)
@pytest.mark.parametrize("style", ["", STYLE])
def test_pixel_trap_and_footer_stand_once_in_whatever_html(body: str, style: str) -> None:
    html = whole(style + body, track())
    # What a browser makes of it, without comments and what stands in attributes.
    seen = re.sub(r"<!--.*?-->|<style>.*?</style>", "", css_inline.CSSInliner(inline_style_tags=False).inline(html))
    assert [read_token((KEY,), "open", found) for found in PIXEL.findall(seen)] == [42]
    assert len(re.findall(r'<a href="https://m\.example\.com/t/[^"]+" tabindex="-1"', seen)) == 1
    assert seen.count("1-1 Chiyoda, Tokyo") == 1
    assert len(re.findall(r'<a href="https://m\.example\.com/u/', seen)) == 1


def renderer(body: str) -> Callable[[Mapping[str, object]], list[str]]:
    return in_pieces(sandbox("en", ZONE, Shelf(()), autoescape=True), body)


ADDRESSES = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http", "HTTPS"]),
    st.sampled_from(["e.com", "例え.jp", "a@b", "[::1]", "e.com:1"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=40),
).filter(lambda each: is_target(each) and web_address(each) == each)


@settings(deadline=None, max_examples=300)
@given(ADDRESSES, st.sampled_from(["", STYLE]), st.sampled_from(['"', "'"]))
def test_any_address_comes_back_exactly(address: str, style: str, quote: str) -> None:
    html = whole(f"{style}<p><a href={quote}{escape(address)}{quote}>x</a></p>", track())
    assert targets(html) == [address]


@settings(deadline=None, max_examples=100)
@given(st.lists(ADDRESSES | st.sampled_from(["", "x", "javascript:x", "a&b"]), min_size=3, max_size=6))
def test_a_skeleton_is_marked_as_each_message_would_be_by_itself(values: list[str]) -> None:
    body = (
        STYLE
        + '<a href="{{ a }}">x</a> <a href="https://e.com/?u={{ a }}&amp;b=1">{{ a }}</a> <a href="{{ url }}">s</a>'
    )
    render, pages = renderer(body), Pages("en")
    for number, value in enumerate(["https://e.com/one", "https://e.com/two", *values]):
        frame = Frame("", SENDER, f"{BASE}/u/{number:x}.x")
        pieces = render({"a": value, "url": frame.unsubscribe_url})
        page = pages.page(pieces, frame, track(number))
        assert page == pages.whole("".join(pieces), frame, track(number))
        assert pages.page(pieces, frame) == pages.whole("".join(pieces), frame)
        whole_link = [value] if is_target(web_address(value)) else []
        if not any(sign in value for sign in "\t\n\r"):
            assert targets(page.html, number)[: len(whole_link)] == whole_link
    assert pages._served > 0


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01java\tscript\r\n:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
    ],
)
@pytest.mark.parametrize("marked", [None, track()])
def test_a_value_never_makes_a_script_of_a_link(value: str, marked: Track | None) -> None:
    body = (
        STYLE
        + '<p><a href="{{ a }}">x</a><a href="{{ a }}">{{ a }}</a></p><img alt="" src="{{ a }}"><form action="{{ a }}">'
    )
    render, pages = renderer(body), Pages("en")
    for a in ("https://e.com/1", "https://e.com/2", value):
        frame = Frame("", SENDER, f"{BASE}/u/2a.x")
        page = pages.page(render({"a": a}), frame, marked)
    assert not re.search(
        r"""(?:href|src|action)\s*=\s*["']?[\s\x01]*(?:java|vb)?(?:script|data)""", page.html, re.IGNORECASE
    )
    assert page.html.count('="#"') == 4
    assert f"({value.strip()})" not in page.text


def test_scripts_hidden_in_entities_and_in_parts_of_a_value_are_none_either() -> None:
    html = whole('<a href="&#106;ava&Tab;script&colon;x">a</a><a href="jav&#x0A;ascript:x">b</a>', track(opens=False))
    assert html.count('href="#"') == 2
    render, pages = renderer('<a href="java{{ a }}">x</a>'), Pages("en")
    frame = Frame("", SENDER, f"{BASE}/u/2a.x")
    shown = [pages.page(render({"a": a}), frame).html for a in ("one", "two", "script:x")]
    assert ['href="#"' in html for html in shown] == [False, False, True]


def test_a_picture_may_be_data() -> None:
    html = whole('<img alt="" src="data:image/png;base64,AA=="><a href="data:image/png;base64,AA==">x</a>', None)
    assert 'src="data:image/png;base64,AA=="' in html
    assert '<a href="#">' in html
