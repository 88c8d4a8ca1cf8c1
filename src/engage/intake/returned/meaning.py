"""What a server's refusal means for a recipient, told by its codes and, where they say little, by its words.

Codes: RFC 3463 and its registry. Where neither says that the address is dead, the bounce is soft: nobody is marked for
ever by a guess. What concerns us (our reputation, the sender, a policy) is no fault of the recipient's.
"""

from __future__ import annotations

import re

from engage.sql.codes import Returned

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)[ -]")
_ADDRESS = re.compile(r"<[^<>\s]{1,320}>|[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_ABOUT_US = re.compile(
    r"\bspam|\bspf\b|\bdkim\b|\bdmarc\b|black ?-?list|block ?-?list|blocklisted|\brbl\b|\bdnsbl\b|reputation|spamhaus"
    r"|relay(?:ing)? (?:access )?(?:denied|not permitted)|not permitted to relay"
    r"|sender (?:address )?(?:rejected|denied)|rate limit|at a rate|too many|迷惑メール|送信者",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(?:mail ?box|storage|quota|disk|inbox)[\w' ]{0,40}(?:full|exceed|exhaust|over)|over ?-?quota|quota exceeded"
    r"|insufficient (?:system )?storage|容量|いっぱい",
    re.IGNORECASE,
)
_DEAD = re.compile(
    r"(?:user|recipient|mailbox|account|address|alias)[\w' :]{0,20}"
    r"(?:unknown|not found|does(?:n't| not) exist|not exist|invalid|disabled|inactive|unavailable|no longer)"
    r"|(?:unknown|no such|invalid|non-?existent|bad|undefined) (?:local )?"
    r"(?:user|recipient|mailbox|account|address|alias|destination)|user doesn|no mailbox (?:here )?by that name"
    r"|unrouteable address|(?:host|domain)[\w' ]{0,20}(?:not found|does not exist)|recipient address rejected"
    r"|(?:destination )?addresses? (?:were|was) unknown|not a known user|not listed in"
    r"|存在しません|見つかりません|宛先不明|該当するユーザ",
    re.IGNORECASE,
)
_TOO_LONG = 4_000

#: Enhanced codes of class 5, by subject and detail; None stands for every other detail.
_BY_CODE: dict[tuple[str, str | None], Returned] = {
    ("1", "7"): Returned.POLICY,
    ("1", "8"): Returned.POLICY,
    ("1", "9"): Returned.POLICY,
    ("1", "4"): Returned.SOFT,
    ("1", None): Returned.HARD,
    ("2", "1"): Returned.HARD,
    ("4", "4"): Returned.HARD,
    ("4", "310"): Returned.HARD,
    ("7", None): Returned.POLICY,
}


def refused(status: str, said: str) -> Returned:
    """Return how hard a failure is, by the status of a report and what the server said.

    >>> refused("5.0.0", "smtp; 550 Unknown user a@docomo.ne.jp").name
    'HARD'
    >>> refused("5.1.1", "550 5.7.1 blocked: listed at spamhaus").name
    'POLICY'
    """
    words = _ADDRESS.sub(" ", said[:_TOO_LONG])
    codes = [found.groups() for found in _CODE.finditer(words)] + [found.groups() for found in _CODE.finditer(status)]
    telling = next((code for code in codes if code[1:] != ("0", "0")), None)
    if _ABOUT_US.search(words):
        return Returned.POLICY
    if telling is None:
        return _by_words(status, words)
    if telling[0] != "5":
        return Returned.SOFT
    if telling[1] == "0" or telling[1:] in (("2", "0"), ("4", "1")):
        return _by_words(status, words)
    found = _BY_CODE.get((telling[1], telling[2])) or _BY_CODE.get((telling[1], None)) or Returned.SOFT
    return Returned.SOFT if found is Returned.HARD and _FULL.search(words) else found


def _by_words(status: str, words: str) -> Returned:
    """Return how hard a failure is that no code tells."""
    reply = _REPLY.search(words)
    passing = status.startswith("4") or (reply is not None and reply[1].startswith("4"))
    if passing or _FULL.search(words):
        return Returned.SOFT
    return Returned.HARD if _DEAD.search(words) else Returned.SOFT


def says_refused(text: str) -> bool:
    """Return whether a text tells of a refusal that ended the tries: by a code, or by words."""
    words = _ADDRESS.sub(" ", text[:_TOO_LONG])
    codes = [found[1] for found in _CODE.finditer(words)] + [found[1][0] for found in _REPLY.finditer(words)]
    return "5" in codes or bool(_FULL.search(words) or ("4" not in codes and _DEAD.search(words)))
