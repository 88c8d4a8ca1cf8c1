"""Activities that the program itself writes: each once, whoever tells of it again, and then learnt by a tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engage.sql import tables as t
from engage.sql.columns import Digest
from engage.sql.interning import upsert
from engage.sql.standing import among, run, standing
from engage.sql.together import given, run_together

#: What a row of values has for each activity.
WRITTEN = (
    "prospect_id", "type_id", "target_id", "message_id", "occurred_at", "key", "source", "source_id", "properties",
)  # fmt: skip


def activity_key(source: str, source_id: str) -> bytes:
    """Return what makes an event the same event again: a digest of its source and its id there."""
    return blake2b(f"{source}\0{source_id}".encode(), digest_size=16).digest()


def write_activities(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Write activities that are not there yet, rows with the values of WRITTEN, and have the next tick learn them."""
    if rows:
        database = connection.dialect.name
        run_together(connection, _writing(database), rows)
        run(connection, _to_be_learnt(database), None, keys=[row["key"] for row in rows])


@standing
def _writing(database: str) -> Any:
    a = t.activities
    kinds = {name: a.c[name].type for name in WRITTEN}
    if database == "postgresql":
        chosen = upsert(database, a).inline().from_select(WRITTEN, select(*given(kinds).c))
    else:
        chosen = upsert(database, a).inline().values({name: bindparam(name, type_=kinds[name]) for name in WRITTEN})
    return chosen.on_conflict_do_nothing()  # type: ignore[attr-defined]


@standing
def _to_be_learnt(database: str) -> Any:
    a, u = t.activities.c, t.unlearnt
    found = select(a.occurred_at, a.id).where(among(database, a.key, "keys", Digest), a.learnt_at.is_(None))
    return upsert(database, u).from_select(["occurred_at", "activity_id"], found).on_conflict_do_nothing()  # type: ignore[attr-defined]
