"""Coming in by password: the same answer, in the same time, whatever is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, select, update

from engage.accounts import attempts, audit, logins, passwords, second
from engage.accounts.attempts import Try
from engage.accounts.keys import new_token
from engage.accounts.roles import Role, role_of
from engage.clock import micros
from engage.sql import tables as t
from engage.sql.connect import reading

Refusal = Literal["wrong", "wait"]
#: The password is to be given again.
Over = Literal["over"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants to come in, with what."""

    #: a user's id or e-mail address
    name: str
    #: a password, or the code that was asked for after one
    secret: str
    agent: str
    who: Try
    #: the tries at the code after one password
    half: Try | None = None
    #: the token of the login that the browser holds till now
    before: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A user as far as coming in needs it."""

    id: str
    role: Role
    password: str | None
    second: str | None
    changed_at: datetime | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Half:
    """Who gave the right password and is asked for a code; over when what the user proves to be with is changed."""

    user_id: str
    changed_at: int
    #: tells it from other times that the password was given
    number: str


def enter(engine: Engine, asked: Asked, now: datetime) -> str | Half | Refusal:
    """Let a user in by a password and return the token of the login, or say why not.

    Nothing tells an unknown user from a wrong password, neither words nor time.
    """
    with reading(engine).begin() as connection:
        if attempts.must_wait(connection, asked.who, now):
            return "wait"
        known = find(connection, asked.name)
    fits = passwords.fits(known.password if known is not None else None, asked.secret)
    with engine.begin() as connection:
        if not fits or known is None:
            return _failed(connection, asked, known.id if known is not None else None, "password", now)
        if known.second is not None and known.changed_at is not None:
            return Half(known.id, micros(known.changed_at), new_token())
        if known.password is not None and passwords.is_dated(known.password):
            kept, c = passwords.hashed(asked.secret), t.credentials
            connection.execute(update(c).where(c.c.user_id == known.id).values(password=kept))
        return logins.begin(connection, known.id, known.role, "password", asked.agent, now, asked.before)


def enter_by_code(
    engine: Engine, keys: Sequence[bytes], half: Half, asked: Asked, now: datetime
) -> str | Refusal | Over:
    """Let a user in who gave the right password before; ``keys`` open the secrets of second factors."""
    with engine.begin() as connection:
        if attempts.must_wait(connection, asked.who, now):
            return "wait"
        if asked.half is not None and attempts.must_wait(connection, asked.half, now):
            return "over"
        known = find(connection, half.user_id)
        if known is None or known.changed_at is None or micros(known.changed_at) != half.changed_at:
            return "wrong"
        if not second.passes(connection, keys, known.id, asked.secret, now):
            return _failed(connection, asked, known.id, "code", now)
        return logins.begin(connection, known.id, known.role, "password", asked.agent, now, asked.before)


def find(connection: Connection, name: str) -> Known | None:
    """Return the enabled user of an id, or of an address that only one has."""
    u, c = t.users, t.credentials
    chosen = (
        select(u.c.id, u.c.role, c.c.password, c.c.second, c.c.changed_at, u.c.email)
        .select_from(u.outerjoin(c, c.c.user_id == u.c.id))
        .where(u.c.enabled)
        .limit(2)
    )
    rows = connection.execute(chosen.where(u.c.id == name)).all()
    if not rows and "@" in name:
        rows = connection.execute(chosen.where(func.lower(u.c.email) == name.lower())).all()
    if len(rows) != 1:
        return None
    (row,) = rows
    return Known(row.id, role_of(row.role), row.password, row.second, row.changed_at, row.email)


def _failed(connection: Connection, asked: Asked, user_id: str | None, why: str, now: datetime) -> Refusal:
    attempts.failed(connection, asked.who if asked.half is None else asked.who + asked.half, now)
    who = f"user:{user_id}" if user_id is not None else "nobody"
    audit.note(connection, who, "login_refused", who, now, {"why": why})
    return "wrong"
