"""The return path of each mail: an address of its own, so that a bounce names its message whatever it holds.

``bounces+m2a-SIGNATURE@example.com`` is the mail of message 42; the signature keeps strangers from making bounces up.
An address for opting out by mail, ``stop+u2a-SIGNATURE@example.com``, is made alike and signed apart.
Mail servers may turn an address into small letters, so it is made of those.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence

from engage.effects.mime import mail_address
from engage.errors import Refused
from engage.settings import Settings
from engage.wording import sentence

_TOKEN = re.compile(r"([mu])([0-9a-f]{1,16})-([a-z2-7]{26})")
#: What each letter is signed for.
_PURPOSES = {"m": "return path", "u": "opt out by mail"}
#: 128 bits, 26 letters and digits.
_SIGNATURE_BYTES = 16
#: The local part of an address holds 64 signs (RFC 5321), the token up to 44 and its plus.
_LONGEST_LOCAL = 64 - 45


def bounce_address(settings: Settings) -> str | None:
    """Return the address at which bounces are read, if any.

    Raises Refused for one that cannot bear return paths, and without a key to sign them.
    """
    return _checked(settings, "ENGAGE_BOUNCE_ADDRESS", settings.bounce_address)


def opt_out_address(settings: Settings) -> str | None:
    """Return the address at which opt-outs by mail are read, if any; raises Refused like ``bounce_address``."""
    return _checked(settings, "ENGAGE_OPT_OUT_ADDRESS", settings.opt_out_address)


def _checked(settings: Settings, name: str, text: str | None) -> str | None:
    if text is None:
        return None
    address = mail_address(text)
    if address is None or "+" in address:
        raise Refused(sentence("{name} is no mail address, or holds a + before the @", name=name))
    length = len(address.rpartition("@")[0])
    if length > _LONGEST_LOCAL:
        said = "{name} is too long: {length} signs before the @, and at most {most} leave room for the signature"
        raise Refused(sentence(said, name=name, length=length, most=_LONGEST_LOCAL))
    if not settings.secret_key:
        raise Refused(sentence("{name} needs ENGAGE_SECRET_KEY, which signs such addresses", name=name))
    return address


def return_path(address: str, key: bytes, message_id: int) -> str:
    """Return where a bounce of a message goes."""
    return _extended(address, key, "m", message_id)


def opt_out_path(address: str, key: bytes, message_id: int) -> str:
    """Return where one writes to opt out by a message."""
    return _extended(address, key, "u", message_id)


def read_return_path(keys: Sequence[bytes], address: str) -> int | None:
    """Return which message a return path belongs to, or None where none of our keys signed it.

    >>> read_return_path((b"k",), return_path("bounces@example.com", b"k", 42).upper())
    42
    """
    return _read(keys, "m", address)


def read_opt_out(keys: Sequence[bytes], address: str) -> int | None:
    """Return which message an address for opting out belongs to, or None where none of our keys signed it.

    >>> read_opt_out((b"k",), opt_out_path("stop@example.com", b"k", 42))
    42
    """
    return _read(keys, "u", address)


def _extended(address: str, key: bytes, letter: str, message_id: int) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{letter}{message_id:x}-{_signature(key, letter, message_id)}@{domain}"


def _read(keys: Sequence[bytes], letter: str, address: str) -> int | None:
    found = _TOKEN.fullmatch(address.rpartition("@")[0].rpartition("+")[2].lower())
    if found is None or found[1] != letter:
        return None
    message_id = int(found[2], 16)
    good = [hmac.compare_digest(_signature(key, letter, message_id), found[3]) for key in keys]
    return message_id if any(good) else None


def _signature(key: bytes, letter: str, message_id: int) -> str:
    signed = hmac.digest(key, f"{_PURPOSES[letter]}\0{message_id}".encode(), "sha256")[:_SIGNATURE_BYTES]
    return b32encode(signed)[:26].decode("ascii").lower()
