"""Signed links in mail: unsubscribe, preferences, view in the browser.

A token is a message's number and a signature over the link's purpose and that number, so that a link
passed on for reading cannot be made one that unsubscribes.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal

#: Each purpose and its letter in the address.
Purpose = Literal["unsubscribe", "preferences", "view"]
LETTERS: dict[Purpose, str] = {"unsubscribe": "u", "preferences": "p", "view": "v"}
_SIGNATURE_BYTES = 16


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


def links(base_url: str, key: bytes, message_id: int) -> Links:
    """Return the links of a message."""
    start = base_url.rstrip("/")
    made = {p: f"{start}/{letter}/{token(key, p, message_id)}" for p, letter in LETTERS.items()}
    return Links(made["unsubscribe"], made["preferences"], made["view"])


def token(key: bytes, purpose: Purpose, message_id: int) -> str:
    """Return the signed name of a message for one purpose."""
    return f"{message_id:x}.{_signature(key, purpose, message_id)}"


def read_token(key: bytes, purpose: Purpose, text: str) -> int | None:
    """Return the message's number, or None where the signature is not ours."""
    number, _, signature = text.partition(".")
    if not number or len(number) > 16 or not set(number) <= set("0123456789abcdef"):
        return None
    message_id = int(number, 16)
    good = _signature(key, purpose, message_id)
    return message_id if hmac.compare_digest(good.encode(), signature.encode()) else None


def _signature(key: bytes, purpose: Purpose, message_id: int) -> str:
    signed = hmac.digest(key, f"{purpose}\0{message_id}".encode(), "sha256")[:_SIGNATURE_BYTES]
    return urlsafe_b64encode(signed).decode().rstrip("=")
