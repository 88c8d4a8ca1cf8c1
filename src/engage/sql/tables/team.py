"""The team, its ToDos, and what goes out to the world."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from engage.sql.columns import Instant, Key, metadata

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, server_default=text("''")),
    Column("email", Text),
    Column("role", Text, nullable=False),
    Column("department", Text),
    Column("job_title", Text),
    Column("enabled", Boolean, nullable=False, server_default=true()),
)

#: ``served`` rises each time the round robin gives this member a prospect: the least was served longest ago.
group_members = Table(
    "group_members",
    metadata,
    Column("group_key", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("served", BigInteger, nullable=False, server_default=text("0")),
)

queue_members = Table(
    "queue_members",
    metadata,
    Column("queue_key", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
)

#: ``assignee`` is an addressee: ``user:sato`` or ``queue:inside-sales``.
#: ``status``: not_started, in_progress, waiting, deferred, completed; ``priority``: high, normal, low. ``changes``
#: counts the rows of ``todo_changes``, so that a form knows whether the ToDo is still what it was made from. A number
#: is never given twice: calendars know ToDos by it.
todos = Table(
    "todos",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False, index=True),
    Column("enrolment_id", Key),
    Column("step_id", Integer),
    Column("opportunity_id", Key),
    Column("created_by", Text),
    Column("subject", Text, nullable=False),
    Column("comments", Text),
    Column("due_at", Instant),
    Column("priority", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("completed_at", Instant),
    Column("outcome", Text),
    Column("changes", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("enrolment_id", "step_id"),
    Index(
        "ix_todos_made",
        "created_at",
        "assignee",
        sqlite_where=text("step_id IS NOT NULL"),
        postgresql_where=text("step_id IS NOT NULL"),
    ),
    Index(None, "assignee", "status", "completed_at"),
    Index(
        "ix_todos_open",
        "assignee",
        "due_at",
        "priority",
        "id",
        sqlite_where=text("status <> 'completed'"),
        postgresql_where=text("status <> 'completed'"),
    ),
    sqlite_autoincrement=True,
)

#: E-mails. ``status``: 0 queued, 1 held, 2 sent, 3 failed, 4 in_doubt, 5 cancelled. ``kind``: 0 marketing,
#: 1 operational. ``bounce``: 1 soft, 2 hard. ``deferred_at``: when a mail server first refused it for a while,
#: ``try_at``: not to be tried before. ``send_id``: the one-off send it belongs to; it has one message a prospect.
#: A number is never given twice: signed links bear it.
messages = Table(
    "messages",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key, nullable=False),
    Column("enrolment_id", Key),
    Column("queued_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("step_id", Integer),
    Column("template_id", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("from_owner", Boolean, nullable=False),
    Column("bounce", SmallInteger),
    Column("opened_at", Instant),
    Column("clicked_at", Instant),
    Column("deferred_at", Instant),
    Column("try_at", Instant),
    Column("subject", Text),
    Column("reason", Text),
    Column("send_id", Integer),
    UniqueConstraint("prospect_id", "enrolment_id", "step_id"),
    Index(
        "uq_messages_send",
        "send_id",
        "prospect_id",
        unique=True,
        sqlite_where=text("send_id IS NOT NULL"),
        postgresql_where=text("send_id IS NOT NULL"),
    ),
    Index("ix_messages_failed", "queued_at", sqlite_where=text("status = 3"), postgresql_where=text("status = 3")),
    Index("ix_messages_in_doubt", "id", sqlite_where=text("status = 4"), postgresql_where=text("status = 4")),
    Index(
        "ix_messages_queued",
        "id",
        sqlite_where=text("status = 0"),
        postgresql_where=text("status = 0"),
    ),
    sqlite_autoincrement=True,
    postgresql_with={"fillfactor": 80},
)

#: Mails to the team, made by ``notify`` and by pages. ``addressee`` as in the scenario; ``status``, ``deferred_at`` and
#: ``try_at`` as for messages; mails bear their numbers, too. ``invitation``: the number of a link that is added when
#: the mail is written.
notifications = Table(
    "notifications",
    metadata,
    Column("id", Key, primary_key=True),
    Column("prospect_id", Key),
    Column("enrolment_id", Key),
    Column("step_id", Integer),
    Column("invitation", LargeBinary(16)),
    Column("addressee", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("reason", Text),
    Column("queued_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("deferred_at", Instant),
    Column("try_at", Instant),
    UniqueConstraint("enrolment_id", "step_id"),
    Index(
        "ix_notifications_queued",
        "id",
        sqlite_where=text("status = 0"),
        postgresql_where=text("status = 0"),
    ),
    sqlite_autoincrement=True,
)

#: The way out for mail, one row named ``mail``. ``free_at``: when the next mail may go, where a rate is set.
#: ``stopped_at``: since when nothing goes, ``try_at``: when that is tried again, ``reason``: what the server said.
lanes = Table(
    "lanes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("free_at", Instant),
    Column("stopped_at", Instant),
    Column("try_at", Instant),
    Column("reason", Text),
)

#: The workspace as it was applied: what runs. ``path`` is relative to the workspace.
applied_files = Table(
    "applied_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("applied_at", Instant, nullable=False),
)
