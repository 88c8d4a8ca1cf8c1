"""What a mail server's reply means: whether it concerns the moment, the recipient, the mail, or us.

Codes: RFC 5321; enhanced codes: RFC 3463 and its registry. Where a reply says neither, we ourselves are
assumed to be at fault, so that nobody is marked unmailable by our own mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from engage.effects.mime import one_line

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")
#: Words by which servers without enhanced codes say that they refuse us and not the recipient.
_ABOUT_US = re.compile(
    r"relay|authenti|spf\b|dkim|dmarc|block|black ?list|\brbl\b|spam|polic|reputation|not permitted|sender|banned"
    r"|denied|rate limit|too many",
    re.IGNORECASE,
)
#: Subjects of enhanced codes: 1 addresses, 2 mailboxes, 6 content, 7 policy.
_BAD_SENDER = {("1", "7"), ("1", "8"), ("1", "9")}
_FULL = {("2", "2")}
_TOO_LARGE = {("2", "3"), ("3", "4")}
_LONGEST = 300


class Stage(Enum):
    """Where in the conversation a reply was given."""

    #: the greeting, the encryption, the login
    BEGINNING = auto()
    SENDER = auto()
    RECIPIENT = auto()
    #: the command DATA, or the whole mail after the last dot
    CONTENT = auto()


class Meaning(Enum):
    """What a refusal concerns."""

    #: the moment: try again later
    MOMENT = auto()
    #: the recipient: a hard bounce
    RECIPIENT = auto()
    #: this mail, whoever sends it to whom: too large, or written as the server does not take it
    MAIL = auto()
    #: us: the sender's address, the login, a policy
    US = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, as one line of plain text."""

    code: int
    text: str

    @property
    def good(self) -> bool:
        """Whether the server agreed."""
        return 200 <= self.code < 400

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


def reply(code: int, said: bytes | str) -> Reply:
    """Return a reply as it can be kept and shown, whatever bytes it came with."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Reply(code, one_line(text)[:_LONGEST])


def meaning(stage: Stage, refusal: Reply) -> Meaning:
    """Return what a refusal concerns.

    >>> meaning(Stage.RECIPIENT, Reply(550, "5.1.1 no such user")).name
    'RECIPIENT'
    >>> meaning(Stage.RECIPIENT, Reply(550, "relay not permitted")).name
    'US'
    """
    if refusal.code < 500:
        return Meaning.MOMENT
    if stage is Stage.BEGINNING:
        return Meaning.US
    found = _ENHANCED.match(refusal.text)
    if found is not None and found[1] == "5":
        return _by_detail(stage, (found[2], found[3]), refusal)
    return _by_code(stage, refusal)


def _by_detail(stage: Stage, detail: tuple[str, str], refusal: Reply) -> Meaning:
    """Return what an enhanced code means."""
    if detail in _TOO_LARGE:
        return Meaning.MAIL
    if detail in _FULL:
        return Meaning.MOMENT
    if stage is Stage.SENDER or detail in _BAD_SENDER:
        return Meaning.US
    match detail[0]:
        case "1" | "2":
            return Meaning.RECIPIENT
        case "4" if stage is Stage.RECIPIENT:
            # No way to the recipient's host.
            return Meaning.RECIPIENT
        case "6":
            return Meaning.MAIL
        case "0":
            return _by_code(stage, refusal)
        case _:
            return Meaning.US


def _by_code(stage: Stage, refusal: Reply) -> Meaning:
    """Return what a reply means that says no more than its number and some words."""
    if refusal.code == 552:
        return Meaning.MOMENT if stage is Stage.RECIPIENT else Meaning.MAIL
    if stage is not Stage.RECIPIENT or refusal.code not in (501, 550, 551, 553):
        return Meaning.US
    return Meaning.US if _ABOUT_US.search(refusal.text) else Meaning.RECIPIENT
