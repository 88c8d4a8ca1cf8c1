"""Attempts to come in that failed: how many there were lately, told across all processes by the database.

Who tries too often from one address at one account waits ten minutes; so does an address that tries many accounts.
An account alone is never locked by who knows no more than its name, for then anybody could lock anybody out; but codes
and passwords that only somebody who is half in can try are counted from wherever they come. Of an IPv6 address the
network counts, for whoever has one address there has all. Addresses are kept as keyed digests only, for a day
(FAULTS S04; OWASP Authentication Cheat Sheet).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.packing import is_postgres

SPAN = timedelta(minutes=10)
#: So long failures are kept.
KEPT = timedelta(days=1)
#: Failures in a span, and the one before, after which one waits: of an account, there or anywhere, and of an address.
OF_ACCOUNT, OF_ADDRESS = 10, 100
#: Wrong codes after which the password is asked for again.
OF_HALF = 5
#: Who is given an IPv6 address is given so much of it, in bits.
_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Try:
    """Who tries: each digest that is counted, and how many failures of it are too many."""

    limits: tuple[tuple[bytes, int], ...]

    def __add__(self, other: Try) -> Try:
        """Return both in one."""
        return Try((*self.limits, *other.limits))


def attempt(key: bytes, account: str, address: str | None) -> Try:
    """Return who tries as a stranger; ``key`` makes the digests worthless to who has only the database."""
    where = network(address)
    both = hmac.digest(key, f"account\0{account}\0{where}".encode("utf-8", "replace"), "sha256")
    return Try(((both[:16], OF_ACCOUNT), (_of_address(key, where), OF_ADDRESS)))


def attempt_within(key: bytes, use: str, user_id: str, address: str | None) -> Try:
    """Return who tries with a password or a login in hand already: a user's failures count from wherever they come."""
    anywhere = hmac.digest(key, f"within\0{use}\0{user_id}".encode("utf-8", "replace"), "sha256")
    return Try(((anywhere[:16], OF_ACCOUNT), (_of_address(key, network(address)), OF_ADDRESS)))


def attempt_of_half(key: bytes, number: str) -> Try:
    """Return the tries at the code after one password, which ``number`` tells from others."""
    return Try(((hmac.digest(key, f"half\0{number}".encode("utf-8", "replace"), "sha256")[:16], OF_HALF),))


def network(address: str | None) -> str:
    """Return what counts as one address.

    >>> network("2001:db8:1:2:3:4:5:6"), network("::ffff:192.0.2.1"), network("192.0.2.1"), network(None)
    ('2001:db8:1:2::/64', '192.0.2.1', '192.0.2.1', '?')
    """
    try:
        found = ip_address((address or "").strip("[]"))
    except ValueError:
        return address or "?"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _NETWORK), strict=False))


def must_wait(connection: Connection, who: Try, now: datetime) -> bool:
    """Tell whether there were too many failures lately."""
    a, span, most = t.attempts, _span(now), dict(who.limits)
    counted = select(a.c.key, func.sum(a.c.count)).where(a.c.span >= span - 1, a.c.key.in_(list(most)))
    found = {bytes(key): int(count) for key, count in connection.execute(counted.group_by(a.c.key))}
    return any(count >= most[key] for key, count in found.items())


def failed(connection: Connection, who: Try, now: datetime) -> None:
    """Count a failure, and forget those of the day before."""
    a, span = t.attempts, _span(now)
    rows = [{"span": span, "key": key, "count": 1} for key in sorted(key for key, _ in who.limits)]
    insert = postgresql_insert if is_postgres(connection) else sqlite_insert
    counted = insert(a).values(rows)
    more = counted.on_conflict_do_update(index_elements=[a.c.span, a.c.key], set_={"count": a.c.count + 1})
    connection.execute(more)
    connection.execute(delete(a).where(before(now - KEPT)))


def before(then: datetime) -> ColumnElement[bool]:
    """Tell of a failure whether it was before the span of a moment."""
    return t.attempts.c.span < _span(then)


def _span(now: datetime) -> int:
    return micros(now) // (SPAN // timedelta(microseconds=1))


def _of_address(key: bytes, where: str) -> bytes:
    return hmac.digest(key, f"address\0{where}".encode("utf-8", "replace"), "sha256")[:16]
