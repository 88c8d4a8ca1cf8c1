"""The team as mail needs it: who an addressee is and where mail reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, select

from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the team."""

    name: str
    email: str | None = None
    job_title: str | None = None
    department: str | None = None
    #: False: may no longer log in; gets no mail and signs none
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Team:
    """Users by their id; the ids of a group's and a queue's members in their order."""

    users: Mapping[str, Person] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def person(self, addressee: str | None) -> Person | None:
        """Return the user whom an addressee such as ``user:sato`` names."""
        kind, _, key = (addressee or "").partition(":")
        return self.users.get(key) if kind == "user" else None

    def members(self, addressee: str) -> tuple[Person, ...]:
        """Return the enabled users whom ``user:``, ``group:`` or ``queue:`` names."""
        kind, _, key = addressee.partition(":")
        named = {"user": (key,), "group": self.groups.get(key, ()), "queue": self.queues.get(key, ())}
        found = (self.users.get(user) for user in named.get(kind, ()))
        return tuple(person for person in found if person is not None and person.enabled)


def read_team(connection: Connection) -> Team:
    """Return the team as it stands."""
    u = t.users.c
    rows = connection.execute(select(u.id, u.name, u.email, u.job_title, u.department, u.enabled))
    users = {row[0]: Person(*row[1:]) for row in rows}
    return Team(users, _members(connection, t.group_members), _members(connection, t.queue_members))


def _members(connection: Connection, table: Table) -> dict[str, tuple[str, ...]]:
    key, user, position = table.columns[0], table.c.user_id, table.c.position
    found: dict[str, tuple[str, ...]] = {}
    for name, member in connection.execute(select(key, user).order_by(key, position, user)):
        found[name] = (*found.get(name, ()), member)
    return found
