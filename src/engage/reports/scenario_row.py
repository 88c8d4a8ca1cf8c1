"""One scenario as the database knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engage.sql import tables as t


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """A scenario's row."""

    id: int
    key: str
    name: str
    #: draft, running, paused, stopped
    state: str
    version: int
    started_at: datetime | None
    paused_at: datetime | None
    #: why the engine paused it itself
    fault: str | None


def scenario_row(connection: Connection, key: str) -> ScenarioRow | None:
    """Return the scenario of a key, or None where none was ever applied."""
    s = t.scenarios
    chosen = select(s.c.id, s.c.key, s.c.name, s.c.state, s.c.version, s.c.started_at, s.c.paused_at, s.c.fault)
    row = connection.execute(chosen.where(s.c.key == key)).one_or_none()
    return None if row is None else ScenarioRow(*row)


def step_numbers(connection: Connection, scenario: int) -> dict[str, int]:
    """Return the numbers of a scenario's steps by their keys, removed ones too."""
    s = t.steps
    return dict(connection.execute(select(s.c.key, s.c.id).where(s.c.scenario_id == scenario)).all())
