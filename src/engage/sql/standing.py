"""Standing statements: built once, run many times, only their values differ.

To build a statement takes several times longer than to run it on few rows. So what a tick runs is made by functions
of what never changes in a plan; what changes at each run (the moment, the places of the cohort) are named values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Integer,
    SmallInteger,
    any_,
    bindparam,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.type_api import TypeEngine

from engage.clock import micros
from engage.sql.asked import Now
from engage.sql.moving import is_moving, told
from engage.sql.ready import Ready, ready

P = ParamSpec("P")
#: What a statement returns: rows of any columns.
Rows = CursorResult[*tuple[Any, ...]]
S = TypeVar("S")
#: So many statements of each kind are kept.
KEPT = 2_000


@dataclass(frozen=True, slots=True)
class _Asks:
    """What a statement asks for when it runs: its named values, and those that move with the clock."""

    names: frozenset[str]
    moving: tuple[str, ...]
    ready: Ready | None


#: By the kind of database.
_asks: WeakKeyDictionary[Executable, dict[str, _Asks]] = WeakKeyDictionary()
#: The moment of the run, in microseconds.
NOW: BindParameter[int] = bindparam("now", type_=BigInteger())


def standing(build: Callable[P, S]) -> Callable[P, S]:
    """Have a function of hashable arguments build each of its statements once."""
    return lru_cache(maxsize=KEPT)(build)  # type: ignore[return-value]


def big(name: str) -> BindParameter[int]:
    """Return a named whole number of 64 bits: a moment in microseconds, a key, points."""
    return bindparam(name, type_=BigInteger())


def whole(name: str) -> BindParameter[int]:
    """Return a named whole number."""
    return bindparam(name, type_=Integer())


def small(name: str) -> BindParameter[int]:
    """Return a named small number."""
    return bindparam(name, type_=SmallInteger())


def many(name: str) -> BindParameter[Any]:
    """Return a named sequence of whole numbers, for ``IN``."""
    return bindparam(name, type_=BigInteger(), expanding=True)


def among(
    database: str, value: ColumnElement[Any], name: str, kind: TypeEngine[Any] | None = None
) -> ColumnElement[bool]:
    """Return whether a value, a whole number unless its kind is given, is among those of a named sequence.

    PostgreSQL gets an array: the text is the same for every length, and its driver need not read it anew.
    """
    kind = kind or BigInteger()
    if database == "postgresql":
        return value == any_(bindparam(name, type_=ARRAY(kind)))
    return value.in_(bindparam(name, type_=kind, expanding=True))


def near(prospect_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether a prospect's key lies between the chunk's lowest and highest, ``low_who`` and ``high_who``.

    It says nothing new of rows that are joined by the key. PostgreSQL begins to read an index there and not at its
    first entry, so that a chunk costs the same beside a million others.
    """
    return prospect_id.between(big("low_who"), big("high_who"))


def near_id(database: str, enrolment_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether an enrolment's key lies between the chunk's, ``low_id`` and ``high_id``.

    SQLite would take the whole range for a better way in than the chunk's own keys.
    """
    return enrolment_id.between(big("low_id"), big("high_id")) if database == "postgresql" else true()


def near_in(database: str, prospect_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return ``near`` for a table that is joined or updated; not on SQLite, as for ``near_id``."""
    return near(prospect_id) if database == "postgresql" else true()


def same_scenario(database: str, scenario_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether a run is of ``scenario``, for statements that know its key or its prospect.

    SQLite would read all runs of the scenario by their index, again for each; a sum has no index.
    """
    return (scenario_id if database == "postgresql" else scenario_id + 0) == whole("scenario")


def run(connection: Connection, statement: Executable, asked: Now | None, **values: object) -> Rows:
    """Run a standing statement at a moment, or None for one that has no clock.

    Values that it does not ask for are left out.
    Raises StatementError where it asks for one that is missing.
    """
    asks = _what_it_asks(connection, statement)
    given = {name: value for name, value in values.items() if name in asks.names}
    if asked is not None and "now" in asks.names:
        given["now"] = micros(asked.at)
    if asked is not None and asks.moving:
        given |= told(asks.moving, asked.at, asked.zone)
    if asks.ready is not None and given.keys() == asks.names:
        return asks.ready.run(connection, given)
    return connection.execute(statement, given or None)


def run_each(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """Run a standing statement that has no clock and returns nothing once for each row of values."""
    asks = _what_it_asks(connection, statement)
    if asks.ready is not None and rows:
        asks.ready.run_each(connection, rows)
    elif rows:
        connection.execute(statement, rows)


def _what_it_asks(connection: Connection, statement: Executable) -> _Asks:
    kinds = _asks.get(statement)
    if kinds is None:
        kinds = _asks[statement] = {}
    asks = kinds.get(connection.dialect.name)
    if asks is None:
        asks = kinds[connection.dialect.name] = _asked_for(statement, connection.dialect)
    return asks


def _asked_for(statement: Executable, dialect: Dialect) -> _Asks:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)
    names = [name for name, bind in compiled.binds.items() if bind.required or is_moving(name)]
    moving = tuple(name for name in names if is_moving(name))
    return _Asks(frozenset(names), moving, ready(statement, compiled, dialect))
