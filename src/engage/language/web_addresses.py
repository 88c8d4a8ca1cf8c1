"""Addresses in HTML as a browser reads them: what an attribute says, and whether it would run a script."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

#: Attributes that hold an address. What is loaded or followed there must not be a script.
ADDRESSES = frozenset(
    ("href", "src", "action", "formaction", "background", "poster", "data", "xlink:href", "background-url")
)
#: Controls and spaces around an address are not part of it, and three signs never are.
_AROUND = "".join(map(chr, range(0x21)))
_NEVER = re.compile("[\t\n\r]")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([A-Za-z][A-Za-z0-9]*+)(?:;|(?!=)))")
_SCRIPT = re.compile(r"(?:javascript|vbscript|livescript|data):", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/", re.IGNORECASE)


def attribute_text(written: str) -> str:
    """Return what an attribute's value says.

    In an attribute a name such as ``&copy`` means a sign only with its semicolon, or at the end of a word.

    >>> attribute_text("?a=1&copy=2&amp;b=3&lt;"), attribute_text("&copyright;&#74;&amp;=")
    ('?a=1&copy=2&b=3<', '&copyright;J&=')
    """
    return _REFERENCE.sub(_referred, written) if "&" in written else written


def _referred(found: re.Match[str]) -> str:
    if found[1] is None:
        return unescape(found[0])
    return html5.get(found[0][1:], found[0])


def web_address(text: str) -> str:
    r"""Return an address as a browser takes it: nothing around it, no tabs and line ends within.

    >>> web_address(" \x01java\nscript:alert(1) ")
    'javascript:alert(1)'
    """
    return _NEVER.sub("", text.strip(_AROUND))


def is_script(address: str, *, picture: bool = False) -> bool:
    """Tell whether a browser would run an address, or read it as a page of its own; some ``picture`` may be data."""
    if address.startswith(("https://", "http://")):
        return False
    taken = web_address(address)
    return _SCRIPT.match(taken) is not None and not (picture and _PICTURE.match(taken))
