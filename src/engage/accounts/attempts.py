"""Attempts to come in that failed: how many there were lately, told across all processes by the database.

Who tries too often from one address at one account waits ten minutes; so does an address that tries many accounts.
An account alone is never locked, for then anybody could lock anybody out. Addresses are kept as keyed digests only, for
a day (FAULTS S04; OWASP Authentication Cheat Sheet).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.packing import is_postgres

SPAN = timedelta(minutes=10)
#: So long failures are kept.
KEPT = timedelta(days=1)
#: Failures in a span, and the one before, after which one waits: of an account at one address, and of an address.
OF_ACCOUNT, OF_ADDRESS = 10, 100


@dataclass(frozen=True, slots=True)
class Try:
    """Who tries: digests of the account at this address, and of the address alone."""

    account: bytes
    address: bytes


def attempt(key: bytes, account: str, address: str | None) -> Try:
    """Return who tries; ``key`` makes the digests worthless to who has only the database."""
    where = address or "?"
    both = hmac.digest(key, f"account\0{account}\0{where}".encode("utf-8", "replace"), "sha256")
    return Try(both[:16], hmac.digest(key, f"address\0{where}".encode(), "sha256")[:16])


def must_wait(connection: Connection, who: Try, now: datetime) -> bool:
    """Tell whether there were too many failures lately."""
    a, span = t.attempts, _span(now)
    counted = select(a.c.key, func.sum(a.c.count)).where(a.c.span >= span - 1, a.c.key.in_([who.account, who.address]))
    found = {bytes(key): int(count) for key, count in connection.execute(counted.group_by(a.c.key))}
    return found.get(who.account, 0) >= OF_ACCOUNT or found.get(who.address, 0) >= OF_ADDRESS


def failed(connection: Connection, who: Try, now: datetime) -> None:
    """Count a failure, and forget those of the day before."""
    a, span = t.attempts, _span(now)
    rows = [{"span": span, "key": key, "count": 1} for key in sorted((who.account, who.address))]
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
