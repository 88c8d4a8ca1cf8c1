"""The roles of users, and the sets of them that pages are open to."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["admin", "marketer", "sales", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Everybody who has logged in.
ALL: frozenset[Role] = frozenset(ROLES)
#: Who works on ToDos.
SELLERS: frozenset[Role] = frozenset({"admin", "marketer", "sales"})
#: Who makes scenarios go.
MARKETERS: frozenset[Role] = frozenset({"admin", "marketer"})
ADMINS: frozenset[Role] = frozenset({"admin"})


def role_of(text: str) -> Role:
    """Return a role as it stands in the database. Raises ValueError for what is none.

    >>> role_of("sales")
    'sales'
    """
    if text not in ROLES:
        raise ValueError(f"no role: {text!r}")
    return text
