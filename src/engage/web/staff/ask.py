"""What a handler of the staff pages gets: who asks, for what, when, and the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engage.accounts.roles import Role
from engage.web.site import Running, Site
from engage.web.staff.answers import NotThere
from engage.wording import Locale

#: Numbers in addresses are keys of the database: 63 bits.
_LARGEST = 2**63 - 1
_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a user who is logged in."""

    id: str
    name: str
    role: Role
    locale: Locale
    zone: ZoneInfo
    #: False: only its own prospects and ToDos
    sees_all: bool
    #: single keys act
    shortcuts: bool
    #: the login, as the database knows it
    token: bytes

    @property
    def scope(self) -> str | None:
        """Whose prospects and ToDos are seen: this user's, or None for all; see ``engage.reports.scope``."""
        return None if self.sees_all else self.id

    @property
    def addressee(self) -> str:
        """The user as ToDos and owners name it."""
        return f"user:{self.id}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request before or without a login."""

    site: Site
    now: datetime
    running: Running
    locale: Locale
    #: path parameters, query and form; of a name that comes often in a query the last counts
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, tuple[str, ...]]
    #: the path that was asked for, with its query
    asked: str
    #: asked by htmx, for a part of a page
    is_fragment: bool
    #: what the browser says of itself, and the address it asks from
    agent: str
    client: str | None
    #: the marks of the answers that the asker has kept: If-None-Match
    known: str
    #: what the cookies hold, if anything: the login's token, and what is kept while somebody is elsewhere
    token: str
    kept: str

    def number(self, name: str) -> int:
        """Return a path parameter that is a key. Raises NotThere for what cannot be one."""
        number = positive(self.path[name])
        if number is None:
            raise NotThere
        return number

    def field(self, name: str) -> str:
        """Return the first value of a form's field without space around it; nothing where there is none."""
        return self.form.get(name, ("",))[0].strip()

    def page(self, most: int = 1_000) -> int:
        """Return the number of the page of a small list that is asked for, from 1 on."""
        return min(positive(self.query.get("page", "")) or 1, most)

    def after(self, name: str = "after") -> int | None:
        """Return the key after which a list goes on, if one is given."""
        return positive(self.query.get(name, ""))


@dataclass(frozen=True, slots=True)
class Ask(Visit):
    """A request of a reader, with a connection: for a GET one that reads, for a POST the transaction of its change."""

    reader: Reader
    connection: Connection


def positive(text: str) -> int | None:
    """Return a text as a key, or nothing.

    >>> positive("17"), positive("0"), positive("١٧"), positive("1e9"), positive("9" * 19)
    (17, None, None, None, None)
    """
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST else None
