"""What users prove to be with: setting and taking away passwords, and who has any."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, insert, select, update

from engage.accounts import logins, passwords
from engage.errors import Refused
from engage.sql import tables as t
from engage.sql.packing import is_postgres
from engage.wording import sentence


def set_password(connection: Connection, user_id: str, password: str, now: datetime, but: bytes | None = None) -> None:
    """Give a user a password, and end all of the user's logins but one that may stay.

    Raises Refused where the password is not good enough.
    """
    u = t.users
    row = connection.execute(select(u.c.name, u.c.email).where(u.c.id == user_id)).one()
    passwords.checked(password, (user_id, row.name, row.email or ""))
    values = {"password": passwords.hashed(password), "changed_at": now}
    _put(connection, user_id, values)
    logins.end_all(connection, user_id, "password", now, but)


def is_password(connection: Connection, user_id: str, password: str) -> bool:
    """Tell whether a password is the user's."""
    kept = connection.scalar(select(t.credentials.c.password).where(t.credentials.c.user_id == user_id))
    return passwords.fits(kept, password)


def is_proven(connection: Connection, user_id: str) -> bool:
    """Tell whether a user has a password, or is known to the identity provider."""
    c = t.credentials
    proven = c.c.password.is_not(None) | c.c.subject.is_not(None)
    return bool(connection.scalar(select(exists().where(c.c.user_id == user_id, proven))))


def has_second(connection: Connection, user_id: str) -> bool:
    """Tell whether a user is asked for codes."""
    c = t.credentials
    return bool(connection.scalar(select(exists().where(c.c.user_id == user_id, c.c.second.is_not(None)))))


def is_settled(connection: Connection) -> bool:
    """Tell whether an administrator can come in, so that nobody else may become the first."""
    u, c = t.users, t.credentials
    proven = c.c.password.is_not(None) | c.c.subject.is_not(None)
    return bool(
        connection.scalar(select(exists().where(u.c.id == c.c.user_id, u.c.enabled, u.c.role == "admin", proven)))
    )


def bind_subject(connection: Connection, user_id: str, subject: str, now: datetime) -> None:
    """Remember who a user is to the identity provider. Raises Refused where that is somebody else already."""
    c = t.credentials
    taken = connection.scalar(select(c.c.user_id).where(c.c.subject == subject))
    known = connection.scalar(select(c.c.subject).where(c.c.user_id == user_id))
    if (taken is not None and taken != user_id) or (known is not None and known != subject):
        raise Refused(sentence("this identity belongs to another user of engage"))
    _put(connection, user_id, {"subject": subject, "changed_at": now})


def _put(connection: Connection, user_id: str, values: dict[str, object]) -> None:
    """Write what a user proves to be with; the user's row is locked, so that two at once come one after the other."""
    u, c = t.users, t.credentials
    if is_postgres(connection):
        connection.execute(select(u.c.id).where(u.c.id == user_id).with_for_update())
    if connection.execute(update(c).where(c.c.user_id == user_id).values(values)).rowcount == 0:
        connection.execute(insert(c).values(user_id=user_id, **values))
