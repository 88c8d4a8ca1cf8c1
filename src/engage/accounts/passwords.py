"""Passwords: what is good enough, and how they are kept.

They are kept as argon2id with 19 MiB, two passes and one lane (OWASP's password storage cheat sheet), hashed whole:
nothing is cut off. What is good enough is length and that it is not easily guessed (NIST SP 800-63B: no rules about
kinds of characters), told by zxcvbn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engage.errors import Refused
from engage.wording import sentence

SHORTEST, LONGEST = 12, 1_000
#: zxcvbn's marks go from 0 to 4; from 3 on a password withstands many guesses offline.
_GOOD = 3
#: zxcvbn takes long for long texts; what is longer than this is judged by its beginning.
_JUDGED = 72
#: So many are hashed at once, that logins do not keep all else from the processors.
_AT_ONCE = BoundedSemaphore(2)


def checked(password: str, known: Iterable[str] = ()) -> str:
    """Return a new password if it is good enough; ``known`` is what others know of the user: name, address.

    Raises Refused with what would be better.
    """
    length = len(_plain(password))
    if length < SHORTEST:
        raise Refused(sentence("a password has at least {count} characters; a few words are good", count=SHORTEST))
    if length > LONGEST:
        raise Refused(sentence("a password has at most {count} characters", count=LONGEST))
    if _mark(password, known) < _GOOD:
        raise Refused(sentence("this password is easily guessed; take a few words that have nothing to do with you"))
    return password


def _mark(password: str, known: Iterable[str]) -> int:
    from zxcvbn import zxcvbn

    words = [word for text in known if text for word in (text, *text.replace("@", " ").replace(".", " ").split())]
    return int(zxcvbn(password[:_JUDGED], user_inputs=words)["score"])


def hashed(password: str) -> str:
    """Return a password as it is kept."""
    with _AT_ONCE:
        return _hasher().hash(_plain(password))


def fits(kept: str | None, password: str) -> bool:
    """Tell whether a password is the one that is kept; without any kept it takes as long, and is not."""
    if len(password) > LONGEST:
        return False
    try:
        with _AT_ONCE:
            _hasher().verify(kept or _nobodys(), _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_dated(kept: str) -> bool:
    """Tell whether a password is kept in an older manner and should be hashed anew at the next login."""
    return _hasher().check_needs_rehash(kept)


def _plain(password: str) -> str:
    """Return a password in one form of Unicode: keyboards differ in how they write the same letter (RFC 8265)."""
    return unicodedata.normalize("NFC", password)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    """Return what a password is compared with where nobody has one."""
    return _hasher().hash("nobody's")
