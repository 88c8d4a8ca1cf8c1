"""Activities that the program itself writes: each once, whoever tells of it again, and then learnt by a tick."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from sqlalchemy import bindparam, select

from engage.sql import tables as t
from engage.sql.columns import Digest
from engage.sql.interning import upsert
from engage.sql.standing import standing

#: What a row of values has for each activity.
WRITTEN = (
    "prospect_id", "type_id", "target_id", "message_id", "occurred_at", "key", "source", "source_id", "properties",
)  # fmt: skip


def activity_key(source: str, source_id: str) -> bytes:
    """Return what makes an event the same event again: a digest of its source and its id there."""
    return blake2b(f"{source}\0{source_id}".encode(), digest_size=16).digest()


@standing
def writing(database: str) -> Any:
    """Insert an activity, if it is not there already; its values are those of WRITTEN."""
    a = t.activities
    values = {name: bindparam(name, type_=a.c[name].type) for name in WRITTEN}
    return upsert(database, a).inline().values(values).on_conflict_do_nothing()  # type: ignore[attr-defined]


@standing
def to_be_learnt(database: str) -> Any:
    """Have the ticks learn those activities, named by their ``keys``, that none has learnt."""
    a, u = t.activities.c, t.unlearnt
    keys = bindparam("keys", type_=Digest, expanding=True)
    found = select(a.occurred_at, a.id).where(a.key.in_(keys), a.learnt_at.is_(None))
    return upsert(database, u).from_select(["occurred_at", "activity_id"], found).on_conflict_do_nothing()  # type: ignore[attr-defined]
