"""Rows of the engine's own tables that many statements write: timers and visits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, func, insert, literal, select

from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.packing import pack

Column = ColumnElement[Any]


def timer(database: str, kind: TimerKind, due: Column, scenario: Column, step: Column, key: Column) -> Select[Any]:
    """Select the columns of a timer that packs the keys of enrolments at a step; the caller says of which.

    ``database`` is the name of its kind: sqlite or postgresql.
    """
    return select(literal(int(kind)), due, scenario, step, func.count(), pack(database, key))


def into_timers(timers: Select[Any]) -> Insert:
    """Insert timers selected by ``timer``."""
    return insert(t.timers).from_select(["kind", "due_at", "scenario_id", "step_id", "count", "ids"], timers)


def into_visits(visits: Select[Any]) -> Insert:
    """Insert visits: enrolment, arrival, leaving, step, move, outcome."""
    return insert(t.visits).from_select(["enrolment_id", "arrived_at", "left_at", "step_id", "move", "outcome"], visits)


def chunk_of(timers: Iterable[Any], most: int) -> list[int]:
    """Return the keys of the first timers that together hold about a chunk; each row is a key and a count."""
    chosen: list[int] = []
    held = 0
    for timer_id, count in timers:
        if chosen and held + count > most:
            break
        chosen.append(timer_id)
        held += count
    return chosen
