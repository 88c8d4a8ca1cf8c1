"""The sales inbox: its tabs, its list, what has come since, its CSV, and who has how many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlencode

from engage.errors import Refused
from engage.language.zones import next_local_midnight
from engage.reports.csvout import Value, write_csv
from engage.reports.inbox import TABS, InboxPage, InboxRow, Tab, Today, Whose, counts, fingerprint, newer, page, whose
from engage.reports.todos import known_assignee, todo_counts
from engage.web.staff.answers import Answer, Download, Fragment, NotThere, Shown
from engage.web.staff.ask import Ask, positive
from engage.web.staff.todo import card_values
from engage.web.staff.todo_words import PRIORITY_WORDS, STATUS_WORDS, TAB_WORDS
from engage.wording import sentence

_SEEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,30})\.([0-9]{1,18})", re.ASCII)
_COLUMNS = (
    "id", "subject", "due_at", "priority", "status", "to", "name", "email", "company", "score", "grade", "outcome",
)  # fmt: skip


def inbox(ask: Ask) -> Shown:
    """Show a page of the list, with the ToDo that was chosen beside it."""
    its, tab, today = _whose(ask), _tab(ask), today_of(ask)
    after, found = _page_of(ask, its, tab, today)
    chosen = positive(ask.query.get("todo", ""))
    here = {"tab": tab, "to": _to(ask), "after": after}
    values = {
        "tabs": [(name, TAB_WORDS[name], _address({**here, "tab": name, "after": ""})) for name in TABS],
        "tab": tab,
        "counts": counts(ask.connection, its, today),
        "to": _to(ask),
        "rows": [(row, _address({**here, "todo": str(row.id)})) for row in found.rows],
        "first": _address({**here, "after": ""}) if after else "",
        "next": _address({**here, "after": found.next}) if found.next else "",
        "here": _address(here),
        "again": _address({**here, "todo": str(chosen or "")}),
        "news": _news_address(here, fingerprint(ask.connection, its, tab, today)),
        "csv": f"/todos.csv?{urlencode(_kept(here))}",
        "statuses": STATUS_WORDS,
        "priorities": PRIORITY_WORDS,
        "chosen": chosen,
    }
    card = None if chosen is None else card_values(ask, chosen, _address(here))
    return Shown("inbox.html", sentence("ToDos"), values | card_values(ask, None, _address(here)) | (card or {}))


def news(ask: Ask) -> Answer:
    """Say whether ToDos have come to the list, or left it, since it was shown."""
    its, tab, today = _whose(ask), _tab(ask), today_of(ask)
    seen = _SEEN.fullmatch(ask.query.get("seen", ""))
    if seen is None:
        raise NotThere
    before = tuple(int(part) for part in seen.groups())
    now = fingerprint(ask.connection, its, tab, today)
    came = 0
    if now != before:
        came = max(now[0] - before[0], newer(ask.connection, its, tab, today, before[2]))
    here = _address({"tab": tab, "to": _to(ask), "after": ""})
    values = {"changed": now != before, "came": came, "here": here, "later": bool(ask.query.get("later"))}
    return Fragment("inbox_news.html", values)


def as_csv(ask: Ask) -> Answer:
    """Give the whole tab as a file."""
    its, tab, today = _whose(ask), _tab(ask), today_of(ask)
    return Download(f"todos-{tab}.csv", _lines(ask, its, tab, today))


def team(ask: Ask) -> Answer:
    """Show who has how many open ToDos."""
    if not ask.reader.sees_all:
        raise NotThere
    rows = todo_counts(ask.connection, ask.now)
    return Shown("inbox_team.html", sentence("Who has how many ToDos"), {"rows": rows})


def team_csv(ask: Ask) -> Answer:
    """Give who has how many open ToDos as a file."""
    if not ask.reader.sees_all:
        raise NotThere
    rows = ((row.to, row.name, row.open, row.overdue, row.high) for row in todo_counts(ask.connection, ask.now))
    out = BytesIO()
    write_csv(out, ("to", "name", "open", "overdue", "high"), rows, ask.reader.zone)
    return Download("todos-team.csv", (out.getvalue(),))


def today_of(ask: Ask) -> Today:
    """Return the reader's today."""
    return Today(ask.now, next_local_midnight(ask.now, ask.reader.zone))


def _page_of(ask: Ask, its: Whose, tab: Tab, today: Today) -> tuple[str, InboxPage]:
    """Return the page that was asked for, and where it begins; the first where nothing is left there."""
    after = ask.query.get("after", "")
    found = page(ask.connection, its, tab, today, after=after, locale=ask.reader.locale)
    if found.rows or not after:
        return after, found
    return "", page(ask.connection, its, tab, today, locale=ask.reader.locale)


def _news_address(here: dict[str, str], seen: tuple[int, int, int]) -> str:
    """Return where a list asks whether it is still as it was seen; ``later`` says that it is not the first page."""
    later = {"later": "1"} if here["after"] else {}
    return f"/todos/news?{urlencode({**_kept(here), **later, 'seen': '.'.join(map(str, seen))})}"


def _lines(ask: Ask, its: Whose, tab: Tab, today: Today) -> Iterator[bytes]:
    after: str | None = ""
    first = True
    while after is not None:
        found = page(ask.connection, its, tab, today, after=after, locale=ask.reader.locale, size=1_000)
        out = BytesIO()
        write_csv(out, _COLUMNS, (_cells(row) for row in found.rows), ask.reader.zone)
        # Later parts go on where the first ended: without the header and the mark of the encoding.
        yield out.getvalue() if first else out.getvalue().split(b"\r\n", 1)[1]
        after, first = found.next, False


def _cells(row: InboxRow) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in _COLUMNS)


def _tab(ask: Ask) -> Tab:
    """Return the tab that was asked for; another word is the first."""
    return next((tab for tab in TABS if tab == ask.query.get("tab")), TABS[0])


def _to(ask: Ask) -> str:
    """Return whose inbox is looked at, where it is not the reader's own."""
    to = ask.query.get("to", "")
    if not to or to == ask.reader.addressee:
        return ""
    if not ask.reader.sees_all:
        raise NotThere
    try:
        return known_assignee(ask.connection, to)
    except Refused:
        raise NotThere from None


def _whose(ask: Ask) -> Whose:
    to = _to(ask)
    if to.startswith("queue:"):
        return Whose(to)
    return whose(ask.connection, to.removeprefix("user:") or ask.reader.id)


def _kept(here: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in here.items() if value and name in ("tab", "to")}


def _address(here: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in here.items() if value})
    return f"/todos?{query}" if query else "/todos"
