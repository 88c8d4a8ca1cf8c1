"""The e-mails that the tick after an edit would queue at once: nobody should be surprised by them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from engage.clock import HORIZON, MICROSECOND, micros
from engage.language.moment import Duration
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import Phase, RunState
from engage.stepping.effect import Effect
from engage.stepping.journeys import Course, course_of
from engage.stepping.pauses import end_of
from engage.stepping.preview import ScenarioChange

E = t.enrolments
#: Steps at which one waits.
WAITS = moves.Wait | moves.WaitUntil | moves.WaitDay | moves.Trigger


def overdue(
    connection: Connection,
    old: moves.Plans,
    new: moves.Plans,
    change: ScenarioChange,
    now: datetime,
    *,
    keep_waits: bool,
) -> dict[str, int]:
    """Return how many no longer wait, by the removed step, or the step with a shorter wait, where they stand."""
    if change.steps is None or change.before is None or change.state != "running":
        return {}
    course = course_of(connection, change.after.key, old)
    found = {key: _active(connection, course, key) for key in change.steps.targets}
    for key in () if keep_waits else change.steps.changed:
        found[key] = _shortened(connection, new, course, change.before.step(key), change.after.step(key), now)
    return {key: count for key, count in found.items() if count}


def _active(connection: Connection, course: Course, key: str) -> int:
    here = and_(E.c.step_id == course.numbers[key], E.c.state == int(RunState.ACTIVE))
    return connection.scalar(select(func.count()).where(E.c.scenario_id == course.id, here)) or 0


def _shortened(
    connection: Connection, plans: moves.Plans, course: Course, old: moves.Step, new: moves.Step, now: datetime
) -> int:
    """Return how many wait at a changed step and would not by its new lengths."""
    lengths = ((Phase.STAYS, old.stay, new.stay), (Phase.WAITS, length_of(old.act), length_of(new.act)))
    return sum(
        _over(connection, plans, course, new.key, phase, then, now)
        for phase, before, then in lengths
        if before is not None and before != then
    )


def length_of(act: moves.Act) -> Duration | None:
    """Return how long an act has one wait, where that is a duration."""
    length = getattr(act, "length", None)
    return length if isinstance(length, Duration) else None


def _over(
    connection: Connection,
    plans: moves.Plans,
    course: Course,
    key: str,
    phase: Phase,
    length: Duration | None,
    now: datetime,
) -> int:
    """Return how many of a phase have waited as long as a length, who are not due yet."""
    at, hours, pauses = micros(now), plans.house.hours, course.pauses
    kept = pauses.kept_now(at)
    waiting = (
        select(E.c.arrived_at, func.count())
        .where(E.c.scenario_id == course.id, E.c.step_id == course.numbers[key], E.c.state == int(RunState.ACTIVE))
        .where(E.c.phase == int(phase), E.c.due_at < HORIZON, E.c.due_at > kept)
        .group_by(E.c.arrived_at)
    )
    if length is None or not length.business_days:
        least = pauses.kept(at) - (length.length // MICROSECOND if length is not None else 0)
        rows = connection.execute(waiting).all()
        return sum(count for arrived, count in rows if pauses.kept(micros(arrived)) <= least)
    return sum(
        count
        for arrived, count in connection.execute(waiting).all()
        if pauses.kept(end_of(length, micros(arrived), pauses, hours)) <= kept
    )


def mails_at_once(change: ScenarioChange, waited: dict[str, int], effect: Effect) -> int:
    """Return how many e-mails the next tick would queue at most: where a rule decides, its longer way is counted."""
    plan, steps = change.after, change.steps
    if steps is None or change.state != "running":
        return 0
    total = 0
    for key, count in waited.items():
        if key in steps.targets:
            total += count * _mails_from(plan, steps.targets[key])
        else:
            total += count * max((_mails_from(plan, target) for _, target in plan.step(key).ways), default=0)
    return total + effect.entering * _mails_from(plan, plan.first.key)


def _mails_from(plan: moves.Plan, key: str | None) -> int:
    """Return how many e-mails one who arrives at a step is sent before the next wait."""
    found: dict[str | None, int] = {None: 0}
    for step in reversed(plan.steps):
        if step.stay is not None or isinstance(step.act, WAITS) or getattr(step.act, "every", None) is not None:
            found[step.key] = 0
        else:
            onward = max((found[target] for _, target in step.ways), default=0)
            found[step.key] = onward + isinstance(step.act, moves.SendEmail)
    return found[key]
