"""Mail that came back, and calls of mail services that tell of it."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table, Text

from engage.sql.columns import Digest, Instant, Key, metadata

#: One row for each mail, and each event of a mail service, about a message that came back, so that each is noted once
#: however often it is read; kept for a while. ``kind`` is a Returned. ``message_id`` and ``prospect_id`` where it is
#: about a message that was sent; ``why`` is what a server said, on one line.
returned = Table(
    "returned",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", Digest, nullable=False, unique=True),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", SmallInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("message_id", Key),
    Column("prospect_id", Key, index=True),
    Column("why", Text),
)

#: Calls of mail services that were believed, so that none is twice; kept for longer than a call is believed.
service_calls = Table(
    "service_calls",
    metadata,
    Column("key", Digest, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)
