"""Everybody on the team, with the groups and queues they are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Table, or_, select

from engage.language.fields import fold
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


def list_users(
    connection: Connection, *, after: str = "", limit: int | None = None, containing: str = ""
) -> tuple[Member, ...]:
    """Return users by id, disabled ones too: those after an id, whose id or name contains a text."""
    u = t.users
    chosen = select(u.c.id, u.c.name, u.c.email, u.c.role, u.c.department, u.c.job_title, u.c.enabled)
    if after:
        chosen = chosen.where(u.c.id > after)
    if containing:
        text = fold(containing)
        named = u.c.name_folded.contains(text, autoescape=True)
        chosen = chosen.where(or_(named, u.c.id.contains(text, autoescape=True)))
    rows = connection.execute(chosen.order_by(u.c.id).limit(limit)).all()
    only = None if limit is None else [row.id for row in rows]
    groups = _memberships(connection, t.group_members, "group_key", only)
    queues = _memberships(connection, t.queue_members, "queue_key", only)
    return tuple(Member(*row, groups=tuple(groups[row.id]), queues=tuple(queues[row.id])) for row in rows)


def _memberships(connection: Connection, table: Table, key: str, only: Sequence[str] | None) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    pairs = select(table.c.user_id, table.c[key]).order_by(table.c[key])
    if only is not None:
        pairs = pairs.where(table.c.user_id.in_(only))
    for user, name in connection.execute(pairs):
        found[user].append(name)
    return found


def user_locale(connection: Connection, user_id: str) -> str | None:
    """Return the language in which a user wants the pages, if one is chosen."""
    s = t.user_settings
    return connection.scalar(select(s.c.locale).where(s.c.user_id == user_id))
