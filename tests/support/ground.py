"""What the parts of a test world stand on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from engage.stepping.applied import Applied
from tests.support.moments import When


class Ground:
    """The database, and who is called what."""

    engine: Engine
    #: each prospect's number, by the name a test calls it
    ids: dict[str, int]
    #: each prospect's name, by its number
    names: dict[int, str]

    def moment(self, when: When | None) -> datetime:
        """Return a moment and remember the latest."""
        raise NotImplementedError

    @property
    def applied(self) -> Applied:
        """What runs."""
        raise NotImplementedError
