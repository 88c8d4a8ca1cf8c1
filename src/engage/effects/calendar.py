"""ToDos as a calendar (RFC 5545): each a VTODO, and one that is due a VEVENT, too: most calendars show only those."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta

from icalendar import Calendar, Event, Todo

from engage.effects.agenda import Entry
from engage.effects.text_part import without_controls

_PRIORITY = {"high": 1, "normal": 5, "low": 9}
#: How long an appointment at a due moment takes in the calendar.
_LENGTH = timedelta(minutes=30)


def calendar(entries: Iterable[Entry], name: str, base_url: str, *, family_first: bool) -> bytes:
    """Return a calendar of ToDos. The same ToDos give the same bytes; all moments are in UTC.

    ``base_url`` is where the pages are; its host stands in the UIDs, which a ToDo keeps for ever.
    """
    made = Calendar()
    made.add("prodid", "-//engage//ToDos//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", name)
    for entry in entries:
        made.add_component(_described(Todo(), entry, base_url, family_first=family_first))
        if entry.due_at is not None:
            made.add_component(_described(Event(), entry, base_url, family_first=family_first))
    text: bytes = made.to_ical()
    return text


def _described(made: Todo | Event, entry: Entry, base_url: str, *, family_first: bool) -> Todo | Event:
    address = f"{base_url}/todos/{entry.id}"
    host = base_url.partition("://")[2].partition("/")[0]
    kind = "todo" if isinstance(made, Todo) else "event"
    made.add("uid", f"engage-{kind}-{entry.id}@{host}")
    made.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    made.add("last-modified", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    made.add("created", entry.created_at.astimezone(UTC).replace(microsecond=0))
    made.add("sequence", entry.changes)
    made.add("summary", without_controls(entry.subject))
    made.add("description", _description(entry, address, family_first=family_first))
    made.add("priority", _PRIORITY.get(entry.priority, 5))
    made.add("url", address)
    if isinstance(made, Todo):
        made.add("status", "IN-PROCESS" if entry.status == "in_progress" else "NEEDS-ACTION")
        if entry.due_at is not None:
            made.add("due", entry.due_at.astimezone(UTC).replace(microsecond=0))
    elif entry.due_at is not None:
        made.add("dtstart", entry.due_at.astimezone(UTC).replace(microsecond=0))
        made.add("duration", _LENGTH)
        made.add("transp", "TRANSPARENT")
    return made


def _description(entry: Entry, address: str, *, family_first: bool) -> str:
    names = (entry.last_name, entry.first_name) if family_first else (entry.first_name, entry.last_name)
    who = " ".join(name for name in names if name)
    lines = (
        " · ".join(part for part in (who, entry.company) if part),
        entry.phone,
        entry.email,
        entry.comments,
        address,
    )
    return "\n".join(without_controls(line) for line in lines if line)
