"""The secret address of a user's calendar feed: made, made anew, taken away; only its SHA-256 is stored."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, delete, insert, select

from engage.accounts.roles import SELLERS
from engage.sql import tables as t

#: Random bytes in an address: 256 bits.
_BYTES = 32


def make_feed(connection: Connection, user_id: str, now: datetime) -> str:
    """Give a user's feed a new address and return its secret, which nobody can read again; an old one ends."""
    stop_feed(connection, user_id)
    token = token_urlsafe(_BYTES)
    connection.execute(insert(t.calendar_feeds).values(user_id=user_id, token_hash=_hash(token), made_at=now))
    return token


def stop_feed(connection: Connection, user_id: str) -> None:
    """Take the address of a user's feed away."""
    connection.execute(delete(t.calendar_feeds).where(t.calendar_feeds.c.user_id == user_id))


def feed_made_at(connection: Connection, user_id: str) -> datetime | None:
    """Return when the address of a user's feed was made; None where there is none."""
    f = t.calendar_feeds
    return connection.scalar(select(f.c.made_at).where(f.c.user_id == user_id))


def feed_user(connection: Connection, token: str) -> str | None:
    """Return the user whose feed a secret opens; None for one that opens none.

    None also for a user who may not log in, or whose role has no ToDos and so no page to stop the feed on.
    """
    f, u = t.calendar_feeds, t.users
    asked = select(u.c.id).join_from(f, u, u.c.id == f.c.user_id)
    return connection.scalar(asked.where(f.c.token_hash == _hash(token), u.c.enabled, u.c.role.in_(SELLERS)))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
