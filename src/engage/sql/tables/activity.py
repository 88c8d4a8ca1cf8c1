"""Activities and the score ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from engage.sql.columns import Digest, Instant, Key, metadata

#: Texts that stand in many rows, each kept once under a small number: event types, targets, links, tags,
#: fields, score categories, templates. ``folded`` is what criteria compare.
words = Table(
    "words",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("folded", Text, nullable=False),
    UniqueConstraint("kind", "text"),
    sqlite_autoincrement=True,
)

#: One row an event, append-only. ``key`` is a digest of source and source id: the same event is one row.
#: ``learnt_at`` is the tick that learnt it; until then no step sees it. Room is left on each page, so that
#: learning rewrites no index.
activities = Table(
    "activities",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False),
    Column("type_id", Integer, nullable=False),
    Column("target_id", Integer),
    Column("link_id", Integer),
    Column("message_id", Key),
    Column("occurred_at", Instant, nullable=False),
    Column("learnt_at", Instant),
    Column("key", Digest, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("properties", Text),
    Column("bot", Boolean, nullable=False, server_default=false()),
    Index(None, "prospect_id", "type_id", "occurred_at"),
    postgresql_with={"fillfactor": 50},
)

#: Activities that no tick has learnt yet, in the order of learning. Written with the activity, deleted in
#: the transaction that learns it: never "id > last seen", for a lower id may commit later.
unlearnt = Table(
    "unlearnt",
    metadata,
    Column("occurred_at", Instant, primary_key=True, autoincrement=False),
    Column("activity_id", Key, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: What the public pages heard of messages and no tick has settled yet. ``kind``: 0 open, 1 click, 2 trap; ``machine``:
#: why it is known at once that no person did it. Rows go in the transaction that makes activities of them.
heard = Table(
    "heard",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("message_id", Key, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("link", Text),
    Column("machine", Text),
    sqlite_autoincrement=True,
)

#: The score ledger: its sum is the score. ``kind`` is rule, step, manual, import, expiry or inactivity. ``at`` is
#: when it was earned, ``made_at`` the tick or the import that wrote it, NULL where that is the same.
score_entries = Table(
    "score_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("made_at", Instant),
    Column("points", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("category_id", Integer),
    Column("rule_id", Integer),
    Column("activity_id", Key),
    Column("enrolment_id", Key),
    Column("step_id", Integer),
    Column("note", Text),
)

#: Ledger rows of rules that changed rules took away at ``gone_at``, so that what stood before can still be told.
former_entries = Table(
    "former_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("gone_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("made_at", Instant),
    Column("points", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("category_id", Integer),
    Column("rule_id", Integer),
    Column("activity_id", Key),
)

category_scores = Table(
    "category_scores",
    metadata,
    Column("prospect_id", Key, primary_key=True, autoincrement=False),
    Column("category_id", Integer, primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Ledger rows whose points will be taken back, and when.
expiries = Table(
    "expiries",
    metadata,
    Column("at", Instant, primary_key=True, autoincrement=False),
    Column("entry_id", Key, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
