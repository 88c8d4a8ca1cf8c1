"""The text part of a mail."""

from __future__ import annotations

import pytest

from engage.effects.text_part import read_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>  many\n   spaces </p>", "many spaces"),
        ("a <b>bold</b> word", "a bold word"),
        ("&lt;b&gt; &amp; &copy; &#12354;", "<b> & © あ"),
        ("全角　空白", "全角　空白"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<ul><li>one<ol><li>deep</li></ol></li><li>two</li></ul>", "- one\n1. deep\n- two"),
        ('<a href="https://e.com/?a=1&amp;b=2">here</a>', "here (https://e.com/?a=1&b=2)"),
        ('<a href="https://e.com/">https://e.com/</a>', "https://e.com/"),
        ('<a href="mailto:a@e.com">a@e.com</a> <a href="#top">top</a> <a>none</a>', "a@e.com top none"),
        ('<a href="https://e.com/"><img src="x" alt="Logo"></a>', "Logo (https://e.com/)"),
        ('<a href="https://e.com/"><img src="x"></a>', "https://e.com/"),
        ("<title>t</title><style>p{}</style><script>if (a<b) x()</script><!-- c -->seen", "seen"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("</p></div></ul></a>stray", "stray"),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    assert read_html(html).text == text


def test_elements_are_counted_however_they_are_closed() -> None:
    assert read_html("<div></b>" * 1000).elements == 1000


@pytest.mark.parametrize(
    "piece", ["<!--", "<!", "<title", "<a '", '<a "', "<br> ", "<a href='x'>y</a>", "<ul><li>", "&"]
)
def test_broken_html_takes_no_longer_than_good(piece: str) -> None:
    """FAULTS B31: a hundred thousand of anything are read in a moment, not in minutes."""
    read_html(piece * 100_000)
