"""A mirror: a private database in memory that shows one prospect as it was, and answers the engine's own questions.

So what explains a decision is the statement that made it, over the values it saw: the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from engage.language.conditions import AllOf, AnyOf, Condition, Not
from engage.language.worded import leaf
from engage.plan.moves import House
from engage.rehearse.facts import Facts
from engage.reports.past import State
from engage.sql import tables as t
from engage.sql.asked import Now, Who
from engage.sql.connect import connect
from engage.sql.predicates import truth

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
    state: State

    def show(self, state: State) -> None:
        """Show a state in place of the one before."""
        self.state = state
        for name, rows in state.items():
            table = t.metadata.tables[name]
            self.connection.execute(delete(table))
            if rows:
                columns = [column.name for column in table.c]
                self.connection.execute(insert(table), [{c: row[c] for c in columns if c in row} for row in rows])

    def ask(self, condition: Condition, at: Now, *, unknown: bool = False) -> Verdict:
        """Ask a condition of the prospect in the mirror, and each of its parts."""
        nodes = list(_nodes(condition))
        asked = [truth(node, _WHO, at, exact=not unknown, unknown=unknown) for node in nodes]
        row = self.connection.execute(self.whole(*asked)).one_or_none()
        held = iter(row if row is not None else (False,) * len(nodes))
        facts = Facts(self.connection, self.state, self.house, _WHO, at)
        return _verdict(condition, held, facts)

    def whole(self, *columns: Any) -> Select[Any]:
        """Select columns over the prospect's joined tables."""
        s, p = _WHO.standing, _WHO.prospect
        return select(*columns).select_from(s.join(p, p.c.id == s.c.prospect_id))


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


@contextmanager
def mirror(house: House) -> Iterator[Mirror]:
    """Give an empty mirror; nothing of it lasts."""
    engine = connect("sqlite://")
    try:
        with engine.connect() as connection, connection.begin():
            t.metadata.create_all(connection)
            yield Mirror(connection, house, {})
    finally:
        engine.dispose()
