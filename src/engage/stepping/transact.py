"""One transaction after another, with a few tries where the database asks for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engage.clock import monotonic, pause
from engage.sql.packing import is_postgres
from engage.stepping.finish import Conflict

T = TypeVar("T")
#: Called with a name before and after each commit; tests crash there.
Hook = Callable[[str], None]


def silent(name: str) -> None:
    """Do nothing at a commit."""


#: SQLSTATEs after which the same transaction may succeed: serialization failure, deadlock, lock not available.
_AGAIN = frozenset(("40001", "40P01", "55P03"))
_TRIES = 8
#: After a transaction longer than this a tick on SQLite pauses, so that other writers get in; in seconds.
LONG, BREATH = 0.05, 0.01


def may_succeed_again(error: Exception) -> bool:
    """Tell whether a failed transaction is worth another try as it is."""
    if isinstance(error, Conflict):
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _AGAIN


def transact(connection: Connection, work: Callable[[], T], hook: Hook, name: str) -> T:
    """Do some work in a transaction of its own and return its result."""
    for last in range(_TRIES, -1, -1):
        try:
            began = monotonic()
            with connection.begin():
                result = work()
                hook(f"{name}.before_commit")
            hook(f"{name}.after_commit")
            if monotonic() - began > LONG and not is_postgres(connection):
                pause(BREATH)
            return result
        except (Conflict, DBAPIError) as error:
            if not last or not may_succeed_again(error):
                raise
    raise AssertionError("unreachable")
