"""A verified call of a mail service, and what the services' modules have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NoReturn

from engage.intake.returned.judging import Back
from engage.intake.returned.shallow import one_line
from engage.intake.returned.verdict import comparable, verdict
from engage.sql.codes import Returned

#: A service's clock may be ahead of ours by so much.
AHEAD = timedelta(minutes=15)
_MESSAGE_ID = re.compile(r"<?engage-([0-9]{1,19})(?:\.[0-9a-f]{1,16})?@[^\s<>@]+>?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_LONGEST = 1_000


class Forged(Exception):
    """A call that no service of ours made, or that is too old: nothing follows from it."""


class Malformed(Exception):
    """A call that was signed well and says nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a service made and signed."""

    #: names it: a call of the same key is a replay
    key: bytes
    events: tuple[Back, ...] = ()
    #: an address of the service that is to be asked, so that it goes on to call
    confirm: str | None = None


def named(service: str, name: str) -> bytes:
    """Return the key of a call, or of an event, by the service's own name for it."""
    return blake2b(f"{service}\0{name}".encode("utf-8", "replace"), digest_size=16).digest()


def event(
    service: str, name: str, kind: Returned, references: tuple[object, ...], recipient: object, why: object = ""
) -> Back:
    """Return an event; the first reference that names a message of ours tells which it is about.

    It counts only where that message went to the recipient: another installation may use the same account.
    """
    address = comparable(str(recipient))
    found = next((number for each in references if (number := number_of(each)) is not None), None)
    said = one_line(str(why)[:_LONGEST]) if isinstance(why, str | int) else ""
    return Back(named(service, name), found if address else None, (verdict(kind, said),), address)


def number_of(reference: object) -> int | None:
    """Return which message a Message-ID of ours, or a plain number, names.

    >>> number_of("<engage-42.5f09a3c1@example.com>"), number_of("42"), number_of("<42@example.com>")
    (42, 42, None)
    """
    text = reference.strip() if isinstance(reference, str) else ""
    found = _MESSAGE_ID.fullmatch(text)
    digits = found[1] if found else text
    return int(digits) if _NUMBER.fullmatch(digits) else None


def loaded(text: str | bytes) -> object:
    """Return what JSON says. Raises Malformed for what is none, or too deep."""
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Malformed from None


def mapping(value: object) -> Mapping[str, object]:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def word(value: object) -> str:
    """Return a text, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def timely(seconds: str, now: datetime, longest: timedelta) -> None:
    """Raise Forged where a moment, in seconds since 1970, is too long ago or lies ahead."""
    if not _NUMBER.fullmatch(seconds) or len(seconds) > 11:
        raise Forged
    at = datetime.fromtimestamp(int(seconds), UTC)
    if not now - longest <= at <= now + AHEAD:
        raise Forged


def _refused(name: str) -> NoReturn:
    raise ValueError(name)
