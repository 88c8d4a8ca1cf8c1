"""Signed links in mail: unsubscribe, preferences, view in the browser; opens, clicks, and the trap for machines.

A token is a message's number and a signature over the link's purpose and that number, so that a link
passed on for reading cannot be made one that unsubscribes. A click's signature covers where it leads, too:
no parameter can change it. Links have no expiry; a key that was replaced still verifies what it signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

#: Each purpose and its letter in the address. The ``trap`` is a link that no person sees: who follows it is a machine.
Purpose = Literal["unsubscribe", "preferences", "view", "open", "click", "trap"]
LETTERS: dict[Purpose, str] = {
    "unsubscribe": "u",
    "preferences": "p",
    "view": "v",
    "open": "o",
    "click": "c",
    "trap": "t",
}
_SIGNATURE_BYTES = 16
_NUMBER = re.compile(r"0|[1-9a-f][0-9a-f]{0,15}")
#: Base64 as addresses have it.
_IN_ADDRESSES = bytes.maketrans(b"+/", b"-_")
#: Where a click may lead: an absolute address on the web, without controls. What follows the two slashes is a host,
#: and no sign that a browser would read as a third slash.
_TARGET = re.compile(r"https?://[^\s/\\?#\x00-\x20\x7f][^\x00-\x1f\x7f]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that stand in one message."""

    unsubscribe_url: str
    preferences_url: str
    view_url: str


def signing_key(secret_key: str | None, base_url: str) -> bytes:
    """Return the key that signs links.

    Without a secret key it is derived from the base address and protects nothing: such links are for
    reading mail in the outbox folder. Public pages must demand ``ENGAGE_SECRET_KEY``.
    """
    secret = f"secret\0{secret_key}" if secret_key else f"address\0{base_url}"
    return hashlib.sha256(f"engage links\0{secret}".encode()).digest()


def signing_keys(secret_key: str | None, old_keys: Sequence[str], base_url: str) -> tuple[bytes, ...]:
    """Return the keys that verify links: first the one that signs, then those that signed before."""
    return signing_key(secret_key, base_url), *(signing_key(old, base_url) for old in old_keys if old)


def links(base_url: str, key: bytes, message_id: int) -> Links:
    """Return the links of a message that its template may name."""
    return Links(
        url(base_url, key, "unsubscribe", message_id),
        url(base_url, key, "preferences", message_id),
        url(base_url, key, "view", message_id),
    )


def url(base_url: str, key: bytes, purpose: Purpose, message_id: int) -> str:
    """Return a message's address for one purpose; for clicks see ``click_url``."""
    return f"{base_url.rstrip('/')}/{LETTERS[purpose]}/{token(key, purpose, message_id)}"


def token(key: bytes, purpose: Purpose, message_id: int) -> str:
    """Return the signed name of a message for one purpose."""
    return f"{message_id:x}.{_signature(key, purpose, message_id)}"


def read_token(keys: Sequence[bytes], purpose: Purpose, text: str) -> int | None:
    """Return the message's number, or None where no key of ours signed it for this purpose.

    >>> read_token((b"new", b"old"), "view", token(b"old", "view", 42))
    42
    """
    number, _, signature = text.partition(".")
    if not signature.isascii() or not _NUMBER.fullmatch(number):
        return None
    message_id, given = int(number, 16), signature.encode()
    good = [hmac.compare_digest(_signature(key, purpose, message_id).encode(), given) for key in keys]
    return message_id if any(good) else None


def click_url(base_url: str, key: bytes, message_id: int, target: str) -> str:
    """Return the address that counts a click in a message and leads on to its target."""
    start = f"{base_url.rstrip('/')}/{LETTERS['click']}/{message_id:x}"
    return click_address(start, click_key(key, message_id), target)


def click_key(key: bytes, message_id: int) -> bytes:
    """Return the key that signs the targets of one message, and nothing else.

    Who renders the message may have it: there, whoever writes the template decides where links lead anyway.
    """
    return blake2b(f"click key\0{message_id}".encode(), key=key, digest_size=32).digest()


def click_address(start: str, key: bytes, target: str) -> str:
    """Return an address that begins with ``start``, which names the message, and leads on to a target."""
    text, spelt = _spelt(target)
    return f"{start}.{_target_signature(key, text)}/{spelt}"


def read_click(keys: Sequence[bytes], text: str) -> tuple[int, str] | None:
    """Return the message's number and the target, as they were signed; ``text`` is what follows ``/c/``.

    None where no key of ours signed it, and where the target is no address on the web, whoever signed it.

    >>> read_click((b"k",), click_url("https://m.example.com", b"k", 42, "https://example.com/?a=%25").partition("/c/")[2])
    (42, 'https://example.com/?a=%25')
    """
    named, _, told = text.partition("/")
    target = _decoded(told)
    if target is None or not is_target(target):
        return None
    number, _, signature = named.partition(".")
    if not signature.isascii() or not _NUMBER.fullmatch(number):
        return None
    message_id, signed, given = int(number, 16), target.encode(), signature.encode()
    good = [hmac.compare_digest(_target_signature(click_key(key, message_id), signed).encode(), given) for key in keys]
    return (message_id, target) if any(good) else None


def is_target(text: str) -> bool:
    """Tell whether a click may lead to an address: http or https, with a host, without controls."""
    return _TARGET.fullmatch(text) is not None


@lru_cache(maxsize=1000)
def _spelt(target: str) -> tuple[bytes, str]:
    """Return a target's bytes and how they stand in a link: most links are the same in all messages."""
    text = target.encode()
    return text, _encoded(text)


# BLAKE2b with a key (RFC 7693) is a signature of its own, and takes a tenth of the time of HMAC over OpenSSL.


def _signature(key: bytes, purpose: Purpose, message_id: int) -> str:
    return _encoded(blake2b(f"{purpose}\0{message_id}".encode(), key=key, digest_size=_SIGNATURE_BYTES).digest())


def _target_signature(key: bytes, target: bytes) -> str:
    return _encoded(blake2b(target, key=key, digest_size=_SIGNATURE_BYTES).digest())


def _encoded(text: bytes) -> str:
    return b2a_base64(text, newline=False).translate(_IN_ADDRESSES).rstrip(b"=").decode()


def _decoded(text: str) -> str | None:
    """Return the text that was encoded; None for what no encoding gives, so that each has one spelling."""
    try:
        target = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    return target if target and _encoded(target.encode()) == text else None
