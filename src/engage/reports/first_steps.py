"""What a new workspace lacks still, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Select, select

from engage.sql import tables as t
from engage.wording import Sentence, sentence


def first_steps(connection: Connection) -> Iterator[Sentence]:
    """Yield what is to be done next, the first thing first; nothing once all is under way."""
    s = t.scenarios
    if not _any(connection, select(s.c.key)):
        yield sentence("Nothing is applied yet. Put the files to work: engage apply")
    if not _any(connection, select(t.standings.c.prospect_id)):
        yield sentence("There are no prospects yet. Bring some in: engage import prospects FILE.csv")
    if _any(connection, select(s.c.key)) and not _any(connection, select(s.c.key).where(s.c.state != "draft")):
        yield sentence("No scenario runs yet. Start one under Scenarios.")


def _any(connection: Connection, chosen: Select[tuple[object]]) -> bool:
    return connection.execute(chosen.limit(1)).first() is not None
