"""A tick: rounds of learning, looking and stepping until nothing changes; each chunk one transaction.

The moment and how far its round came stand in the one row of ``ticks``: after a crash the open tick is finished
with its own moment before another opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Row,
    Select,
    Text,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from engage.language.conditions import changes_by_time
from engage.language.zones import local_day
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import CHUNK, TimerKind
from engage.sql.standing import NOW, big, run, standing, whole
from engage.stepping.fold import fold_totals
from engage.stepping.journeys import Tick, grading_conditions, moves_by_time, open_tick
from engage.stepping.learn import learn
from engage.stepping.phases import is_due, look_phase, step_phase
from engage.stepping.rezoning import changed_zones, rules_text, time_by_new_rules
from engage.stepping.sending import send_phase
from engage.stepping.transact import Hook, silent, transact

#: The phases of a round in order: each does all that is due, chunk by chunk, and returns the number of chunks.
PHASES: Mapping[str, Callable[[Connection, Tick, int, Hook], int]] = {
    "learn": learn,
    "look": look_phase,
    "send": send_phase,
    "step": step_phase,
}


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did."""

    at: datetime
    #: False: the moment lies before the last tick's, nothing was done
    done: bool
    #: chunks of work, each one transaction
    chunks: int = 0
    #: the time zones whose rules are others than at the last tick: who waits for local times was timed anew
    zones: tuple[str, ...] = ()


def tick(
    connection: Connection,
    plans: moves.Plans,
    now: datetime,
    *,
    chunk: int = CHUNK,
    custom: Mapping[str, str] | None = None,
    hook: Hook = silent,
) -> Ticked:
    """Bring everything up to a moment: learn, look, step, until nothing changes.

    ``now`` is aware. Only one process may tick at a time: hold ``exclusive(engine, "tick")``. ``hook`` is called
    with a name before and after each commit. Raises PlanChanged when the plans are not those of the database.
    """
    chunks, last = 0, _last(connection)
    if last is not None and not last.finished and last.at != now:
        chunks += _rounds(connection, plans, last.at, chunk, custom or {}, hook)
        last = _last(connection)
    if last is not None and now < last.at:
        return Ticked(now, done=False, chunks=chunks)
    zones = changed_zones(None if last is None else last.zones, plans)
    if zones:
        transact(connection, lambda: time_by_new_rules(connection, plans, now), hook, "zones")
    chunks += _rounds(connection, plans, now, chunk, custom or {}, hook)
    return Ticked(now, done=True, chunks=chunks, zones=zones)


def _last(connection: Connection) -> Row[Any] | None:
    """Return what is noted of the last tick; one that is not finished was begun and left open."""
    with connection.begin():
        return connection.execute(_noted()).one_or_none()


@standing
def _noted() -> Select[Any]:
    return select(t.ticks)


def _rounds(
    connection: Connection, plans: moves.Plans, now: datetime, chunk: int, custom: Mapping[str, str], hook: Hook
) -> int:
    view = transact(connection, lambda: open_tick(connection, plans, now, chunk, custom), hook, "open")
    phase, last = transact(connection, lambda: _begin(connection, view), hook, "begin")
    chunks = 0
    while phase is not None:
        chunks += PHASES[phase](connection, view, last, hook)
        following = phase
        phase, last = transact(connection, lambda p=following: _next(connection, view, p), hook, "phase")  # type: ignore[misc]
    return chunks


def _begin(connection: Connection, view: Tick) -> tuple[str | None, int]:
    """Open the tick, or go on with the open one; return the phase to do, and the last timer that belongs to it.

    The first tick after a local midnight has everybody looked at whom time alone can change.
    """
    zone = view.plans.house.hours.zone
    row = connection.execute(_noted()).one_or_none()
    if row is not None and not row.finished:
        return row.phase, row.last_timer
    if row is not None and local_day(row.at, zone) < local_day(view.now, zone):
        _look_at_midnight(connection, view)
    run(connection, _forgotten(), None)
    run(connection, _begun(), view.asked, rules=rules_text(view.plans))
    return _next(connection, view, "step")


@standing
def _forgotten() -> Delete:
    return delete(t.ticks)


@standing
def _begun() -> Insert:
    noted = {"id": 1, "at": NOW, "round": 0, "phase": "step", "last_timer": 0, "finished": 0}
    return insert(t.ticks).values(**noted, zones=bindparam("rules", type_=Text()))


def _next(connection: Connection, view: Tick, phase: str) -> tuple[str | None, int]:
    """Note the next phase that has anything to do, in this round or the next; none: the tick is finished."""
    names = list(PHASES)
    later = names[names.index(phase) + 1 :]
    for name in (*later, *names):
        if is_due(connection, view, name):
            last: int = run(connection, _last_timer(), None).scalar() or 0
            run(connection, _goes_on(), None, following=name, last=last, around=0 if name in later else 1)
            return name, last
    fold_totals(connection, [course.id for course in view.courses])
    run(connection, _finished(), None)
    return None, 0


@standing
def _last_timer() -> Select[Any]:
    return select(func.max(t.timers.c.id))


@standing
def _goes_on() -> Update:
    following = bindparam("following", type_=Text())
    return update(t.ticks).values(phase=following, last_timer=big("last"), round=t.ticks.c.round + whole("around"))


@standing
def _finished() -> Update:
    return update(t.ticks).values(finished=1)


def _look_at_midnight(connection: Connection, view: Tick) -> None:
    timers: list[dict[str, int | None]] = [
        {"kind": int(TimerKind.LOOK), "due_at": view.at, "scenario_id": course.id, "count": 0, "after_id": 0}
        for course in view.courses
        if moves_by_time(course.plan)
    ]
    if any(changes_by_time(condition) for condition in grading_conditions(view.plans.grading)):
        timers.append({"kind": int(TimerKind.LOOK), "due_at": view.at, "scenario_id": None, "count": 0, "after_id": 0})
    if timers:
        connection.execute(insert(t.timers), timers)
