"""The plain text of an HTML mail: paragraphs, lists, links with their addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

#: Elements whose text is not shown.
_HIDDEN = frozenset(("style", "script", "title", "template"))
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "hr"])
_LINES = frozenset(
    ["div", "tr", "li", "section", "header", "footer", "article", "main", "body", "html", "center"]
    + ["dt", "dd", "dl", "tbody", "thead"]
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
#: Signs that stand for the end of a line and of a paragraph until the text is whole.
_LINE, _PARAGRAPH = "\x01", "\x02"
_BREAKS = re.compile(r"[ \n]*[\x01\x02][\x01\x02 \n]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader without HTML sees."""

    text: str
    #: how many elements there are; no more can lie in one another
    elements: int


def without_controls(text: str) -> str:
    """Return a text without signs that no mail may hold, such as NUL and lone surrogates."""
    return _CONTROL.sub("", text)


def read_html(html: str) -> Reading:
    """Return the text of an HTML document that holds no control signs.

    >>> read_html('<p>See <a href="https://example.com/">our site</a>.</p><ul><li>1 &lt; 2</ul>').text
    'See our site (https://example.com/).\\n\\n- 1 < 2'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    whole = _BREAKS.sub(lambda found: "\n\n" if _PARAGRAPH in found[0] else "\n", "".join(reader.pieces))
    lines = (line.strip(" ") for line in whole.split("\n"))
    return Reading("\n".join(lines).strip("\n"), reader.elements)


class _Reader(HTMLParser):
    """Collects the pieces of a text as the parser meets them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.elements = self._hidden = 0
        #: links that are open: the address and where their text begins
        self._links: list[tuple[str, int]] = []
        #: lists that are open: the number of the last entry, or None for bullets
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        self._break(tag)
        match tag:
            case "br":
                self.pieces.append("\n")
            case "hr":
                self.pieces.append("-" * 20 + _PARAGRAPH)
            case "td" | "th":
                self.pieces.append(" ")
            case "img":
                self.handle_data(dict(attrs).get("alt") or "")
            case "a":
                self._links.append((dict(attrs).get("href") or "", len(self.pieces)))
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else None)
            case "li":
                self.pieces.append(self._mark())
            case _ if tag in _HIDDEN:
                self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._break(tag)
        if tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # As a browser does: <div/> opens a div, <br/> is <br>.
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._hidden == 0:
            text = _SPACES.sub(" ", data)
            if text == " " and (not self.pieces or self.pieces[-1][-1:] in (" ", "\n", _LINE, _PARAGRAPH)):
                return
            self.pieces.append(text)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            # A list in a list goes on line by line.
            self.pieces.append(_LINE if self._lists and tag in ("ul", "ol") else _PARAGRAPH)
        elif tag in _LINES:
            self.pieces.append(_LINE)

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _close_link(self, href: str, start: int) -> None:
        inner = "".join(self.pieces[start:]).strip()
        address = href.strip().removeprefix("mailto:").removeprefix("tel:")
        if not address or address.startswith("#") or address == inner:
            return
        self.pieces.append(f" ({address})" if inner else address)
