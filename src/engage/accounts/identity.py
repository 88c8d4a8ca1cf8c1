"""Users as an identity provider knows them (OpenID Connect Core 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engage.accounts.entering import Known, find
from engage.accounts.proving import bind_subject
from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to the identity provider."""

    issuer: str
    subject: str
    email: str
    #: the provider has seen that the address is the user's
    verified: bool


def known_as(connection: Connection, identity: Identity, now: datetime) -> Known | None:
    """Return the user that an identity is: the one it was before, else the one of its verified address.

    An identity is bound to its user at the first login: later it is the subject that counts, never the address.
    """
    c, name = t.credentials, f"{identity.issuer} {identity.subject}"
    user_id = connection.scalar(select(c.c.user_id).where(c.c.subject == name))
    if user_id is not None:
        return find(connection, user_id)
    known = find(connection, identity.email) if identity.verified and "@" in identity.email else None
    if known is not None:
        bind_subject(connection, known.id, name, now)
    return known
