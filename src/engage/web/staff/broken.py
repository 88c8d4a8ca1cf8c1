"""What is answered where a staff page could not be made: a calm page with a number that stands in the log, too."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as Crowded

from engage.web.site import Site
from engage.web.staff.answers import Fragment, Shown
from engage.web.staff.ask import Visit
from engage.wording import Sentence, sentence

#: Of a form with one of these nothing is shown again, or sent again by a button: they hold secrets.
SECRETS = frozenset(("password", "new", "repeat", "code", "half"))
#: SQLite's code of a statement that it cannot run; all others tell of the file or of other processes.
_SQLITE_ERROR = 1
#: PostgreSQL's classes of faults that lie in a statement or its data: data, integrity, syntax, limits exceeded.
_OF_STATEMENTS = ("22", "23", "42", "54")


def is_away(error: Exception) -> bool:
    """Tell a database that does not answer from a statement that it cannot run."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, Crowded)
    code, state = getattr(error.orig, "sqlite_errorcode", None), getattr(error.orig, "sqlstate", None)
    return code != _SQLITE_ERROR and not (state or "").startswith(_OF_STATEMENTS)


def broken(site: Site, route: str, visit: Visit, error: Exception, guard: str) -> Shown | Fragment:
    """Write a fault into the log and return what its reader sees: nothing of the fault but its number."""
    number = f"{secrets.randbelow(10**8):08}"
    number = f"{number[:4]}-{number[4:]}"
    away = is_away(error)
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(origin).strip().splitlines()
    # What a database says that is away quotes nobody; what it says of a statement, or any other error, may.
    why = f"{type(origin).__name__}: {lines[0]}" if away and lines else type(origin).__name__
    event = "unavailable" if away else "failed"
    site.log.error(event, number=number, route=route, why=why, exc_info=error)
    title, text, status = _told(number, away=away)
    if visit.is_fragment:
        return Fragment("part_refused.html", {"said": title, "text": text}, status)
    fields = [(name, value) for name, values in visit.form.items() for value in values if name != "guard"]
    again = not SECRETS & visit.form.keys()
    values = {"text": text, "path": visit.asked, "fields": fields, "posted": bool(visit.form), "again": again}
    return Shown("broken.html", title, {**values, "new_guard": guard}, status)


def _told(number: str, *, away: bool) -> tuple[Sentence, Sentence, int]:
    """Return a title, what to do, and the status."""
    if away:
        words = "Try again in a minute. If it goes on, tell an administrator this number: {number}"
        return sentence("The database does not answer"), sentence(words, number=number), 503
    words = "The fault is ours. Tell an administrator this number, which stands in the log: {number}"
    return sentence("Something went wrong here"), sentence(words, number=number), 500
