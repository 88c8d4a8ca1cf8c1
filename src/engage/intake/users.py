"""Users added and disabled one at a time, by a command or a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, select, update

from engage.errors import Refused
from engage.intake.addresses import read_address
from engage.intake.import_users import ROLES, ident, join
from engage.language.fields import fold
from engage.problem import unknown
from engage.sql import tables as t
from engage.wording import said, sentence


def add_user(
    connection: Connection,
    key: str,
    values: Mapping[str, str | None],
    groups: Iterable[str] = (),
    queues: Iterable[str] = (),
) -> None:
    """Add a user; one who was disabled is enabled again. ``values``: name, email, role, department, job_title.

    Raises Refused for an id that is taken, and for what cannot be read.
    """
    u = t.users
    try:
        key, groups, queues = ident(key), tuple(map(ident, groups)), tuple(map(ident, queues))
        email = None if values.get("email") is None else read_address(str(values["email"])).email
    except ValueError as error:
        raise Refused(said(error)) from None
    role = values.get("role") or "sales"
    if role not in ROLES:
        raise Refused(unknown("the role", role, ROLES))
    name = values.get("name") or key
    row = {**values, "name": name, "name_folded": fold(name), "email": email, "role": role, "enabled": True}
    enabled = connection.scalar(select(u.c.enabled).where(u.c.id == key))
    if enabled:
        raise Refused(sentence("there is a user {id} already", id=key))
    if enabled is None:
        connection.execute(insert(u).values({**row, "id": key}))
    else:
        connection.execute(update(u).values(row).where(u.c.id == key))
    join(connection, t.group_members, "group_key", groups, key)
    join(connection, t.queue_members, "queue_key", queues, key)


def disable_user(connection: Connection, key: str) -> None:
    """Let a user take no more prospects; what they own stays theirs. Raises Refused for one who is not there."""
    u = t.users
    known_user(connection, key)
    connection.execute(update(u).values(enabled=False).where(u.c.id == key))


def known_user(connection: Connection, key: str) -> None:
    """Raise Refused for a user who is not there."""
    known = connection.scalars(select(t.users.c.id).order_by(t.users.c.id)).all()
    if key not in known:
        raise Refused(unknown("user", key, known))


def enable_user(connection: Connection, key: str) -> None:
    """Let a user take prospects, and come in, again."""
    u = t.users
    connection.execute(update(u).values(enabled=True).where(u.c.id == key))


def change_role(connection: Connection, key: str, role: str) -> str:
    """Give a user who is there another role; return the role before."""
    u = t.users
    before: str = connection.execute(select(u.c.role).where(u.c.id == key)).scalar_one()
    connection.execute(update(u).values(role=role).where(u.c.id == key))
    return before
