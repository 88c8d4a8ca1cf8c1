"""A rendered body becomes a page: styles inlined, a text part, a footer, the marks of tracking.

By a skeleton, where that is the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import css_inline

from engage.effects.footer import Page, missing, missing_lines, spaced, with_footer, with_preheader
from engage.effects.outlines import Outline, outlined
from engage.effects.skeleton import (
    Link,
    Pattern,
    Shape,
    is_free,
    is_tame,
    links,
    pattern,
    places,
    shaped,
    stand_in,
    stand_ins,
)
from engage.effects.text_part import read_html, without_controls
from engage.effects.tracking import Track

#: The inliner nests calls as the document nests elements and takes the process with it when the stack ends
#: (measured: between 10,000 and 20,000 on a stack of 8 MB). A longer document keeps its style tags only.
MOST_ELEMENTS = 4000
_STYLED = re.compile(r"<(?:style|link)\b", re.IGNORECASE)
#: So many skeletons of one e-mail are kept, and so many are tried before any has served.
_KEPT, _TRIED = 64, 8


@dataclass(frozen=True, slots=True)
class Frame:
    """What goes around a body."""

    preheader: str
    #: the lines that say who sends and where they are
    sender: tuple[str | None, ...]
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A page with places for values, and what must hold for them."""

    html: Outline
    text: Pattern
    #: the text before the footer, in single spaces, and what that lacks; no tame value holds other spaces
    inner: Pattern
    lacks: tuple[list[str], bool]
    links: tuple[Link, ...]

    def page(self, values: Sequence[str], frame: Frame, track: Track | None) -> Page | None:
        """Return the page for some values; None where it may be another than that of the message itself."""
        inner = self.inner.filled(values)
        lacks = missing_lines(inner, frame.sender), frame.unsubscribe_url not in inner
        if lacks != self.lacks or not all(link.holds(values) for link in self.links):
            return None
        return Page(self.html.filled(values, track), self.text.filled(values))


#: A shape and the frame around it, but for its tame values; the number of the preheader, where it is one.
_Key = tuple[Shape, tuple[str | None, ...], int | str]


class Pages:
    """Makes the pages of one e-mail."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._skeletons: dict[_Key, Skeleton | None] = {}
        self._tried = self._served = 0

    def page(self, pieces: Sequence[str], frame: Frame, track: Track | None = None) -> Page:
        """Return the page of a body that was rendered in pieces; see ``sandbox.in_pieces``.

        ``track``: how the message is tracked, if it is.
        """
        return self._by_skeleton(pieces, frame, track) or self.whole("".join(pieces), frame, track)

    def whole(self, html: str, frame: Frame, track: Track | None = None) -> Page:
        """Return the page of a body as it is."""
        page, _, _ = self._made(without_controls(html), frame)
        return Page(outlined(page.html).filled((), track), page.text)

    def _made(self, html: str, frame: Frame) -> tuple[Page, str, Sequence[tuple[str, str]]]:
        """Return a page, its text without the footer, and its links."""
        reading = read_html(html)
        page = with_footer(Page(html, reading.text), frame.sender, frame.unsubscribe_url, self._language)
        shown = with_preheader(page.html, frame.preheader)
        if reading.elements <= MOST_ELEMENTS and _STYLED.search(html):
            shown = _inlined(shown)
        return Page(shown, page.text), reading.text, reading.links

    def _by_skeleton(self, pieces: Sequence[str], frame: Frame, track: Track | None) -> Page | None:
        if not is_tame(frame.unsubscribe_url):
            return None
        numbers = {frame.unsubscribe_url: 0}
        preheader: int | str = frame.preheader
        if is_tame(frame.preheader):
            preheader = numbers.setdefault(frame.preheader, len(numbers))
        shape = shaped(pieces, numbers)
        if shape is None:
            return None
        key, values = (shape, frame.sender, preheader), list(numbers)
        if key not in self._skeletons:
            return self._first(key, values, pieces, frame, track)
        skeleton = self._skeletons[key]
        page = None if skeleton is None else skeleton.page(values, frame, track)
        self._served += page is not None
        return page

    def _first(
        self, key: _Key, values: Sequence[str], pieces: Sequence[str], frame: Frame, track: Track | None
    ) -> Page | None:
        """Make a skeleton, unless too many were made in vain; return the message's own page."""
        if self._tried > _TRIED + self._served // _TRIED:
            return None
        self._tried += 1
        skeleton, page = self._skeleton(*key), self.whole("".join(pieces), frame, track)
        if len(self._skeletons) >= _KEPT:
            self._skeletons.clear()
        good = skeleton is not None and skeleton.page(values, frame, track) == page
        self._skeletons[key] = skeleton if good else None
        return page

    def _skeleton(self, shape: Shape, sender: tuple[str | None, ...], preheader: int | str) -> Skeleton | None:
        """Return the skeleton of all messages of a shape; None where values stand in places that are not free."""
        html = without_controls(shape.page())
        if stand_ins(html) != sum(isinstance(piece, int) for piece in shape.pieces) or not is_free(html):
            return None
        shown = stand_in(preheader) if isinstance(preheader, int) else preheader
        frame = Frame(shown, sender, stand_in(0))
        page, inner, found = self._made(html, frame)
        footer = with_footer(Page(html, inner), sender, frame.unsubscribe_url, self._language).html
        if stand_ins(page.html) != stand_ins(with_preheader(footer, shown)) or not is_free(page.html):
            return None
        lacks = missing(inner, sender, frame.unsubscribe_url)
        return Skeleton(outlined(page.html, places), pattern(page.text), pattern(spaced(inner)), lacks, links(found))


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


def _inlined(html: str) -> str:
    try:
        return _inliner().inline(html)
    except css_inline.InlineError:
        # Styles that cannot be read: mail programs see the same text and skip them too.
        return html
