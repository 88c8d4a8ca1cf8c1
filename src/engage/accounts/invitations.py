"""Links that work once: for the first administrator, for a new user, for who forgot the password.

A link is a number and its signature with the secret key, so the database alone lets nobody in. A new one of its purpose
takes the place of those before, and once one of a user was used the others of that user no longer work.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, exists, insert, select, update

from engage.accounts.keys import all_derived, derived, same, signature
from engage.sql import tables as t

Purpose = Literal["first", "welcome", "reset"]
#: How long a link works.
LASTS: dict[Purpose, timedelta] = {
    "first": timedelta(days=1),
    "welcome": timedelta(days=7),
    "reset": timedelta(hours=1),
}
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that still works."""

    id: bytes
    purpose: Purpose
    #: None for the first administrator
    user_id: str | None


def invite(connection: Connection, purpose: Purpose, user_id: str | None, now: datetime) -> bytes:
    """Make a link and return its number; those made before for the same, to the same purpose, no longer work."""
    i, number = t.invitations, secrets.token_bytes(_ID_BYTES)
    before = i.c.user_id.is_(None) if user_id is None else i.c.user_id == user_id
    connection.execute(update(i).where(before, i.c.purpose == purpose, i.c.used_at.is_(None)).values(used_at=now))
    row = {"id": number, "purpose": purpose, "user_id": user_id, "made_at": now, "expires_at": now + LASTS[purpose]}
    connection.execute(insert(i).values(row))
    return number


def token(key: bytes, number: bytes) -> str:
    """Return what stands in the address of a link; ``key`` signs it."""
    return f"{number.hex()}.{signature(key, f'invitation {number.hex()}')}"


def come_in(base_url: str, secret_key: str, number: bytes) -> str:
    """Return the whole address of a link."""
    return f"{base_url.rstrip('/')}/come-in/{token(invitation_key(secret_key), number)}"


def invitation_key(secret_key: str) -> bytes:
    """Return the key that signs these links."""
    return derived(secret_key, "invitation")


def invitation_keys(secret_keys: Sequence[str]) -> tuple[bytes, ...]:
    """Return the keys whose signatures of these links are good."""
    return all_derived(secret_keys, "invitation")


def invitation(connection: Connection, keys: Sequence[bytes], text: str, now: datetime) -> Invitation | None:
    """Return what a link is for while it works; any of the keys may have signed it."""
    try:
        number = bytes.fromhex(text.partition(".")[0])
    except ValueError:
        return None
    if not any(same(token(key, number), text) for key in keys):
        return None
    i = t.invitations
    chosen = select(i.c.id, i.c.purpose, i.c.user_id).where(
        i.c.id == number, i.c.used_at.is_(None), i.c.expires_at > now
    )
    row = connection.execute(chosen).one_or_none()
    return None if row is None else Invitation(bytes(row.id), row.purpose, row.user_id)


def use(connection: Connection, one: Invitation, now: datetime) -> bool:
    """Use a link up, and with it all others of its user; return False where somebody else did a moment ago."""
    i = t.invitations
    used = update(i).where(i.c.id == one.id, i.c.used_at.is_(None)).values(used_at=now)
    if connection.execute(used).rowcount != 1:
        return False
    if one.user_id is not None:
        others = update(i).where(i.c.user_id == one.user_id, i.c.used_at.is_(None)).values(used_at=now)
        connection.execute(others)
    return True


def invited_since(connection: Connection, user_id: str, moment: datetime) -> bool:
    """Tell whether a link was made for a user after a moment."""
    i = t.invitations
    return bool(connection.scalar(select(exists().where(i.c.user_id == user_id, i.c.made_at > moment))))
