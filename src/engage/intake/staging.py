"""Rows of a file on their way into the tables, and what every kind of import does with people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    Table,
    Text,
    insert,
    literal,
    select,
    update,
)

from engage.clock import micros
from engage.intake.ledger import lock_standings
from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.columns import Instant, Key
from engage.sql.interning import upsert
from engage.sql.packing import is_postgres
from engage.sql.scratch import scratch

#: What a column of a staged row can be.
Cell = str | int | float | bool | bytes | None


def staged(name: str, *columns: Column[Any]) -> Table:
    """Return a temporary table of rows about people: their place in the batch, their key, their address and its lot.

    ``fresh`` marks those who are made by this batch: of them there is no past to keep.
    """
    return scratch(
        name,
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("prospect_id", Key),
        Column("email", Text),
        Column("email_folded", Text),
        Column("lot", Integer),
        Column("fresh", Boolean),
        *columns,
    )


def load(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Put rows into a table as fast as the database takes them; values are bound as they are."""
    if not rows:
        return
    columns = ", ".join(f'"{name}"' for name in names)
    if is_postgres(connection):
        cursor: Any = connection.connection.cursor()
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" * len(names))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", [*map(tuple, rows)])


def find_people(connection: Connection, rows: Table) -> list[int]:
    """Give each staged row the key of its address's prospect; return the places of those that have none."""
    _find(connection, rows, fresh=False)
    return list(connection.scalars(select(rows.c.n).where(rows.c.prospect_id.is_(None))))


def _find(connection: Connection, rows: Table, *, fresh: bool) -> None:
    known = select(t.prospects.c.id).where(t.prospects.c.email_folded == rows.c.email_folded)
    found = {"prospect_id": known.scalar_subquery(), "fresh": fresh}
    connection.execute(update(rows).where(rows.c.prospect_id.is_(None)).values(found))


def make_people(connection: Connection, rows: Table, now: datetime, fields: Sequence[str] = ()) -> frozenset[int]:
    """Make a prospect of each staged address that has none; return their keys, new ones only."""
    names = ("email", "email_folded", *fields)
    new = select(*(rows.c[name] for name in names)).where(rows.c.prospect_id.is_(None)).order_by(rows.c.n)
    made = upsert(connection.dialect.name, t.prospects).from_select(names, new)
    keys = frozenset(
        connection.scalars(made.on_conflict_do_nothing().returning(t.prospects.c.id))  # type: ignore[attr-defined]
    )
    if keys:
        _find(connection, rows, fresh=True)
        created = literal(micros(now), Instant)
        each = select(rows.c.prospect_id, created, rows.c.lot).where(rows.c.prospect_id.is_not(None)).distinct()
        names = ("prospect_id", "created_at", "lot")
        standing = upsert(connection.dialect.name, t.standings).from_select(names, each)
        connection.execute(standing.on_conflict_do_nothing())  # type: ignore[attr-defined]
    return keys


def hold_people(connection: Connection, rows: Table) -> None:
    """Lock the standings of all staged prospects, in the order of their keys."""
    lock_standings(connection, select(rows.c.prospect_id).where(rows.c.prospect_id.is_not(None)))


def announce(connection: Connection, changed: Collection[int], now: datetime) -> None:
    """Tell the engine who was made or changed; it looks at them in its next tick."""
    if changed:
        row = {"kind": int(TimerKind.CHANGED), "due_at": now, "count": len(changed), "ids": sorted(changed)}
        connection.execute(insert(t.timers), row)


def drop_rows(connection: Connection, rows: Table, places: Iterable[int]) -> None:
    """Take staged rows out of the batch."""
    wanted = [(place,) for place in places]
    if not wanted:
        return
    if is_postgres(connection):
        connection.execute(rows.delete().where(rows.c.n.in_([place for (place,) in wanted])))
        return
    connection.exec_driver_sql(f"DELETE FROM {rows.name} WHERE n = ?", wanted)
