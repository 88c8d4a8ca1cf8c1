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
#: Whom a reply names: an address says nothing, whatever words it is made of. Old servers name it without its host.
_NAMED = re.compile(r"<[^<>]*@[^<>]*>|[^\s<>(),;:=\"']+@[^\s<>(),;:=\"']+|^\S+\.\.\.\s")
#: Words by which a server says that it does not like the sender, even where it names a user who is unknown: ours.
_SENDER = re.compile(
    r"(?<![a-z])(?:senders?|mail ?from|from address|return[ -]?path|envelope[ -]from|callout|callback)(?![a-z])",
    re.IGNORECASE,
)
_WHO = r"(?:users?|recipients?|mailbox|account|address|addressee|local[ -]?part|person|alias)"
#: Words that leave no doubt that the recipient is not there.
_NOBODY = re.compile(
    rf"(?<![a-z])(?:(?:unknown|no such|invalid|non-?exist[ae]nt) (?:(?:local|virtual|e-?mail|mail) )*{_WHO}"
    rf"|{_WHO}(?: name| address)?:? (?:is |was )?(?:unknown|not known|not found|not exist)"
    rf"|{_WHO}(?: \S+){{0,6}}? does(?: not|n['’]t) exist"
    r"|user does(?: not|n['’]t) have an? (?:\S+ )?account|no mailbox (?:here )?by that name)(?![a-z])",
    re.IGNORECASE,
)
#: Words by which servers without enhanced codes say that they refuse us and not the recipient.
_ABOUT_US = re.compile(
    r"(?<![a-z])(?:relay(?:s|ed|ing)?|(?:un)?authenti\w*|spf|dkim|dmarc|(?:un)?block\w*|black ?list\w*|[a-z]*rbl|dnsbl"
    r"|(?:anti)?spam\w*|sorbs|uceprotect|barracuda|senderscore|delist\w*|polic(?:y|ies)|reputation|not permitted"
    r"|prohibited|prohibition|rcpthosts|banned|denied|rate ?limit\w*|too many|ptr|reverse dns|helo|ehlo)(?![a-z])",
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
            return Meaning.RECIPIENT if stage is Stage.RECIPIENT and _is_nobody(refusal) else Meaning.US


def _by_code(stage: Stage, refusal: Reply) -> Meaning:
    """Return what a reply means that says no more than its number and some words."""
    if refusal.code == 552:
        return Meaning.MOMENT if stage is Stage.RECIPIENT else Meaning.MAIL
    if stage is not Stage.RECIPIENT:
        return Meaning.US
    if refusal.code not in (501, 550, 551, 553):
        return Meaning.RECIPIENT if refusal.code == 554 and _is_nobody(refusal) else Meaning.US
    return Meaning.RECIPIENT if _is_nobody(refusal) or not _is_about_us(refusal) else Meaning.US


def _is_nobody(refusal: Reply) -> bool:
    """Tell whether a reply to a recipient says beyond doubt that there is no such one."""
    said = _NAMED.sub(" ", refusal.text)
    return _SENDER.search(said) is None and _NOBODY.search(" ".join(said.split())) is not None


def _is_about_us(refusal: Reply) -> bool:
    said = _NAMED.sub(" ", refusal.text)
    return bool(_SENDER.search(said) or _ABOUT_US.search(said))
