"""Telling the next round which prospects changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, Select, func, insert, literal, select

from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import TimerKind
from engage.sql.packing import pack
from engage.sql.standing import NOW, run, standing
from engage.stepping.journeys import Tick


def touch(connection: Connection, tick: Tick, facet: str, prospects: Select[Any], **values: object) -> None:
    """Write a timer for prospects of whom something changed that somebody watches.

    ``prospects`` is a standing SELECT of one column of keys, at most a chunk of them, with its values.
    """
    if facet in tick.watched:
        announce(connection, tick.asked, prospects, facet, **values)


def announce(
    connection: Connection, asked: Now, prospects: Select[Any], facet: str | None = None, **values: object
) -> None:
    """Write a timer that has prospects looked at; ``facet`` is what changed of them, None anything."""
    run(connection, _announced(connection.dialect.name, prospects, facet), asked, **values)


@standing
def _announced(database: str, prospects: Select[Any], facet: str | None) -> Insert:
    who = prospects.distinct().subquery()
    key = who.c[0]
    values = (literal(int(TimerKind.CHANGED)), NOW, literal(facet), func.count(), pack(database, key))
    packed = select(*values).having(func.count() > 0)
    return insert(t.timers).from_select(["kind", "due_at", "facet", "count", "ids"], packed)
