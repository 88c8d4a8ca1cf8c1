"""A skeleton gives the page that each message would have by itself, wherever its values stand, whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.effects.pages import Frame, Pages
from engage.effects.sandbox import in_pieces, sandbox
from engage.language.shelf import Shelf
from tests.effects.mailroom import ZONE

STYLE = "<style>p { color: red } a.b { color: blue } td { margin: 0 } p:empty { color: green }</style>"
SENDER = ("Example marketing", "1-1 Chiyoda, Tokyo")

#: Bodies whose values stand where they may: a skeleton serves.
FREE = [
    "<p>{{ a }}</p>",
    "{{ a }}",
    "{{ a }}{{ b }} {{ a }}",
    STYLE + "<p>Dear {{ a }},<br>{{ b }}</p>{% if c == 'x' %}<p>{{ c }}</p>{% endif %}",
    STYLE + '<p><a class=b href="https://e.com/{{ a }}?x=1&amp;y={{ b }}">{{ c }}</a></p>',
    STYLE + '<a href="{{ url }}">stop</a> <a href="mailto:{{ a }}">{{ a }}</a> <a href="{{ b }}">{{ b }}</a>',
    STYLE + '<a href="{{ a }}">{{ b }}</a><img src="{{ a }}" alt="{{ b }}">',
    STYLE + "<table>{{ a }}<tr><td>{{ b }}</table><select>{{ c }}</select><pre>\n{{ a }}</pre>",
    STYLE + "<textarea>\n{{ a }}</textarea><noscript>{{ b }}</noscript>",
    "<!doctype html><html><head>" + STYLE + "</head>{{ a }}<body><p>{{ b }}</p></body>{{ c }}</html>",
    STYLE + "<ol>{% for x in ['1', a, b] %}<li>{{ x }}{% endfor %}</ol>Example marketing {{ a }}, Tokyo",
    STYLE + "1-1 {{ a }}, Tokyo {{ url }}",
    "<html><head>" + STYLE + "</head><frameset>{{ a }}</frameset></html>",
]  # fmt: skip
#: Bodies in which a value may mean something: each message is made by itself.
BOUND = [
    STYLE + "<p class={{ a }}>x</p>",
    STYLE + "<p class='{{ a }}'>x</p>",
    STYLE + "<p style='color: {{ a }}'>x</p>",
    STYLE + "<{{ a }}>x",
    STYLE + "x < {{ a }} > y",
    STYLE + "&{{ a }}; &am{{ b }}p; &#{{ c }};",
    STYLE + "<a href='&{{ a }}'>x</a> <a href='mail{{ b }}'>y</a> <a href='#{{ c }}'>z</a>",
    STYLE + "<!-- {{ a }} --><p>{{ b }}</p>",
    STYLE + "<script>{{ a }}</script><p>{{ b }}</p>",
    "<style>p {{ '{' }} color: {{ a }} }</style><p>x</p>",
    "<style>a[href*=x] { color: red }</style><a href='{{ a }}'>x</a>",
    STYLE + '<a href="{{ a }}>x</a><p title="{{ b }}">y</p>',
    STYLE + "qzx1xzq {{ a }} qzx0xzq",
    STYLE + "<p data-css-inline={{ a }}>x</p>",
]  # fmt: skip
WORDS = ["x", "b", "red", "amp", "#top", "mailto:", "tel:", "to:x", "https://e.com/", "--", "5", "p", "Chiyoda",
         "Example marketing", "stop", "qzx0xzq", "佐藤 花子", "株式会社", "O'Neil", "a & b", "<b>", " x", "x  y",
         "a\nb", "ignore", "", "\xa0", "\u3000", "\u2028", "\x85", "\x00", "\ufeff", "🎉"]  # fmt: skip
VALUES = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))


def renderer(body: str) -> Callable[[Mapping[str, object]], list[str]]:
    return in_pieces(sandbox("en", ZONE, Shelf(()), autoescape=True), body)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(FREE + BOUND),
    st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=3, max_size=8),
    st.sampled_from(["", "Soon", "a & b", "佐藤"]),
)
def test_a_message_is_what_it_would_be_by_itself(body: str, rows: list[tuple[str, str, str]], preheader: str) -> None:
    render, pages = renderer(body), Pages("en")
    for number, (a, b, c) in enumerate([("One", "Two", "x"), *rows]):
        url = f"https://m.example.com/u/{number}"
        pieces = render({"a": a, "b": b, "c": c, "url": url})
        frame = Frame(preheader, SENDER, url)
        assert pages.page(pieces, frame) == pages.whole("".join(pieces), frame)


@pytest.mark.parametrize("body", FREE)
def test_where_values_stand_free_each_message_but_the_first_is_filled_in(body: str) -> None:
    assert served(body) == 4


@pytest.mark.parametrize("body", BOUND)
def test_where_a_value_may_mean_something_each_message_is_made_by_itself(body: str) -> None:
    assert served(body) == 0


def served(body: str) -> int:
    """Return how many of five messages with plain values a skeleton served."""
    render, pages = renderer(body), Pages("en")
    for number in range(5):
        url = f"https://m.example.com/u/{number}"
        pieces = render({"a": f"Sato{number}", "b": f"b{number}@example.com", "c": f"東京{number}", "url": url})
        pages.page(pieces, Frame("Soon", SENDER, url))
    return pages._served


def test_a_body_that_differs_each_time_is_soon_made_without_trying() -> None:
    render, pages = renderer("{% set t %}<b>{{ a }}</b>{% endset %}" + STYLE + "{{ t }}"), Pages("en")
    for number in range(100):
        url = f"https://m.example.com/u/{number}"
        pieces = render({"a": f"Sato{number}", "b": "", "c": "", "url": url})
        frame = Frame("", SENDER, url)
        assert pages.page(pieces, frame) == pages.whole("".join(pieces), frame)
    assert pages._tried <= 9
