"""A private database in memory, put back to how it was before each rehearsal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert

from engage.clock import EPOCH
from engage.language.whole import Workspace
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.sql.connect import connect

#: Applies a workspace to a database, as ``engage apply`` does, and returns the plans that run then.
#: Raises Refused where waiters would be stranded.
Apply = Callable[[Engine, Workspace, datetime], Plans]


class Private:
    """A database of one connection, which nobody else sees, and a copy of it to go back to.

    The engine stays the same, so statements are built and compiled once for all rehearsals.
    """

    def __init__(self) -> None:
        self.engine = connect("sqlite://")
        self._copy: sqlite3.Connection | None = None
        t.metadata.create_all(self.engine)

    def apply(self, apply: Apply, workspace: Workspace, users: Iterable[str] = ()) -> Plans:
        """Apply a workspace for the first time; ``users`` are known from elsewhere and so made here."""
        plans = apply(self.engine, workspace, EPOCH)
        rows = [{"id": user, "name": user, "name_folded": user, "role": "sales"} for user in sorted(users)]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(t.users), rows)
        return plans

    def keep(self) -> None:
        """Remember how the database is now."""
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._driver().backup(self._copy)

    def put_back(self) -> None:
        """Make the database what it was when it was kept."""
        assert self._copy is not None
        self._copy.backup(self._driver())

    def close(self) -> None:
        """Let go of the database and the copy."""
        if self._copy is not None:
            self._copy.close()
        self.engine.dispose()

    def _driver(self) -> sqlite3.Connection:
        pooled: Any = self.engine.raw_connection()
        connection: sqlite3.Connection = pooled.driver_connection
        pooled.close()
        return connection
