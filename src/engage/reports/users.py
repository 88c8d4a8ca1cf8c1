"""Everybody on the team, with the groups and queues they are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Table, select

from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class Member:
    """A user."""

    id: str
    name: str
    email: str | None
    role: str
    department: str | None
    job_title: str | None
    enabled: bool
    groups: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    def as_data(self) -> dict[str, object]:
        """Return the user for scripts."""
        return asdict(self)


def list_users(connection: Connection) -> tuple[Member, ...]:
    """Return all users by id, disabled ones too."""
    u = t.users
    groups = _memberships(connection, t.group_members, "group_key")
    queues = _memberships(connection, t.queue_members, "queue_key")
    rows = connection.execute(
        select(u.c.id, u.c.name, u.c.email, u.c.role, u.c.department, u.c.job_title, u.c.enabled).order_by(u.c.id)
    )
    return tuple(Member(*row, groups=tuple(groups[row.id]), queues=tuple(queues[row.id])) for row in rows)


def _memberships(connection: Connection, table: Table, key: str) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    pairs = select(table.c.user_id, table.c[key]).order_by(table.c[key])
    for user, name in connection.execute(pairs):
        found[user].append(name)
    return found


def user_locale(connection: Connection, user_id: str) -> str | None:
    """Return the language in which a user wants the pages, if one is chosen."""
    s = t.user_settings
    return connection.scalar(select(s.c.locale).where(s.c.user_id == user_id))
