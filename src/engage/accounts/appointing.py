"""Users whom files bring: who is new, and whose role is another, stands in the audit log and ends their logins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from engage.accounts import audit, logins
from engage.sql import tables as t


def roles_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the roles of those of some users who are there."""
    u = t.users
    return {row.id: row.role for row in connection.execute(select(u.c.id, u.c.role).where(u.c.id.in_(ids)))}


def appointed(connection: Connection, ids: Collection[str], before: Mapping[str, str], who: str, now: datetime) -> None:
    """Write down which of some users are new or have another role than ``before``; logins of the latter end.

    It comes last in a transaction: on PostgreSQL others that write into the audit log wait from here to its end.
    """
    for key, role in sorted(roles_of(connection, ids).items()):
        old = before.get(key)
        if old is None:
            audit.note(connection, who, "user_added", f"user:{key}", now, {"role": role})
        elif old != role:
            logins.end_all(connection, key, "role", now)
            audit.note(connection, who, "role_changed", f"user:{key}", now, {"before": old, "after": role})
