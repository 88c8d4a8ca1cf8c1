"""What others say, as far as it may be written down for everybody: without the addresses in it."""

from __future__ import annotations

import re

#: An address of whatever kind; mail servers like to repeat those that they refuse.
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:=]+(@|%40)[^\s<>()\[\]\",;:]+", re.IGNORECASE)


def blotted(text: str) -> str:
    """Return a text without the addresses in it.

    >>> blotted("550 5.1.1 <hanako@example.co.jp>: unknown, postmaster@example.com says")
    '550 5.1.1 <•••>: unknown, ••• says'
    """
    return _ADDRESS.sub("•••", text)
