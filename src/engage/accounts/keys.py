"""Keys derived from the secret key, one for each use, so that what one signs no other takes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence

#: Bytes of a token that a browser holds: 256 bits.
_TOKEN_BYTES = 32


def derived(secret_key: str, use: str) -> bytes:
    """Return the key for a use, 32 bytes: HMAC-SHA-256 of the use's name (as HKDF expands, RFC 5869, one block)."""
    extracted = hmac.digest(b"engage accounts", secret_key.encode(), "sha256")
    return hmac.digest(extracted, use.encode() + b"\x01", "sha256")


def all_derived(secret_keys: Sequence[str], use: str) -> tuple[bytes, ...]:
    """Return the keys for a use, in the order of the secret keys: the first signs, all are good."""
    return tuple(derived(secret_key, use) for secret_key in secret_keys)


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Return what the database keeps of a token: its SHA-256 suffices, for a token is random throughout."""
    return hashlib.sha256(token.encode()).digest()


def signature(key: bytes, text: str) -> str:
    """Return a signature of 256 bits for an address.

    >>> len(signature(b"key", "text"))
    43
    """
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Tell whether two texts are the same, in a time that says nothing about where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
