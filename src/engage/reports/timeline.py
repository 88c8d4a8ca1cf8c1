"""Everything that happened to one prospect in one list, the latest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from sqlalchemy import Connection, and_, or_

from engage.clock import micros, moment
from engage.reports.happenings import SOURCES, Event, Place

#: Happenings on a page.
PAGE = 30


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page of the list; ``next`` is where the next page goes on, None on the last."""

    events: tuple[Event, ...]
    next: str | None


def timeline(connection: Connection, prospect_id: int, after: str = "", limit: int = PAGE) -> Stretch:
    """Return a page of what happened; ``after`` is the ``next`` of the page before, anything else begins anew."""
    since = _place(after)
    sources = [_read(connection, number, prospect_id, since, limit + 1) for number in range(len(SOURCES))]
    found = list(islice(merge(*sources, key=lambda event: _order(event.place)), limit + 1))
    events = tuple(found[:limit])
    return Stretch(events, _told(events[-1].place) if len(found) > limit else None)


def _order(place: Place) -> Place:
    """Return by what events are sorted: the latest first, of one moment by source, then the latest row."""
    at, source, row = place
    return -at, source, -row


def _place(text: str) -> Place | None:
    """Return the place that a text tells.

    >>> _place("1700000000000000-2-17"), _place("1-2"), _place("x-1-1"), _place("1-1-" + "9" * 30)
    ((1700000000000000, 2, 17), None, None, None)
    """
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts):
        return None
    at, source, row = (int(part) for part in parts)
    return at, source, row


def _told(place: Place) -> str:
    return "-".join(str(part) for part in place)


def _read(connection: Connection, number: int, prospect_id: int, since: Place | None, limit: int) -> Sequence[Event]:
    source = SOURCES[number]
    at, row = source.at, source.row
    chosen = source.chosen(prospect_id).add_columns(at.label("event_at"), row.label("event_row"))
    if since is not None:
        then, place, last = moment(since[0]), since[1], since[2]
        same = at == then
        chosen = chosen.where(
            or_(at < then, same)
            if number > place
            else or_(at < then, and_(same, row < last))
            if number == place
            else at < then
        )
    rows = connection.execute(chosen.order_by(at.desc(), row.desc()).limit(limit))
    return [source.event(found, (micros(found.event_at), number, found.event_row)) for found in rows]
