"""Whether a request that would change something comes from a page of ours."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from engage.accounts.keys import derived, same, signature
from engage.web.exchange import Request

#: Where a browser may be sent after a login; a longer address is none of ours.
_LONGEST = 2_000


def is_ours(request: Request, base_url: str) -> bool:
    """Tell whether a form was sent from our own pages.

    Browsers say so themselves (``Sec-Fetch-Site``); of older ones ``Origin`` must be our address, or the host that was
    asked. Who says neither is no browser, and is refused.
    """
    said = request.header(b"sec-fetch-site")
    if said:
        return said == "same-origin"
    origin = urlsplit(request.header(b"origin"))
    if not origin.netloc:
        return False
    return origin.netloc in (urlsplit(base_url).netloc, request.header(b"host"))


def guard_of(secret_key: str, token: str) -> str:
    """Return the token that the forms of a login carry."""
    return signature(derived(secret_key, "guard"), token)


def is_guarded(secret_keys: Sequence[str], token: str, given: str) -> bool:
    """Tell whether a form carries the token of its login, by any of the keys."""
    return any(same(guard_of(secret_key, token), given) for secret_key in secret_keys)


def own_path(text: str, otherwise: str) -> str:
    """Return an address to go on to if it is a path of this site, else another.

    >>> own_path("/todos?tab=mine", "/"), own_path("//evil.example", "/"), own_path("/\\\\evil.example", "/")
    ('/todos?tab=mine', '/', '/')
    """
    plain = text.isprintable() and text.isascii() and "\\" not in text and " " not in text
    if len(text) > _LONGEST or not plain or not text.startswith("/") or text.startswith("//"):
        return otherwise
    return text
