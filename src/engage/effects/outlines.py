"""The outline of a page: all that is the same for every message, cut at the addresses that may differ.

Links are found once and shown for each message: rewritten where it is tracked, left as they are where not, and
taken out where a value has made a script of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engage.effects.links import is_target
from engage.effects.text_part import ATTRIBUTE, SIGNS, end_of_body, unquoted
from engage.effects.tracking import Track
from engage.language.template_links import UNTRACKED
from engage.language.web_addresses import ADDRESSES, attribute_text, is_script, web_address

#: A text with places for values, each the number of its value.
Pieces = tuple[str | int, ...]
#: Divides a text at its places for values.
Divide = Callable[[str], Pieces]
_LINKS = frozenset(("a", "area"))
#: Stands where an address led to a script.
_NOWHERE = '"#"'
#: A quoted address of the web that means what is written there.
_PLAIN = re.compile(r"""(["'])(https?://[^\s&"'\x00-\x20]*)\1""")


@dataclass(frozen=True, slots=True)
class Address:
    """The value of an attribute that is an address, in quotes or not."""

    written: Pieces
    #: the value is of a link whose clicks may be counted
    follows: bool
    #: pictures may be data
    picture: bool
    #: what it says, where it holds no value
    constant: str | None

    def shown(self, values: Sequence[str], track: Track | None) -> str:
        """Return it as it stands in a message."""
        if self.constant is not None:
            written, address = str(self.written[0]), self.constant
        else:
            written = "".join([values[piece] if isinstance(piece, int) else piece for piece in self.written])
            plain = _PLAIN.fullmatch(written)
            address = plain[2] if plain else web_address(attribute_text(unquoted(written)))
            if plain is None and is_script(address, picture=self.picture):
                return _NOWHERE
        followed = track.followed(address) if track is not None and self.follows else None
        return written if followed is None else f'"{followed}"'


@dataclass(frozen=True, slots=True)
class Outline:
    """A page in pieces: its own text, and nothing at the places of values, addresses and the marks of tracking."""

    own: tuple[str, ...]
    #: the places of values, with their numbers
    values: tuple[tuple[int, int], ...]
    addresses: tuple[tuple[int, Address], ...]
    #: the place of the marks of tracking, if there is one
    foot: int | None

    def filled(self, values: Sequence[str], track: Track | None) -> str:
        """Return the page of a message."""
        shown = list(self.own)
        for place, number in self.values:
            shown[place] = values[number]
        for place, address in self.addresses:
            shown[place] = address.shown(values, track)
        if track is not None and self.foot is not None:
            shown[self.foot] = track.foot
        return "".join(shown)


def whole(text: str) -> Pieces:
    """Return a text that has no places for values."""
    return (text,)


def outlined(html: str, divide: Divide = whole) -> Outline:
    """Return a page cut at its addresses; ``divide`` finds the places for values in each piece."""
    pieces: list[str | int | Address] = []
    place, end = 0, end_of_body(html)
    foot: int | None = None
    for start, stop, piece in (*_cuts(html, divide), (len(html), len(html), "")):
        if place <= end <= start:
            pieces += [*divide(html[place:end]), ""]
            place, end, foot = end, len(html) + 1, len(pieces) - 1
        pieces += [*divide(html[place:start]), piece]
        place = stop
    return Outline(
        tuple([piece if isinstance(piece, str) else "" for piece in pieces]),
        tuple([(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, int)]),
        tuple([(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Address)]),
        foot,
    )


def _cuts(html: str, divide: Divide) -> Iterator[tuple[int, int, str | Address]]:
    """Yield what is replaced: from where, to where, by what."""
    for sign in SIGNS.finditer(html):
        if sign[3] and not sign[2] and "=" in sign[4]:
            yield from _of_tag(sign, divide)


def _of_tag(sign: re.Match[str], divide: Divide) -> Iterator[tuple[int, int, str | Address]]:
    offset, tag = sign.start(4), sign[3].lower()
    attributes = [(found[1].lower(), found) for found in ATTRIBUTE.finditer(sign[4])]
    names, seen = {name for name, _ in attributes}, set[str]()
    for name, found in attributes:
        if name == UNTRACKED:
            yield offset + found.start(), offset + found.end(), ""
        elif name in ADDRESSES and name not in seen:
            seen.add(name)
            follows = tag in _LINKS and name == "href" and UNTRACKED not in names
            shown = _address(found[2], divide, follows=follows, picture=name != "href")
            if shown is not None:
                yield offset + found.start(2), offset + found.end(2), shown


def _address(written: str, divide: Divide, *, follows: bool, picture: bool) -> str | Address | None:
    """Return what stands in place of an address; None where it is the same in every message."""
    pieces = divide(written)
    if len(pieces) > 1 or isinstance(pieces[0], int):
        return Address(pieces, follows, picture, None)
    address = web_address(attribute_text(unquoted(written)))
    if is_script(address, picture=picture):
        return _NOWHERE
    return Address(pieces, follows, picture, address) if follows and is_target(address) else None
