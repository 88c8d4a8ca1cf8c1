"""The return path of each mail: an address of its own, so that a bounce names its message whatever it holds.

``bounces+m2a-SIGNATURE@example.com`` is the mail of message 42; the signature keeps strangers from making bounces up.
Mail servers may turn an address into small letters, so it is made of those.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from engage.effects.mime import mail_address
from engage.errors import Refused
from engage.settings import Settings
from engage.wording import sentence

_TOKEN = re.compile(r"m([0-9a-f]{1,16})-([0-9a-f]{20})")
_SIGNATURE_BYTES = 10
#: The local part of an address holds 64 signs (RFC 5321), the token up to 38 and its plus.
_LONGEST_LOCAL = 64 - 39


def bounce_address(settings: Settings) -> str | None:
    """Return the address at which bounces are read, if any.

    Raises Refused for one that cannot bear return paths, and without a key to sign them.
    """
    if settings.bounce_address is None:
        return None
    address = mail_address(settings.bounce_address)
    if address is None or len(address.rpartition("@")[0]) > _LONGEST_LOCAL or "+" in address:
        text = "ENGAGE_BOUNCE_ADDRESS is no mail address with at most {most} signs, and no +, before the @"
        raise Refused(sentence(text, most=_LONGEST_LOCAL))
    if not settings.secret_key:
        raise Refused(sentence("ENGAGE_BOUNCE_ADDRESS needs ENGAGE_SECRET_KEY, which signs return paths"))
    return address


def return_path(address: str, key: bytes, message_id: int) -> str:
    """Return where a bounce of a message goes."""
    local, _, domain = address.rpartition("@")
    return f"{local}+m{message_id:x}-{_signature(key, message_id)}@{domain}"


def read_return_path(keys: Sequence[bytes], address: str) -> int | None:
    """Return which message a return path belongs to, or None where none of our keys signed it.

    >>> read_return_path((b"k",), return_path("bounces@example.com", b"k", 42).upper())
    42
    """
    found = _TOKEN.fullmatch(address.rpartition("@")[0].rpartition("+")[2].lower())
    if found is None:
        return None
    message_id = int(found[1], 16)
    good = [hmac.compare_digest(_signature(key, message_id), found[2]) for key in keys]
    return message_id if any(good) else None


def _signature(key: bytes, message_id: int) -> str:
    return hmac.digest(key, f"return path\0{message_id}".encode(), "sha256")[:_SIGNATURE_BYTES].hex()
