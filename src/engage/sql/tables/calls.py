"""Calls of other systems and of the user's own actions, queued by steps."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, text

from engage.sql.columns import Digest, Instant, Key, metadata

#: What steps call, each text once: ``kind`` is webhook or action, ``content`` JSON, ``digest`` of both.
call_contents = Table(
    "call_contents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", Digest, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("content", Text, nullable=False),
)

#: One row a call: made once for each passage through a step. ``status`` as for messages, sent is done; ``note`` is
#: what an action answered, or why it failed.
calls = Table(
    "calls",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("enrolment_id", Key, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("step_id", Integer, nullable=False),
    Column("content_id", Integer, nullable=False),
    Column("move", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("note", Text),
    UniqueConstraint("enrolment_id", "step_id", "move"),
    Index(
        "ix_calls_queued",
        "id",
        sqlite_where=text("status = 0"),
        postgresql_where=text("status = 0"),
    ),
    Index(
        "ix_calls_failed",
        "id",
        sqlite_where=text("status IN (3, 4)"),
        postgresql_where=text("status IN (3, 4)"),
    ),
)
