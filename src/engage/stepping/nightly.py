"""The work of the night: lost timers are found, figures folded, old traces removed, the log written into the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from engage.sql import tables as t
from engage.sql.locks import exclusive
from engage.stepping.applied import read_applied
from engage.stepping.fold import fold_scenario
from engage.stepping.repair import repair
from engage.stepping.retention import remove


@dataclass(frozen=True, slots=True)
class Tidied:
    """What the night's work found."""

    #: enrolments and prospects that no timer would have woken
    repaired: int
    #: scenarios whose figures were folded
    folded: int
    #: rows that had no use any more, by what they were
    removed: Mapping[str, int]


def tidy(engine: Engine, now: datetime) -> Tidied:
    """Do the night's work; who ticks waits while figures are folded."""
    with engine.connect() as connection:
        with connection.begin():
            plans = read_applied(connection).plans
        repaired = repair(connection, plans)
    with exclusive(engine, "tick"), engine.connect() as connection:
        with connection.begin():
            waiting = select(t.totals.c.scenario_id).where(t.totals.c.folded == 0).distinct()
            scenarios = connection.scalars(waiting).all()
        for scenario_id in scenarios:
            with connection.begin():
                fold_scenario(connection, scenario_id)
    removed = remove(engine, now)
    if engine.dialect.name == "sqlite":
        _checkpoint(engine)
    return Tidied(repaired, len(scenarios), removed)


def _checkpoint(engine: Engine) -> None:
    """Write SQLite's log into its file and begin it anew, so that it does not grow for ever."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
        cursor.close()
    finally:
        raw.close()
