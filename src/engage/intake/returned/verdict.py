"""What a mail that came back means, as a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engage.language.fields import fold
from engage.sql.codes import Returned

_HEXTEXT = re.compile(r"\+([0-9A-F]{2})")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mail, or one block of a report, says of a message."""

    kind: Returned
    #: what the server said, on one line
    why: str = ""
    #: the addresses that it speaks of, made comparable; none: it does not say
    named: frozenset[str] = frozenset()


#: Nothing that we can read.
UNKNOWN = Verdict(Returned.UNKNOWN)


def verdict(kind: Returned, why: str = "", addresses: Iterable[str] = ()) -> Verdict:
    """Return a verdict with a reason of a bounded length and comparable addresses."""
    return Verdict(kind, why[:_LONGEST].strip(), frozenset(filter(None, map(comparable, addresses))))


def comparable(address: str) -> str:
    """Return an address so that two spellings of it are equal; nothing where it is none.

    >>> comparable('<"a..b"@Docomo.ne.jp>'), comparable("ann@例え.jp")
    ('a..b@docomo.ne.jp', 'ann@xn--r8jz45g.jp')
    """
    local, at, domain = address.strip().strip("<>").rpartition("@")
    if not at or not local or len(address) > 320:
        return ""
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return fold(f"{local.strip(chr(34))}@{domain.rstrip('.')}")


def plainer(address: str) -> str:
    """Return an address without the escapes of RFC 3461, ``a+2Bb`` for ``a+b``."""
    return _HEXTEXT.sub(lambda found: chr(int(found[1], 16)), address)


def fitting(verdicts: tuple[Verdict, ...], email: str) -> Verdict:
    """Return which of a mail's verdicts is about a recipient, by the address that the message went to.

    A failure of other addresses only comes from behind the recipient's, a forward or a list that it stands for: it
    counts as soft, so that one dead member suppresses nobody at once.
    """
    own = comparable(email)
    for each in verdicts:
        if own in each.named:
            return each
    unnamed = [each for each in verdicts if not each.named]
    if unnamed:
        return unnamed[0]
    first = next((each for each in verdicts if each.kind is Returned.HARD), verdicts[0])
    return Verdict(Returned.SOFT, first.why, first.named) if first.kind is Returned.HARD else first
