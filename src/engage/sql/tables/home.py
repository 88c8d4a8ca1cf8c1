"""Where the database lives, and the times in which nothing goes out of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from engage.sql.columns import Instant, metadata

#: What a database knows of itself, one row named ``home``: by that, a copy or an older state of it is known. ``id`` is
#: its own and goes with its copies; ``place`` is the file or the server where it lies; ``mark`` grows with each
#: delivery, and a file outside the database remembers it.
homes = Table(
    "homes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("mark", BigInteger, nullable=False),
)

#: The times in which nothing goes out, because the database was restored or copied; kept for ever. ``why``: copied,
#: backup, older, unmarked. ``released_at`` is NULL while it lasts; ``held_by`` and ``released_by`` are a user and a
#: machine; ``dropped`` counts what was given up at the release.
holds = Table(
    "holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("held_at", Instant, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("released_at", Instant),
    Column("released_by", Text),
    Column("dropped", Integer),
)
