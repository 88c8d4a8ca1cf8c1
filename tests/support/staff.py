"""The staff pages asked over HTTP, as users who have logged in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, insert, select

from engage.accounts import logins
from engage.accounts.roles import role_of
from engage.clock import system_clock
from engage.daemon.log import make_log
from engage.sql import tables as t
from engage.web.staff.cookies import LOGIN
from engage.web.staff.origin import guard_of
from tests.support.web import KEY, Answer, Web, answering

#: The team of the tests: an id, a name, a role. ``sato`` and ``suzuki`` are in the queue ``inside-sales``.
TEAM: Mapping[str, tuple[str, str]] = {
    "ann": ("Ann Admin", "admin"),
    "mori": ("森 真理", "marketer"),
    "sato": ("佐藤 花子", "sales"),
    "suzuki": ("鈴木 一郎", "sales"),
    "vera": ("Vera Viewer", "viewer"),
}
#: Who stands for a role.
OF_ROLE: Mapping[str, str] = {"admin": "ann", "marketer": "mori", "sales": "sato", "viewer": "vera"}


def add_team(engine: Engine) -> None:
    """Put the team into the database."""
    with engine.begin() as connection:
        known = set(connection.scalars(select(t.users.c.id)))
        users = [
            {"id": key, "name": name, "name_folded": name.lower(), "email": f"{key}@example.com", "role": role}
            for key, (name, role) in TEAM.items()
            if key not in known
        ]
        if users:
            connection.execute(insert(t.users), users)
        members = [
            {"queue_key": "inside-sales", "user_id": key, "position": place}
            for place, key in enumerate(("sato", "suzuki"), 1)
        ]
        if not set(connection.scalars(select(t.queue_members.c.user_id))):
            connection.execute(insert(t.queue_members), members)


def logged_in(engine: Engine, user_id: str) -> str:
    """Return the token of a new login, begun without a password."""
    with engine.begin() as connection:
        role = connection.scalar(select(t.users.c.role).where(t.users.c.id == user_id))
        return logins.begin(connection, user_id, role_of(role or ""), "password", "a test", system_clock())


class Staff:
    """The staff pages of a running server; ``as_`` is a role or a user's id, or nothing for a stranger."""

    def __init__(self, web: Web, engine: Engine) -> None:
        self.web, self.engine = web, engine
        self._tokens: dict[str, str] = {}

    def token(self, as_: str) -> str:
        """Return the token of a user's login."""
        user = OF_ROLE.get(as_, as_)
        if user not in self._tokens:
            self._tokens[user] = logged_in(self.engine, user)
        return self._tokens[user]

    def forget(self, as_: str) -> None:
        """Log a user in anew the next time."""
        self._tokens.pop(OF_ROLE.get(as_, as_), None)

    def get(self, path: str, as_: str = "marketer", **headers: str) -> Answer:
        """Ask for a page."""
        return self.web.get(path, **self._cookie(as_), **headers)

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        as_: str = "marketer",
        **headers: str,
    ) -> Answer:
        """Send a form as a page of ours does."""
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        guard = [("guard", guard_of(KEY, self.token(as_)))] if as_ else []
        named = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        body = urlencode([*pairs, *guard]).encode()
        return self.web.ask("POST", path, body, **{**named, **self._cookie(as_), **headers})

    def _cookie(self, as_: str) -> dict[str, str]:
        return {"Cookie": f"{LOGIN}={self.token(as_)}"} if as_ else {}


@contextmanager
def staffed(engine: Engine, folder: Path, **options: Any) -> Iterator[Staff]:
    """Give the staff pages over a database, with the team of the tests."""
    add_team(engine)
    with answering(engine, folder, **{"log": make_log(sys.stderr), **options}) as web:
        yield Staff(web, engine)
