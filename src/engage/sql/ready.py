"""Statements compiled once and handed to the driver as text.

For a statement on few rows SQLAlchemy's own preparation, which asks each time for the values and their types, takes
longer than the database. What a tick runs again and again needs it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Executable, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase


@dataclass(frozen=True, slots=True)
class _Text:
    """The text for lists of certain lengths, and the names of its values in order; None: by name."""

    sql: str
    order: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement as a driver takes it: its text, its own values, how values are stored."""

    compiled: SQLCompiler
    constants: Mapping[str, object]
    #: how the values of some names are stored
    stored: Mapping[str, Callable[[Any], object]]
    #: the names of values that are lists
    lists: tuple[str, ...]
    #: by the lengths of the lists
    texts: dict[tuple[int, ...], _Text] = field(default_factory=dict)

    def run(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it with values for every name; raises KeyError where one is missing."""
        text = self._text({**self.constants, **given})
        return connection.exec_driver_sql(text.sql, self._told(text, given))

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Run it once for each row of values; no value is a list."""
        text = self._text({**self.constants, **rows[0]})
        if text.order is None:
            return connection.exec_driver_sql(text.sql, [self._told(text, row) for row in rows])
        columns = [self._column(name, rows) for name in text.order]
        return connection.exec_driver_sql(text.sql, list(zip(*columns, strict=True)))

    def _column(self, name: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[object]:
        """Return a name's values, one for each row, as they are stored."""
        values = [row[name] for row in rows] if name in rows[0] else [self.constants[name]] * len(rows)
        store = self.stored.get(name)
        return values if store is None else [store(value) for value in values]

    def _told(self, text: _Text, given: Mapping[str, Any]) -> Any:
        values: dict[str, Any] = {**self.constants, **given}
        for name, store in self.stored.items():
            values[name] = [store(each) for each in values[name]] if name in self.lists else store(values[name])
        for name in self.lists:
            values.update((f"{name}_{place}", each) for place, each in enumerate(values.pop(name), start=1))
        return values if text.order is None else tuple([values[name] for name in text.order])

    def _text(self, values: Mapping[str, Any]) -> _Text:
        lengths = tuple([len(values[name]) for name in self.lists])
        found = self.texts.get(lengths)
        if found is None:
            state = self.compiled.construct_expanded_state(dict(values))
            order = state.positiontup if self.compiled.positional else None
            found = self.texts[lengths] = _Text(state.statement, order)
        return found


def ready(statement: Executable, compiled: SQLCompiler, dialect: Dialect) -> Ready | None:
    """Return a statement that is ready to run, or None where SQLAlchemy has more to do with its values or rows."""
    if not _is_plain(statement, compiled, dialect):
        return None
    lists = tuple(name for name, bind in compiled.binds.items() if bind.expanding)
    constants = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
    stored = {
        name: store
        for name, bind in compiled.binds.items()
        if (store := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    return Ready(compiled, constants, stored, lists)


def _is_plain(statement: Executable, compiled: SQLCompiler, dialect: Dialect) -> bool:
    """Tell whether rows come as the database gives them, and none of the values are made by SQLAlchemy."""
    if isinstance(statement, UpdateBase):
        return not (compiled.effective_returning or compiled.insert_prefetch or compiled.update_prefetch)
    if not isinstance(statement, Select):
        return False
    types = (column.type.dialect_impl(dialect) for column in statement.selected_columns)
    return all(kind.result_processor(dialect, None) is None for kind in types)
