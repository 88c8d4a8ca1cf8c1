"""Skeletons: an e-mail read and its styles inlined once, for all messages that differ only in plain values.

A body is rendered for each message; its pieces are either the template's own or values. Where all values are tame,
the page is made for stand-ins instead, as tame as they are, and the values are put in their places. This gives what
the page of the message itself would give, for what reads a page treats all tame values alike:

- a tame value holds no sign that means something in HTML, no space but single ones between other signs, nothing that
  a parser drops or replaces; so does a stand-in. Equal values have equal stand-ins, different ones different ones;
- values may stand in running text and in a few quoted attributes that no style may ask about;
- what compares texts with one another (a link with its words, the footer with the page) is asked again for the values.

All else is made message by message. The first message of each skeleton is made both ways, and the skeleton is given
up where they differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engage.effects.outlines import Pieces
from engage.effects.text_part import SIGNS, attributes_of
from engage.language.web_addresses import is_script

#: Signs of values that are not tame: of HTML, spaces of all kinds, controls, what a parser may replace or leave out.
_WILD = r"""\s&<>"'`\x00-\x20\x7f-\xad\u2000-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\uffff"""
_TAME = re.compile(f"[^{_WILD}]+(?: [^{_WILD}]+)*+")
_STAND_IN = re.compile("qzx([0-9]+)xzq", re.IGNORECASE)
#: Attributes in which a value may stand.
_FREE = frozenset(("href", "src", "alt", "title"))
#: What an address loses, or is not shown for, when it begins so.
_SCHEMES = ("mailto:", "tel:")
_STYLES = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
_OPEN_ENTITY = re.compile(r"&[#0-9A-Za-z]*$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with places for values: every second piece is one, and each has its number."""

    pieces: tuple[str, ...]
    numbers: tuple[int, ...]

    def filled(self, values: Sequence[str]) -> str:
        """Return the text with its values."""
        if not self.numbers:
            return self.pieces[0]
        shown = list(self.pieces)
        shown[1::2] = [values[number] for number in self.numbers]
        return "".join(shown)


def pattern(text: str) -> Pattern:
    """Return a text with stand-ins as a pattern."""
    parts = _STAND_IN.split(text)
    return Pattern(tuple(parts), tuple(map(int, parts[1::2])))


def places(text: str) -> Pieces:
    """Return a text with stand-ins in pieces: its own, and the numbers of its values."""
    return tuple(int(part) if n % 2 else part for n, part in enumerate(_STAND_IN.split(text)) if n % 2 or part)


def stand_in(number: int) -> str:
    """Return what stands for the value of a number; no two are part of one another."""
    return f"qzx{number}xzq"


@dataclass(frozen=True, slots=True)
class Shape:
    """The pieces of a rendered body: the template's own, and the numbers of its tame values."""

    pieces: tuple[str | int, ...]

    def page(self) -> str:
        """Return the body with stand-ins."""
        return "".join([stand_in(piece) if isinstance(piece, int) else piece for piece in self.pieces])


def shaped(pieces: Sequence[str], values: dict[str, int]) -> Shape | None:
    """Return the shape of a body and number its values, beginning with those that are numbered already.

    None where a value is not tame.
    """
    shape: list[str | int] = []
    for piece in pieces:
        if type(piece) is not Markup:
            shape.append(piece)
        elif piece:
            if not is_tame(piece):
                return None
            shape.append(values.setdefault(str(piece), len(values)))
    return Shape(tuple(shape))


def stand_ins(text: str) -> int:
    """Return how many stand-ins a text holds."""
    return len(_STAND_IN.findall(text))


def is_tame(value: str) -> bool:
    """Tell whether all that reads a page treats this value like any other word."""
    return _TAME.fullmatch(value) is not None


def is_free(html: str) -> bool:
    """Tell whether every stand-in of a page stands where a value may stand."""
    if any(_STAND_IN.search(style) for style in _STYLES.findall(html)):
        return False
    asked = any("[" in style for style in _STYLES.findall(html))
    place = 0
    for sign in SIGNS.finditer(html):
        if not _is_free_text(html[place : sign.start()]):
            return False
        place = sign.end()
        if _STAND_IN.search(sign[0]) and (asked or not _is_free_sign(sign)):
            return False
    return _is_free_text(html[place:])


def _is_free_text(text: str) -> bool:
    """Tell whether no stand-in follows what begins a tag or an entity."""
    return all("<" not in before and not _OPEN_ENTITY.search(before) for before in _befores(text))


def _is_free_sign(sign: re.Match[str]) -> bool:
    """Tell whether the stand-ins of a tag are in the values of attributes that may hold one."""
    if not sign[3]:
        return False
    found = 0
    for name, value in attributes_of(sign[4]):
        held = stand_ins(value)
        if held and (name not in _FREE or not _is_free_value(value)):
            return False
        found += held
    return found == stand_ins(sign[0])


def _is_free_value(value: str) -> bool:
    """Tell whether an attribute's value is quoted, and what leads to a stand-in is no part of a scheme or entity."""
    inner = value[1:-1].lstrip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    first = next(_befores(inner), "")
    begun = any(first and scheme.startswith(first) and scheme != first for scheme in _SCHEMES)
    return quoted and not begun and not any(map(_OPEN_ENTITY.search, _befores(inner)))


def _befores(text: str) -> Iterator[str]:
    """Yield what stands before each stand-in of a text, from its beginning or the stand-in before."""
    yield from _STAND_IN.split(text)[:-1:2]


@dataclass(frozen=True, slots=True)
class Link:
    """An address and the words of its link, where they differ for stand-ins."""

    address: Pattern
    words: Pattern

    def holds(self, values: Sequence[str]) -> bool:
        """Tell whether they differ for these values, and the address is none that is not shown."""
        address = self.address.filled(values)
        if address == self.words.filled(values) or is_script(address):
            return False
        begins_with_value = self.address.numbers and not self.address.pieces[0]
        return not begins_with_value or not address.startswith(("#", *_SCHEMES))


def links(found: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    """Return the links of a page with stand-ins that must be asked again for the values."""
    differing = (Link(pattern(address), pattern(words)) for address, words in found if address != words)
    return tuple(link for link in differing if link.address.numbers or link.words.numbers)
