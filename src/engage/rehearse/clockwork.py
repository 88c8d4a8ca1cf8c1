"""The virtual clock of a rehearsal: at which moment the engine has something to do next."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, func, or_, select, type_coerce, union_all

from engage.clock import HORIZON, moment
from engage.language.calendar import next_local_midnight
from engage.language.conditions import changes_by_time
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.stepping.journeys import grading_conditions, moves_by_time


def next_due(connection: Connection) -> datetime | None:
    """Return the earliest moment of what waits: a timer, an activity not learnt, points that expire; None: nothing."""
    at = connection.execute(_earliest()).scalar()
    return None if at is None else moment(at)


@cache
def _earliest() -> Select[Any]:
    timers, s, u, x = t.timers, t.scenarios, t.unlearnt, t.expiries
    due = type_coerce(timers.c.due_at, BigInteger)
    runs = select(s.c.id).where(s.c.state == "running")
    mine = or_(timers.c.scenario_id.is_(None), timers.c.scenario_id.in_(runs))
    moments = union_all(
        select(func.min(due).label("at")).where(due < HORIZON, mine),
        select(func.min(type_coerce(u.c.occurred_at, BigInteger))),
        select(func.min(type_coerce(x.c.at, BigInteger))),
    ).subquery("moments")
    return select(func.min(moments.c.at))


def running_keys(connection: Connection) -> tuple[str, ...]:
    """Return the scenarios that run."""
    return tuple(connection.scalars(_running()))


@cache
def _running() -> Select[Any]:
    return select(t.scenarios.c.key).where(t.scenarios.c.state == "running")


def nights_matter(plans: Plans, running: tuple[str, ...]) -> bool:
    """Tell whether a local midnight alone can change anything for these scenarios."""
    return any(moves_by_time(plans.scenarios[key]) for key in running) or any(
        changes_by_time(condition) for condition in grading_conditions(plans.grading)
    )


def next_night(plans: Plans, now: datetime) -> datetime:
    """Return the next local midnight."""
    return next_local_midnight(now, plans.house.hours.zone)
