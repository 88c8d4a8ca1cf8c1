"""The team as administrators see it: who may come in, who did, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engage.reports.users import Member, list_users
from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class Account:
    """A user with what is known of coming in."""

    member: Member
    #: has a password, or is known to the identity provider
    proven: bool
    #: is asked for codes
    second: bool
    last_login: datetime | None
    #: how often the user came in so far
    logins: int


def accounts(
    connection: Connection, *, after: str = "", limit: int | None = None, containing: str = ""
) -> tuple[Account, ...]:
    """Return users by id: those after an id, whose id or name contains a text."""
    c, lo = t.credentials, t.logins
    members = list_users(connection, after=after, limit=limit, containing=containing)
    credentials = select(c.c.user_id, c.c.password, c.c.subject, c.c.second)
    came = select(lo.c.user_id, func.max(lo.c.began_at).label("last"), func.count().label("count"))
    if limit is not None:
        those = [member.id for member in members]
        credentials, came = credentials.where(c.c.user_id.in_(those)), came.where(lo.c.user_id.in_(those))
    proofs = {
        row.user_id: (row.password is not None or row.subject is not None, row.second is not None)
        for row in connection.execute(credentials)
    }
    found = {row.user_id: (row.last, row.count) for row in connection.execute(came.group_by(lo.c.user_id))}
    return tuple(
        Account(member, *proofs.get(member.id, (False, False)), *found.get(member.id, (None, 0))) for member in members
    )
