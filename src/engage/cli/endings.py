"""How a command ends when something is wrong: one sentence, the right exit code, never a traceback unasked."""

from __future__ import annotations

import sys
import traceback

from engage.cli.session import Session
from engage.errors import EngageError, Invalid, Outside
from engage.wording import sentence


def ended(session: Session, error: Exception) -> int:
    """Tell the person what went wrong and return the exit code: 1 their input, 3 something outside."""
    if session.debug:
        traceback.print_exception(error, file=sys.stderr)
    told = _told(error)
    if isinstance(told, Invalid):
        session.show_problems(told.problems, session.workspace)
    else:
        session.warn(told.message)
    return told.exit_code


def _told(error: Exception) -> EngageError:
    """Return an error as one that carries a sentence."""
    if isinstance(error, EngageError):
        return error
    if "sqlalchemy" in sys.modules and (found := _of_database(error)) is not None:
        return found
    if isinstance(error, OSError):
        name = error.filename or type(error).__name__
        return Outside(sentence("{file} cannot be used: {why}", file=name, why=error.strerror or error))
    if isinstance(error, ModuleNotFoundError):
        return Outside(sentence("the package {name} is missing; install it with pip", name=error.name))
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return Outside(sentence("something unexpected happened: {why} (--debug shows where)", why=what))


def _of_database(error: Exception) -> EngageError | None:
    """Return what a database's error says."""
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    if isinstance(error, ArgumentError | NoSuchModuleError):
        return EngageError(sentence("ENGAGE_DATABASE_URL is not the address of a database that engage knows"))
    if isinstance(error, DBAPIError):
        why = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        return Outside(sentence("the database failed: {why}", why=why))
    return None
