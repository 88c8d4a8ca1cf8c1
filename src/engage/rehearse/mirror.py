"""A mirror: a private database in memory that shows one prospect as it was, and answers the engine's own questions.

So what explains a decision is the statement that made it, over the values it saw: the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Select, delete, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from engage.language.conditions import AllOf, AnyOf, Condition, Not
from engage.language.worded import leaf
from engage.plan.moves import House
from engage.rehearse.facts import Facts
from engage.reports.past import State
from engage.sql import tables as t
from engage.sql.asked import Now, Who
from engage.sql.columns import written
from engage.sql.connect import connect
from engage.sql.predicates import truth
from engage.sql.standing import run, standing

_WHO = Who(t.standings.alias(), t.prospects.alias())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a condition, or of a part of it."""

    #: the condition as it is written; ``all``, ``any`` or ``not`` for one that joins its parts
    words: str
    #: None: unknown, where a grade leaves it open
    holds: bool | None
    #: what was found
    found: str | None = None
    parts: tuple[Verdict, ...] = ()


@dataclass(slots=True)
class Mirror:
    """The private database, and what stands in it."""

    connection: Connection
    house: House
    #: in which explanations write moments
    zone: ZoneInfo
    state: State

    def show(self, state: State) -> None:
        """Show a state in place of the one before; what is the same in both is left alone."""
        before, self.state = self.state, state
        for name, rows in state.items():
            if rows == before.get(name, []):
                continue
            table = t.metadata.tables[name]
            self.connection.execute(delete(table))
            if rows:
                columns = [column.name for column in written(table)]
                self.connection.execute(insert(table), [{c: row[c] for c in columns if c in row} for row in rows])

    def ask(self, condition: Condition, at: Now, *, unknown: bool = False) -> Verdict:
        """Ask a condition of the prospect in the mirror, and each of its parts."""
        row = run(self.connection, _asked(condition, at.always, unknown=unknown), at).one_or_none()
        held = iter(row) if row is not None else repeat(False)
        facts = Facts(self.connection, self.state, self.house, self.zone, _WHO, at)
        return _verdict(condition, held, facts)


@standing
def _asked(condition: Condition, rules: Now, *, unknown: bool) -> Select[Any]:
    """Select whether a condition holds of the prospect in the mirror, and each of its parts."""
    s, p = _WHO.standing, _WHO.prospect
    asked: list[Any] = [truth(node, _WHO, rules, exact=not unknown, unknown=unknown) for node in _nodes(condition)]
    return select(*asked).select_from(s.join(p, p.c.id == s.c.prospect_id))


def _nodes(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and all its parts, each before its own."""
    yield condition
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _nodes(part)
        case Not(part):
            yield from _nodes(part)
        case _:
            pass


def _verdict(condition: Condition, held: Iterator[Any], facts: Facts) -> Verdict:
    value = next(held)
    holds = None if value is None else bool(value)
    match condition:
        case AllOf(parts) | AnyOf(parts):
            name = "all" if isinstance(condition, AllOf) else "any"
            return Verdict(name, holds, None, _verdicts(parts, held, facts))
        case Not(part):
            return Verdict("not", holds, None, _verdicts((part,), held, facts))
        case _:
            return Verdict(leaf(condition), holds, facts.of(condition))


def _verdicts(parts: Iterable[Condition], held: Iterator[Any], facts: Facts) -> tuple[Verdict, ...]:
    return tuple(_verdict(part, held, facts) for part in parts)


@cache
def _tables() -> str:
    """Return what makes the tables, as text: to say it takes ten times longer than to do it. They need no indexes."""
    dialect = sqlite.dialect()
    return ";".join(str(CreateTable(table).compile(dialect=dialect)) for table in t.metadata.sorted_tables)


@cache
def _engine() -> Engine:
    """Return the engine of all mirrors, which keeps their statements; each has a database of its own."""
    return connect("sqlite://", apart=True)


@contextmanager
def mirror(house: House, zone: ZoneInfo | None = None) -> Iterator[Mirror]:
    """Give an empty mirror; nothing of it lasts. Moments are written in a zone; None: the workspace's."""
    with _engine().connect() as connection:
        connection.connection.cursor().executescript(_tables())
        with connection.begin():
            yield Mirror(connection, house, zone or house.hours.zone, {})
