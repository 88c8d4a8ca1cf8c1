"""The plain text of an HTML mail: paragraphs, lists, links with their addresses.

The standard library's parser takes half of a delivery's time, so the signs of HTML are found by one
expression; its quantifiers are possessive, so that broken HTML costs no more than good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

from engage.language.web_addresses import attribute_text, is_script

_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "hr"])
_LINES = frozenset(["div", "tr", "li", "section", "header", "footer", "article", "main", "body", "html"])
#: Comments; elements whose text is not shown; declarations; start and end tags with their attributes.
SIGNS = re.compile(
    r"""<!--(?:.*?-->|.*)|<(style|script|title|template)\b[^<>]*+>(?:.*?</\1\s*>|.*)|<[!?][^<>]*+>|"""
    r"""<(/?)([a-z][a-z0-9:-]*)((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""",
    re.IGNORECASE | re.DOTALL,
)
#: The name and the value of an attribute.
ATTRIBUTE = re.compile(r"""([^\s=>"'/]++)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]++)""")
#: How an element that is not shown ends; and the begin of what has no end.
_CLOSED = re.compile(r"</[a-z]+\s*>\Z", re.IGNORECASE)
_OPENED = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
#: Signs that stand for the end of a line and of a paragraph until the text is whole.
_LINE, _PARAGRAPH = "\x01", "\x02"
_BREAKS = re.compile(r"[ \n\x01\x02]{2,}|[\x01\x02]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader without HTML sees."""

    text: str
    #: how many elements there are; no more can lie in one another
    elements: int
    #: the address and the words of each link
    links: Sequence[tuple[str, str]] = ()


def without_controls(text: str) -> str:
    """Return a text without signs that no mail may hold, such as NUL and lone surrogates."""
    return _CONTROL.sub("", text)


def read_html(html: str) -> Reading:
    """Return the text of an HTML document that holds no control signs.

    >>> read_html('<p>See <a href="https://example.com/">our site</a>.</p><ul><li>1 &lt; 2</ul>').text
    'See our site (https://example.com/).\\n\\n- 1 < 2'
    """
    reader = _Reader()
    place = 0
    for sign in SIGNS.finditer(html):
        reader.data(html[place : sign.start()])
        place = sign.end()
        _, slash, tag, attributes = sign.groups()
        if tag:
            (reader.end if slash else reader.start)(tag.lower(), attributes)
    reader.data(html[place:])
    return Reading(reader.whole(), reader.elements, reader.closed)


@dataclass(slots=True)
class _Reader:
    """Collects the pieces of a text, sign by sign."""

    pieces: list[str] = field(default_factory=list)
    elements: int = 0
    #: the link that is open: its address and where its text begins; a new one ends it, as in a browser
    link: tuple[str, int] | None = None
    #: lists that are open: the number of the last entry, or None for bullets
    lists: list[int | None] = field(default_factory=list)
    #: links that were read
    closed: list[tuple[str, str]] = field(default_factory=list)

    def whole(self) -> str:
        """Return the text read so far."""
        text = _BREAKS.sub(_broken, "".join(self.pieces))
        return "\n".join([line.strip(" ") for line in text.split("\n")]).strip("\n")

    def data(self, data: str) -> None:
        """Read text between signs."""
        if not data:
            return
        text = _SPACES.sub(" ", unescape(data) if "&" in data else data)
        if text != " " or (self.pieces and self.pieces[-1][-1:] not in (" ", "\n", _LINE, _PARAGRAPH)):
            self.pieces.append(text)

    def start(self, tag: str, attributes: str) -> None:
        """Read the start of an element."""
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
                self.data(_attribute(attributes, "alt"))
            case "a":
                self._close_link()
                self.link = (_attribute(attributes, "href"), len(self.pieces))
            case "ul" | "ol":
                self.lists.append(0 if tag == "ol" else None)
            case "li":
                self.pieces.append(self._mark())

    def end(self, tag: str, attributes: str) -> None:  # noqa: ARG002
        """Read the end of an element."""
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        self._break(tag)
        if tag == "a":
            self._close_link()

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            # A list in a list goes on line by line.
            self.pieces.append(_LINE if self.lists and tag in ("ul", "ol") else _PARAGRAPH)
        elif tag in _LINES:
            self.pieces.append(_LINE)

    def _mark(self) -> str:
        if not self.lists or self.lists[-1] is None:
            return "- "
        self.lists[-1] += 1
        return f"{self.lists[-1]}. "

    def _close_link(self) -> None:
        if self.link is None:
            return
        href, start = self.link
        self.link = None
        inner = "".join(self.pieces[start:]).strip()
        address = href.strip().removeprefix("mailto:").removeprefix("tel:")
        self.closed.append((address, inner))
        if not address or address.startswith("#") or address == inner or is_script(address):
            return
        self.pieces.append(f" ({address})" if inner else address)


def _broken(found: re.Match[str]) -> str:
    """Return the line ends that a run of spaces, breaks and signs stands for."""
    run = found[0]
    if _PARAGRAPH in run:
        return "\n\n"
    return "\n" if _LINE in run else run


def end_of_body(html: str) -> int:
    """Return the place behind the last thing that a document shows: before </body>, or before what never ends.

    >>> end_of_body("<p>x</p></body></html>"), end_of_body("<p>x <!-- y"), end_of_body("<p>x <a href='")
    (8, 5, 5)
    """
    end, place, body = len(html), 0, None
    for sign in SIGNS.finditer(html):
        place = sign.end()
        if sign[2] and sign[3].lower() == "body":
            body = sign.start()
        elif place == len(html) and not _is_closed(sign):
            end = sign.start()
    tail = _OPENED.search(html, place)
    return body if body is not None else min(end, tail.start() if tail else end)


def _is_closed(sign: re.Match[str]) -> bool:
    """Tell whether a sign has its end."""
    if sign[0].startswith("<!--"):
        return sign[0].endswith("-->")
    return not sign[1] or _CLOSED.search(sign[0]) is not None


def attributes_of(attributes: str) -> Iterator[tuple[str, str]]:
    """Yield the attributes of a tag that have a value: the name in small letters, the value as it is written."""
    for key, value in ATTRIBUTE.findall(attributes):
        yield key.lower(), value


def _attribute(attributes: str, name: str) -> str:
    """Return the value of an attribute, or nothing."""
    for key, value in attributes_of(attributes):
        if key == name:
            return attribute_text(unquoted(value))
    return ""


def unquoted(value: str) -> str:
    """Return an attribute's value as it is written, without its quotes."""
    return value[1:-1] if value[0] in "\"'" else value
