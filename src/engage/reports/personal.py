"""A person's data in full, as one JSON document: as everybody may ask for (GDPR article 15, APPI article 33).

Everything that is stored about one prospect and nothing of others, read in one transaction and written row by row, so
that memory stays flat however much there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from engage.language.cells import instant_text
from engage.language.fields import fold
from engage.language.vocabulary import Vocabulary
from engage.reports.personal_columns import keys
from engage.reports.personal_parts import PARTS, PERSON, Part
from engage.reports.personal_values import Told, told
from engage.sql import tables as t
from engage.sql.connect import reading

#: How many rows are in memory at a time.
_ROWS = 1_000


def prospect_of(connection: Connection, email: str) -> int | None:
    """Return the number of the prospect of an address, if there is one."""
    return connection.scalar(select(t.prospects.c.id).where(t.prospects.c.email_folded == fold(email.strip())))


@dataclass(frozen=True, slots=True)
class Words:
    """What values are told by: the types of the workspace's own fields, and the zone of moments."""

    types: Mapping[str, str]
    zone: ZoneInfo


def write_person(
    engine: Engine, prospect_id: int, out: TextIO, vocabulary: Vocabulary, workspace: str, now: datetime
) -> int:
    """Write all data of a prospect as JSON and return how many rows they are; ``out`` stays open."""
    words = Words(
        {field.name: field.type for field in vocabulary.fields.values() if field.custom},
        vocabulary.zone,
    )
    count = 0
    with _snapshot(engine) as connection, connection.begin():
        _say(out, "{\n", "workspace", workspace)
        _say(out, ",\n", "exported_at", instant_text(now, vocabulary.zone))
        _say(out, ",\n", "prospect", _prospect(connection, prospect_id, words))
        for part in PARTS:
            out.write(f",\n  {json.dumps(part.key)}: [")
            separator = "\n"
            for row in rows(connection, part, prospect_id, words):
                out.write(f"{separator}    {json.dumps(row, ensure_ascii=False)}")
                separator, count = ",\n", count + 1
            out.write("]" if separator == "\n" else "\n  ]")
        out.write("\n}\n")
    return count


def _snapshot(engine: Engine) -> Connection:
    """Return a connection whose whole transaction sees one state of the database."""
    connection = reading(engine).connect()
    return connection.execution_options(isolation_level="REPEATABLE READ") if _is_server(engine) else connection


def _is_server(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _say(out: TextIO, before: str, key: str, value: object) -> None:
    out.write(f"{before}  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")


def _prospect(connection: Connection, prospect_id: int, words: Words) -> Told:
    """Return the fields of a prospect and how it stands."""
    people, standings = PERSON
    read = {**keys(people), **keys(standings)}
    chosen = select(*(expression.label(key) for key, expression in read.items()))
    joined = chosen.join_from(people, standings, standings.c.prospect_id == people.c.id)
    row = connection.execute(joined.where(people.c.id == prospect_id)).mappings().one()
    return told("prospect", dict(row), words.types, words.zone)


def rows(connection: Connection, part: Part, prospect_id: int, words: Words) -> Iterator[Told]:
    """Yield the rows of a part, in the order of the table's key."""
    chosen = select(*(expression.label(key) for key, expression in keys(part.table).items())).select_from(part.table)
    mine = chosen.where(part.whose(prospect_id)).order_by(*part.table.primary_key.columns)
    for row in connection.execution_options(yield_per=_ROWS).execute(mine).mappings():
        yield told(part.key, dict(row), words.types, words.zone)
