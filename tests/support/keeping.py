"""Changes that a test makes by plain rows are kept, as every writer of the program keeps its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.interning import word_id


def keep(connection: Connection, prospect: int, kind: ChangeKind, ref: int, now: datetime, **was: object) -> None:
    """Keep what was before one change."""
    row = {"prospect_id": prospect, "at": now, "kind": int(kind), "ref": ref, **was}
    connection.execute(insert(t.changes).values(row))


def keep_fields(connection: Connection, prospect: int, names: Iterable[str], now: datetime) -> None:
    """Keep the present values of fields, standard or custom ones."""
    for name in names:
        keep(
            connection,
            prospect,
            ChangeKind.FIELD,
            word_id(connection, "field", name),
            now,
            **_value(connection, prospect, name),
        )


def _value(connection: Connection, prospect: int, name: str) -> dict[str, object]:
    for table, key in ((t.standings, t.standings.c.prospect_id), (t.prospects, t.prospects.c.id)):
        if name in table.c:
            value = connection.scalar(select(table.c[name]).where(key == prospect))
            match value:
                case None:
                    return {}
                case str():
                    return {"text": value}
                case float():
                    return {"number": value}
                case datetime():
                    return {"whole": micros(value)}
                case _:
                    return {"whole": int(value)}
    v = t.field_values
    mine = v.c.prospect_id == prospect, v.c.field_id == word_id(connection, "field", name)
    row = connection.execute(select(v.c.text, v.c.number, v.c.whole).where(*mine)).mappings().one_or_none()
    return dict(row) if row else {}
