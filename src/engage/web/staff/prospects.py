"""The prospects: a list that is searched while one types, filtered, paged; and as a file."""

from __future__ import annotations

from urllib.parse import urlencode

from engage.language.fields import GRADES
from engage.reports.csvout import csv_parts
from engage.reports.people import COLUMNS, NOBODY, Sought, View, Visible, choices, every, listed, seen_by
from engage.sql.asked import Now
from engage.web.staff.answers import Answer, Download, Fragment, Shown
from engage.web.staff.ask import Ask
from engage.wording import sentence

#: No search of people is longer, in characters.
_LONGEST = 200
#: No score is farther from nought.
_MOST = 10**9


def prospects(ask: Ask) -> Answer:
    """Show a page of those who are sought; while one types, only the list."""
    sought = _sought(ask)
    leaf = listed(ask.connection, view_of(ask), sought, ask.after())
    asked = _query(ask)
    values = {
        "rows": leaf.rows,
        "sought": bool(asked),
        "q": sought.text,
        "first": _address("/prospects", asked) if ask.after() else "",
        "next": _address("/prospects", {**asked, "after": str(leaf.next)}) if leaf.next else "",
        "csv": _address("/prospects.csv", asked),
    }
    if ask.is_fragment:
        return Fragment("prospects-list.html", values)
    filters = {"query": asked, "grades": GRADES[::-1], "nobody": NOBODY, "choices": choices(ask.connection)}
    return Shown("prospects.html", sentence("Prospects"), {**values, **filters})


def prospects_csv(ask: Ask) -> Answer:
    """Give everybody who is sought as a file."""
    rows = every(ask.connection, view_of(ask), _sought(ask))
    return Download("prospects.csv", csv_parts(COLUMNS, rows, ask.reader.zone))


def view_of(ask: Ask) -> View:
    """Return how the reader sees lists of people."""
    asked = Now.of(ask.running.house, ask.now)
    return View(ask.running.workspace.vocabulary, asked, visible_to(ask), ask.reader.locale)


def visible_to(ask: Ask) -> Visible | None:
    """Return whom the reader may see; None: everybody."""
    return None if ask.reader.sees_all else seen_by(ask.reader.id)


def _query(ask: Ask) -> dict[str, str]:
    """Return what is asked for as an address has it; what means nothing is left out."""
    named = ("q", "score", "grade", "owner", "list", "tag")
    return {name: ask.query[name].strip()[:_LONGEST] for name in named if ask.query.get(name, "").strip()}


def _sought(ask: Ask) -> Sought:
    asked = _query(ask)
    grade = asked.get("grade")
    return Sought(
        text=asked.get("q", ""),
        score=_score(asked.get("score", "")),
        grade=grade if grade in GRADES else None,
        owner=asked.get("owner"),
        list=asked.get("list"),
        tag=asked.get("tag"),
    )


def _score(text: str) -> int | None:
    """Return a score that is asked for; what is no number is not.

    >>> _score("100"), _score("-5"), _score("1e3"), _score("9" * 30)
    (100, -5, None, None)
    """
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > len(str(_MOST)):
        return None
    return int(text)


def _address(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
