"""What users of a forecast do with their ToDos: seeded chance decides which are completed, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random

from sqlalchemy import Connection, func, select

from engage.intake.todos import complete_todo
from engage.sql import tables as t

#: A ToDo is completed after so many hours, each as likely as the others.
_HOURS = (2, 40)


@dataclass(slots=True)
class Diligence:
    """The seeded users of a forecast, and what they mean to do."""

    chance: Random
    #: the share of the ToDos that are completed
    share: float
    _seen: int = 0
    _agenda: list[tuple[datetime, int]] = field(default_factory=list)

    def begin(self, connection: Connection) -> None:
        """Leave the ToDos that are there already as they are."""
        self._seen = connection.scalar(select(func.max(t.todos.c.id))) or 0

    def look(self, connection: Connection, now: datetime) -> None:
        """Decide about each ToDo that came since the last look."""
        if not self.share:
            return
        d = t.todos
        for number in connection.scalars(select(d.c.id).where(d.c.id > self._seen).order_by(d.c.id)):
            self._seen = number
            done, hours = self.chance.random() < self.share, self.chance.randint(*_HOURS)
            if done:
                heappush(self._agenda, (now + timedelta(hours=hours), number))

    @property
    def due(self) -> datetime | None:
        """When the next ToDo is completed."""
        return self._agenda[0][0] if self._agenda else None

    def work(self, connection: Connection, now: datetime) -> None:
        """Complete what is due."""
        while self._agenda and self._agenda[0][0] <= now:
            complete_todo(connection, heappop(self._agenda)[1], None, now)
