"""A scenario that cannot be run stops itself, visibly: it is paused with the reason, the others run on time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from engage.stepping.finish import Conflict
from engage.stepping.journeys import Course, PlanChanged, Tick, pause_broken
from engage.stepping.transact import Hook, transact

T = TypeVar("T")
_LONGEST = 500
#: SQLite's code of a statement that it cannot run; all others tell of the file or of other processes.
_SQLITE_ERROR = 1
#: PostgreSQL's classes of faults that lie in a statement or its data: data, integrity, syntax, limits exceeded.
_OF_STATEMENTS = ("22", "23", "42", "54")
#: What Python raises where a statement cannot be made.
_OF_PYTHON = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Faulty(Exception):
    """A scenario cannot be run."""

    def __init__(self, course: Course, reason: str) -> None:
        self.course, self.reason = course, reason
        super().__init__(f"{course.plan.key}: {reason}")


def is_own_fault(error: Exception) -> bool:
    """Tell whether a fault lies in a scenario's own statements, and not in the database or in other processes."""
    if isinstance(error, Conflict | PlanChanged | Faulty):
        return False
    if isinstance(error, DBAPIError):
        code, state = getattr(error.orig, "sqlite_errorcode", None), getattr(error.orig, "sqlstate", None)
        return code == _SQLITE_ERROR or (state or "").startswith(_OF_STATEMENTS)
    return isinstance(error, (SQLAlchemyError, *_OF_PYTHON))


@contextmanager
def blamed(course: Course) -> Iterator[None]:
    """Turn a fault of a scenario's own statements into Faulty."""
    try:
        yield
    except Exception as error:
        if not is_own_fault(error):
            raise
        raise Faulty(course, told(error)) from error


def told(error: Exception) -> str:
    """Return what an error says, in one line short enough to keep."""
    said = error.orig if isinstance(error, DBAPIError) else error
    lines = str(said).strip().splitlines() or [type(error).__name__]
    return lines[0][:_LONGEST]


def pausing(connection: Connection, tick: Tick, hook: Hook, work: Callable[[], T]) -> T:
    """Do some work; a scenario that proves faulty in it is paused.

    Raises PlanChanged then, so that the tick goes on without the scenario.
    """
    try:
        return work()
    except Faulty as fault:
        course, reason = fault.course, fault.reason
        transact(connection, lambda: pause_broken(connection, course.id, reason, tick.now), hook, "fault")
        raise PlanChanged(course.plan.key) from fault
