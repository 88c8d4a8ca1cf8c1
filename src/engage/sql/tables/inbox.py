"""What users do with their ToDos, and how they are told of them: deeds, changes, calendar feeds, digests."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table, Text, false

from engage.sql.columns import Instant, Key, metadata

#: One row for each thing that somebody did to ToDos, one or many at once; append-only. ``kind``: done, postponed,
#: handed, taken, marked, called, made, undone. ``user_id`` is NULL where a command did it. ``tick_at`` is the last
#: tick before it, ``ticking``: one was under way. ``undoes`` is the deed that this one took back.
todo_deeds = Table(
    "todo_deeds",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("user_id", Text),
    Column("kind", Text, nullable=False),
    Column("tick_at", Instant),
    Column("ticking", Boolean, nullable=False, server_default=false()),
    Column("undoes", Key, unique=True),
    sqlite_autoincrement=True,
)

#: What a deed changed of each ToDo, append-only: what was *before*, as in ``changes``; what is now stands in ``todos``
#: or in the next row. ``number`` counts a ToDo's changes from 1 and is 0 where it was made, which has no before.
#: ``activity_id`` is the call that was logged.
todo_changes = Table(
    "todo_changes",
    metadata,
    Column("todo_id", Key, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("deed_id", Key, nullable=False, index=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("status", Text),
    Column("assignee", Text),
    Column("due_at", Instant),
    Column("completed_at", Instant),
    Column("outcome", Text),
    Column("note", Text),
    Column("activity_id", Key),
    sqlite_with_rowid=False,
)

#: A user's calendar feed: the SHA-256 of the secret in its address.
calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
)

#: The last local day whose digest a user got, or needed none, as days since 1970-01-01, and when that was.
digests = Table(
    "digests",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("last_day", Integer),
    Column("last_at", Instant),
)
