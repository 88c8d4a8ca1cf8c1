"""The prospects that are looked at together, in the temporary table ``looked``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, func, insert, select

from engage.sql import tables as t
from engage.sql.cohort import looked
from engage.sql.scratch import analyse
from engage.sql.standing import big, run, standing, whole


@dataclass(frozen=True, slots=True)
class Span:
    """Some prospects: the lowest and the highest key, and how many."""

    first: int
    last: int
    count: int

    @property
    def keys(self) -> dict[str, int]:
        """The values that ``standing.near`` asks for."""
        return {"low_who": self.first, "high_who": self.last}


def fill_span(connection: Connection, after_id: int, chunk: int) -> Span | None:
    """Fill ``looked`` with the next prospects by key; return their span, or None where there are none."""
    run(connection, _following(), None, after=after_id, most=chunk)
    return span_of(connection, looked)


def span_of(connection: Connection, table: Table) -> Span | None:
    """Return the span of the prospects in a temporary table, which was just filled; None where there are none."""
    analyse(connection, table)
    first, last, count = run(connection, _bounds(table), None).one()
    return None if first is None else Span(first, last, count)


@standing
def _following() -> Insert:
    key = t.standings.c.prospect_id
    following = select(key).where(key > big("after")).order_by(key).limit(whole("most"))
    return insert(looked).from_select(["prospect_id"], following)


@standing
def _bounds(table: Table) -> Select[Any, Any, int]:
    key = table.c.prospect_id
    return select(func.min(key), func.max(key), func.count()).select_from(table)
