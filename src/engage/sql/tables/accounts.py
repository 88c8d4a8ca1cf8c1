"""Who of the team may come in, who came in, and what they did that must be traceable."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    event,
    true,
)

from engage.sql.columns import Digest, Instant, Key, metadata

#: What a user proves to be with. ``password`` is an argon2id hash with its own salt and cost; ``second`` the secret of
#: the second factor, encrypted, and ``second_step`` the last time step that was used, so that no code works twice;
#: ``spare`` the digests of codes that work once each, as JSON; ``subject`` who the user is to the identity provider.
credentials = Table(
    "credentials",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("password", Text),
    Column("changed_at", Instant, nullable=False),
    Column("second", Text),
    Column("second_step", BigInteger),
    Column("spare", Text),
    Column("subject", Text, unique=True),
)

#: Every login there was, kept for adoption reports. ``token`` is the SHA-256 of what the browser holds; ``role`` the
#: role it began with: with another one it is over. ``way``: password, oidc, invitation. ``why`` it ended.
logins = Table(
    "logins",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("why", Text),
    Index(None, "user_id", "began_at"),
    Index(None, "began_at"),
)

#: Links that work once: ``purpose`` is first (the first administrator), welcome or reset. The link itself is signed
#: with the secret key and stands nowhere.
invitations = Table(
    "invitations",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("user_id", Text, index=True),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

#: Attempts that failed, by a keyed digest of who tried and a span of ten minutes; removed after a day.
attempts = Table(
    "attempts",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("key", Digest, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: How a user wants the pages: ``locale`` and ``zone`` are empty where the browser's and the workspace's count.
user_settings = Table(
    "user_settings",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("locale", Text),
    Column("zone", Text),
    Column("shortcuts", Boolean, nullable=False, server_default=true()),
    Column("digest", Boolean, nullable=False, server_default=true()),
)

#: What was done that must be traceable, append-only: the database refuses to change or delete a row, and each row's
#: ``digest`` covers the digest of the row before, so that one changed by other means is found. ``who`` is a user's
#: addressee or the command line.
audit = Table(
    "audit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("chain", SmallInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Index(None, "subject"),
    sqlite_autoincrement=True,
)

_APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
        # INSERT OR REPLACE deletes a row without the trigger above. A number that is still to be given is -1 here.
        (
            "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN NEW.id <> -1 "
            "AND NEW.id <= (SELECT max(id) FROM audit) BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        ),
    ),
    "postgresql": (
        "CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'append-only'; END $$",
        "CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_stands()",
    ),
}


@event.listens_for(audit, "after_create")
def _append_only(table: Table, connection: Connection, **_: object) -> None:  # noqa: ARG001 - as events call
    """Have the database refuse changes of the audit log, whoever asks."""
    for statement in _APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)
