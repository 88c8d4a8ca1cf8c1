"""What invented people do, as dated events, and at which hours they do it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

#: People sleep outside these hours: what would happen then happens in the morning.
_MORNING, _NIGHT = 7, 23


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """One event of a prospect."""

    #: local time
    at: datetime
    email: str
    type: str
    target: str = ""
    #: JSON, or nothing
    properties: str = ""

    def row(self, number: int) -> tuple[str, ...]:
        """Return the row of an activities file; the number names the event for ever."""
        return self.email, self.type, self.target, self.at.isoformat(), f"demo-{number:06}", self.properties


#: The columns of ``Happening.row``.
COLUMNS = ("email", "type", "target", "occurred_at", "source_id", "properties")


def properties(**values: str) -> str:
    """Return the properties of an event."""
    return json.dumps(values, ensure_ascii=False)


def working_hour(chance: Random, day: datetime) -> datetime:
    """Return a moment of a local day at which people sit at their desks, mostly before and after lunch."""
    hour = chance.gauss(10.8, 1.1) if chance.random() < 0.5 else chance.gauss(15.2, 1.8)
    seconds = int(min(max(hour, 7.0), 22.5) * 3600) + chance.randrange(60)
    return datetime.combine(day.date(), time(), day.tzinfo) + timedelta(seconds=seconds)


def soon(chance: Random, moment: datetime, hours: float) -> datetime:
    """Return a later moment, on average so many hours on, when people are awake."""
    later = moment + timedelta(seconds=90 + int(chance.expovariate(1 / (hours * 3600))))
    if _MORNING <= later.hour < _NIGHT:
        return later
    day = later if later.hour < _MORNING else later + timedelta(days=1)
    return day.replace(hour=_MORNING, minute=0, second=0) + timedelta(seconds=chance.randrange(2 * 3600))


def minutes(chance: Random, moment: datetime, most: float = 4.0) -> datetime:
    """Return a moment some minutes on."""
    return moment + timedelta(seconds=chance.randint(15, int(most * 60)))
