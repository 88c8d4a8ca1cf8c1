"""Logins: who is in, since when, and when that ends.

A login is over after eight hours without a page being opened, seven days after it began, and at once when the user is
disabled, has another role or another password, wherever the request comes in: each one asks the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from engage.accounts import audit
from engage.accounts.keys import new_token, token_digest
from engage.accounts.roles import Role, role_of
from engage.sql import tables as t

Way = Literal["password", "oidc", "invitation"]
Why = Literal["logged_out", "ended_by_user", "password", "second_factor", "role", "disabled", "replaced"]

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
#: That a login is used is noted at most so often.
NOTED = timedelta(minutes=1)
#: So much of what a browser says of itself is kept, for a user to know the login again.
_AGENT = 200


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is going on."""

    token: bytes
    user_id: str
    name: str
    email: str | None
    role: Role
    began_at: datetime
    seen_at: datetime
    locale: str | None
    zone: str | None
    shortcuts: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A login as its user sees it among others."""

    token: bytes
    agent: str
    began_at: datetime
    seen_at: datetime


def begin(
    connection: Connection, user_id: str, role: Role, way: Way, agent: str, now: datetime, before: str = ""
) -> str:
    """Let a user in; return the token that the browser holds from now on, new each time.

    ``before`` is the token that it held till now: that login, whosever it was, ends.
    """
    token = new_token()
    if before:
        end(connection, token_digest(before), "replaced", now)
    values = {"token": token_digest(token), "user_id": user_id, "role": role, "way": way, "agent": agent[:_AGENT]}
    connection.execute(insert(t.logins).values(**values, began_at=now, seen_at=now))
    audit.note(connection, f"user:{user_id}", "logged_in", f"user:{user_id}", now, {"way": way})
    return token


def current(connection: Connection, token: str, now: datetime) -> Login | None:
    """Return the login of a token while it goes on."""
    lo, u, s = t.logins, t.users, t.user_settings
    chosen = (
        select(
            lo.c.token, u.c.id, u.c.name, u.c.email, u.c.role, lo.c.began_at, lo.c.seen_at,
            s.c.locale, s.c.zone, s.c.shortcuts,
        )
        .select_from(lo.join(u, u.c.id == lo.c.user_id).outerjoin(s, s.c.user_id == u.c.id))
        .where(lo.c.token == token_digest(token), _lasts(now), u.c.enabled, u.c.role == lo.c.role)
    )  # fmt: skip
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    shortcuts = True if row.shortcuts is None else row.shortcuts
    seen = (row.began_at, row.seen_at, row.locale, row.zone, shortcuts)
    return Login(row.token, row.id, row.name, row.email, role_of(row.role), *seen)


def noted(connection: Connection, login: Login, now: datetime) -> None:
    """Note that a login is used."""
    lo = t.logins
    used = and_(lo.c.token == login.token, lo.c.ended_at.is_(None), lo.c.seen_at < now)
    connection.execute(update(lo).where(used).values(seen_at=now))


def end(connection: Connection, token: bytes, why: Why, now: datetime) -> bool:
    """End one login; return whether it was going on."""
    lo = t.logins
    ended = update(lo).where(lo.c.token == token, lo.c.ended_at.is_(None)).values(ended_at=now, why=why)
    return connection.execute(ended).rowcount > 0


def end_all(connection: Connection, user_id: str, why: Why, now: datetime, but: bytes | None = None) -> int:
    """End all logins of a user, but one that may stay; return how many were going on."""
    lo = t.logins
    ended = update(lo).where(lo.c.user_id == user_id, lo.c.ended_at.is_(None)).values(ended_at=now, why=why)
    if but is not None:
        ended = ended.where(lo.c.token != but)
    return connection.execute(ended).rowcount


def sessions(connection: Connection, user_id: str, now: datetime, limit: int | None = None) -> tuple[Session, ...]:
    """Return the logins of a user that go on, the one used last first; ``limit`` leaves out what is older."""
    lo = t.logins
    chosen = select(lo.c.token, lo.c.agent, lo.c.began_at, lo.c.seen_at).where(lo.c.user_id == user_id, _lasts(now))
    return tuple(Session(*row) for row in connection.execute(chosen.order_by(lo.c.seen_at.desc()).limit(limit)))


def _lasts(now: datetime) -> ColumnElement[bool]:
    lo = t.logins
    return and_(lo.c.ended_at.is_(None), lo.c.seen_at > now - IDLE, lo.c.began_at > now - ABSOLUTE)
