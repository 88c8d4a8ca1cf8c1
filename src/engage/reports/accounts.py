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


def accounts(connection: Connection) -> tuple[Account, ...]:
    """Return all users by id."""
    c, lo = t.credentials, t.logins
    proofs = {
        row.user_id: (row.password is not None or row.subject is not None, row.second is not None)
        for row in connection.execute(select(c.c.user_id, c.c.password, c.c.subject, c.c.second))
    }
    came = select(lo.c.user_id, func.max(lo.c.began_at).label("last"), func.count().label("count"))
    found = {row.user_id: (row.last, row.count) for row in connection.execute(came.group_by(lo.c.user_id))}
    return tuple(
        Account(member, *proofs.get(member.id, (False, False)), *found.get(member.id, (None, 0)))
        for member in list_users(connection)
    )
