"""Telling the next round which prospects changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, insert, literal, select

from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.packing import pack
from engage.stepping.journeys import Tick


def touch(connection: Connection, tick: Tick, facet: str, prospects: Select[Any]) -> None:
    """Write a timer for prospects of whom something changed that somebody watches.

    ``prospects`` selects one column of keys, at most a chunk of them.
    """
    if facet in tick.watched:
        announce(connection, tick.at, prospects, facet)


def announce(connection: Connection, at: int, prospects: Select[Any], facet: str | None = None) -> None:
    """Write a timer that has prospects looked at; ``facet`` is what changed of them, None anything."""
    who = prospects.distinct().subquery()
    key = who.c[0]
    values = (literal(int(TimerKind.CHANGED)), literal(at), literal(facet), func.count(), pack(connection, key))
    packed = select(*values).having(func.count() > 0)
    connection.execute(insert(t.timers).from_select(["kind", "due_at", "facet", "count", "ids"], packed))
