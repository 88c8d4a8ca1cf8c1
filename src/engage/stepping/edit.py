"""Those who wait in a scenario that is edited: moved off removed steps, timed anew where a wait changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    update,
)

from engage.clock import HORIZON, MICROSECOND, micros
from engage.language.moment import Duration
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import Outcome, Phase, RunState, TimerKind
from engage.sql.rows import into_timers, into_visits, timer
from engage.sql.standing import standing, whole
from engage.stepping.appointments import waits_for_moment
from engage.stepping.changes import announce
from engage.stepping.figures import Figures
from engage.stepping.finish import MINUTE
from engage.stepping.journeys import Course, course_of
from engage.stepping.pauses import end_of
from engage.stepping.preview import ScenarioChange
from engage.stepping.reentry import time_again, time_all_again
from engage.stepping.states import look_at_everybody, remember_all, time_window

E = t.enrolments


def move_waiters(
    connection: Connection, new: moves.Plans, change: ScenarioChange, now: datetime, *, keep_waits: bool
) -> None:
    """Bring the open enrolments of an edited scenario to where the new version has them."""
    if change.steps is None:
        return
    before, course = change.before, course_of(connection, change.after.key, new)
    numbers = _numbers(connection, course.id)
    for key, target in change.steps.targets.items():
        _leave_step(connection, new, course, numbers[key], numbers[target] if target else None, now)
    if before is not None:
        for key in change.steps.changed:
            earlier, later = before.step(key), change.after.step(key)
            _change_step(connection, new, course, numbers[key], earlier, later, now, keep_waits=keep_waits)
    if change.state in ("running", "paused"):
        if change.after.remembers and (before is None or not before.remembers):
            remember_all(connection, new, change.after, course.id, now)
        if before is None or change.after.reentry != before.reentry:
            time_all_again(connection, course, Now.of(new.house, now))
        look_at_everybody(connection, course.id, micros(now))
        time_window(connection, change.after, course.id, now)


def _numbers(connection: Connection, scenario_id: int) -> dict[str, int]:
    found = select(t.steps.c.key, t.steps.c.id).where(t.steps.c.scenario_id == scenario_id)
    return dict(connection.execute(found).all())


def _here(course: Course, step_id: int) -> ColumnElement[bool]:
    return and_(E.c.scenario_id == course.id, E.c.step_id == step_id, E.c.state < int(RunState.COMPLETED))


def _leave_step(
    connection: Connection, plans: moves.Plans, course: Course, step_id: int, target: int | None, now: datetime
) -> None:
    """Let those who wait at a removed step go on: skipped there, they arrive at another or end."""
    here, at = _here(course, step_id), micros(now)
    figures = Figures(course.id, plans.house.hours.zone)
    groups = select(E.c.arrived_at, E.c.state, func.count()).where(here).group_by(E.c.arrived_at, E.c.state)
    for arrived, state, count in connection.execute(groups).all():
        held = state == int(RunState.HELD)
        figures.left(step_id, micros(arrived), at, count, int(Outcome.SKIPPED), held=held)
        if target is not None:
            figures.waits(target, at, count)
            if held:
                figures.held(target, at, count)
    figures.write(connection)
    values = select(
        E.c.id, E.c.arrived_at, literal(at, BigInteger()), E.c.step_id, E.c.moves, literal(int(Outcome.SKIPPED))
    ).where(here)
    connection.execute(into_visits(values.order_by(E.c.id)))
    if target is None:
        asked = Now.of(plans.house, now)
        announce(connection, asked, _prospects(), scenario=course.id, step=step_id)
        time_again(connection, course, asked, _prospects(), scenario=course.id, step=step_id)
        ended = {"state": int(RunState.COMPLETED), "ended_at": at, "arrived_at": at, "moves": E.c.moves + 1}
        connection.execute(update(E).values(ended).where(here))
        return
    moved = {
        "step_id": target, "phase": int(Phase.ARRIVES), "arrived_at": at, "due_at": course.pauses.kept_now(at),
        "moves": E.c.moves + 1,
    }  # fmt: skip
    connection.execute(update(E).values(moved).where(here))
    time_anew(connection, course, target)


@standing
def _prospects() -> Select[Any]:
    """Select the prospects of the open runs at a step."""
    here = and_(E.c.scenario_id == whole("scenario"), E.c.step_id == whole("step"))
    return select(E.c.prospect_id).where(here, E.c.state < int(RunState.COMPLETED))


def time_anew(connection: Connection, course: Course, step_id: int, kind: TimerKind = TimerKind.STEP) -> None:
    """Write timers for all who are active at a step, at their own moments; a wake is due at once."""
    at = func.min(E.c.due_at) + course.paused_total if kind == TimerKind.STEP else literal(0, BigInteger())
    places = (literal(course.id), literal(step_id))
    values = timer(connection.dialect.name, kind, at, *places, E.c.id)
    values = values.where(_here(course, step_id), E.c.state == int(RunState.ACTIVE))
    grouped = values.group_by(E.c.due_at.op("/")(MINUTE)) if kind == TimerKind.STEP else values
    connection.execute(into_timers(grouped.having(func.count() > 0)))


def _change_step(
    connection: Connection,
    plans: moves.Plans,
    course: Course,
    step_id: int,
    old: moves.Step,
    new: moves.Step,
    now: datetime,
    *,
    keep_waits: bool,
) -> None:
    """Bring those who wait at a changed step up to date."""
    here = _here(course, step_id)
    begun = {"phase": int(Phase.ARRIVES), "due_at": course.pauses.kept_now(micros(now))}
    connection.execute(update(E).values(begun).where(here, _begins_anew(old, new, keep_waits=keep_waits)))
    if not keep_waits:
        for phase, before, then in (
            (Phase.STAYS, old.stay, new.stay),
            (Phase.WAITS, _length(old.act), _length(new.act)),
        ):
            if before != then and before is not None:
                change_wait(connection, plans, course, and_(here, E.c.phase == int(phase)), before, then)
    time_anew(connection, course, step_id)
    if isinstance(new.act, moves.Trigger):
        time_anew(connection, course, step_id, TimerKind.WAKE)


def _begins_anew(old: moves.Step, new: moves.Step, *, keep_waits: bool) -> ColumnElement[bool]:
    """Return who begins a changed step again: its time then counts from the arrival, or the hand-over, as before."""
    if type(old.act) is not type(new.act):
        stays = isinstance(new.act, moves.Wait | moves.WaitUntil | moves.WaitDay | moves.Repeat | moves.Trigger)
        return or_(E.c.phase != int(Phase.STAYS), literal(stays))
    if waits_for_moment(old) or waits_for_moment(new):
        return and_(E.c.phase == int(Phase.WAITS), literal(not keep_waits))
    if not isinstance(old.act, moves.Trigger) or not isinstance(new.act, moves.Trigger):
        return false()
    if old.act.mails == new.act.mails:
        return literal(old.act.length != new.act.length and not keep_waits)
    return or_(E.c.due_at >= HORIZON, literal(not keep_waits))


def _length(act: moves.Act) -> Duration | None:
    if isinstance(act, moves.Repeat):
        return act.every
    return act.length if isinstance(act, moves.Wait | moves.Trigger) else None


def change_wait(
    connection: Connection,
    plans: moves.Plans,
    course: Course,
    chosen: ColumnElement[bool],
    old: Duration,
    new: Duration | None,
) -> None:
    """Make the moment due the arrival plus the new length (SPEC section 7, editing)."""
    waiting = and_(chosen, E.c.due_at < HORIZON)
    if new is None or not (old.business_days or new.business_days):
        length = new.length if new is not None else old.length * 0
        change = (length - old.length) // MICROSECOND
        connection.execute(update(E).values(due_at=E.c.due_at + change).where(waiting))
        return
    hours, pauses = plans.house.hours, course.pauses
    for arrived in connection.scalars(select(E.c.arrived_at).where(waiting).distinct()).all():
        due = pauses.kept(end_of(new, micros(arrived), pauses, hours))
        connection.execute(update(E).values(due_at=due).where(waiting, E.c.arrived_at == micros(arrived)))
