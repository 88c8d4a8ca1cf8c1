"""One-off sends: an e-mail, or several that are tried against each other, to everybody on some lists."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text, text

from engage.sql.columns import Instant, Key, metadata

#: One row a send; its messages bear its number. ``state`` is a SendState. ``due_at``: when a tick next works on it;
#: ``after_id``: up to which prospect it came. ``lists`` and ``suppress`` are JSON lists of ids. ``share``: how many in
#: a hundred get the test, ``measure`` what decides it (NULL: no test), ``goal`` the events that count as conversions,
#: ``length`` how long it lasts, in microseconds, ``otherwise`` what follows where chance may have decided.
#: ``queued_at``: when its last message so far was queued, ``held_until``: how long messages wait for room under the
#: cap. ``winner`` numbers a variant; ``chosen_by``: test, first or person. ``fault``: why the engine stopped it.
sends = Table(
    "sends",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("after_id", Key, nullable=False, server_default=text("0")),
    Column("lists", Text, nullable=False),
    Column("suppress", Text, nullable=False),
    Column("share", SmallInteger, nullable=False, server_default=text("100")),
    Column("measure", Text),
    Column("goal", Text),
    Column("length", BigInteger),
    Column("otherwise", Text),
    Column("queued_at", Instant),
    Column("held_until", Instant),
    Column("winner", SmallInteger),
    Column("chosen_by", Text),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    Column("fault", Text),
    Index(None, "due_at"),
    sqlite_autoincrement=True,
)

#: The e-mails of a send, numbered from 1. ``tried`` and ``met`` are the test's figures when it was decided: messages
#: delivered, and of those how many were opened, clicked or led to the goal.
send_variants = Table(
    "send_variants",
    metadata,
    Column("send_id", Integer, primary_key=True, autoincrement=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("template_id", Integer, nullable=False),
    Column("tried", Integer),
    Column("met", Integer),
    sqlite_with_rowid=False,
)
