"""A scenario's life: start, pause, resume, stop. Each takes the scenario's row exclusively, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, func, insert, literal, select, update

from engage.clock import HORIZON, micros
from engage.errors import Refused
from engage.plan import moves
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import Outcome, Phase, RunState, TimerKind
from engage.sql.cohort import cohort, looked
from engage.sql.packing import is_postgres
from engage.sql.predicates import holds
from engage.sql.rows import into_timers, timer
from engage.sql.scratch import clear
from engage.stepping.appointments import waits_for_moment
from engage.stepping.fates import fill_open
from engage.stepping.figures import Figures
from engage.stepping.following import keep_moments
from engage.stepping.holding import LEFT, leave_runs
from engage.stepping.journeys import Course, Tick, course_of
from engage.stepping.pauses import open_day
from engage.stepping.reentry import time_all_again
from engage.stepping.span import fill_span
from engage.wording import sentence


def lock_scenario(connection: Connection, key: str) -> Any:
    """Return the scenario's row, locked for this transaction.

    Raises Refused for a scenario that was never applied.
    """
    s = t.scenarios
    asked = select(s).where(s.c.key == key)
    if is_postgres(connection):
        asked = asked.with_for_update()
    row = connection.execute(asked).one_or_none()
    if row is None:
        known = connection.scalars(select(s.c.key)).all()
        if known:
            raise Refused(unknown("scenario", key, known))
        raise Refused(sentence("the scenario {key} was never applied; run: engage apply", key=key))
    return row


def look_at_everybody(connection: Connection, scenario_id: int | None, at: int) -> None:
    """Write a timer that has every prospect looked at, for a scenario, or for the grades."""
    values = {"kind": int(TimerKind.LOOK), "due_at": at, "scenario_id": scenario_id, "count": 0, "after_id": 0}
    connection.execute(insert(t.timers).values(**values))


def start(connection: Connection, plans: moves.Plans, key: str, now: datetime) -> None:
    """Let a scenario run: from now on prospects enter it."""
    row = lock_scenario(connection, key)
    if row.state == "running":
        raise Refused(sentence("{key} runs already", key=key))
    if row.state == "paused":
        raise Refused(sentence("{key} is paused; run: engage resume {key}", key=key))
    plan = plans.scenarios[key]
    values = {"state": "running", "started_at": micros(now), "paused_at": None, "fault": None}
    connection.execute(update(t.scenarios).values(values).where(t.scenarios.c.id == row.id))
    if plan.remembers:
        remember_all(connection, plans, plan, row.id, now)
    look_at_everybody(connection, row.id, micros(now))
    time_window(connection, plan, row.id, now)
    time_all_again(connection, course_of(connection, key, plans), Now.of(plans.house, now))


def time_window(connection: Connection, plan: moves.Plan, scenario_id: int, now: datetime) -> None:
    """Have everybody looked at when the entry window opens."""
    if plan.window.start is not None and plan.window.start > now:
        look_at_everybody(connection, scenario_id, micros(plan.window.start))


def remember_all(connection: Connection, plans: moves.Plans, plan: moves.Plan, scenario_id: int, now: datetime) -> None:
    """Keep who matches already: only those who begin to match later enter, or enter again."""
    s, m = t.standings, t.audience_members
    asked = Tick(now, plans, (), frozenset(), 0).asked
    connection.execute(m.delete().where(m.c.scenario_id == scenario_id))
    matching = select(literal(scenario_id), s.c.prospect_id).where(holds(plan.audience, s.c.prospect_id, asked))
    connection.execute(insert(m).from_select(["scenario_id", "prospect_id"], matching))


def pause(connection: Connection, key: str, now: datetime) -> None:
    """Pause a scenario: nobody enters or leaves, durations stand still."""
    row = lock_scenario(connection, key)
    if row.state != "running":
        raise Refused(sentence("{key} does not run; its state is {state}", key=key, state=sentence(row.state)))
    values = {"state": "paused", "paused_at": micros(now)}
    connection.execute(update(t.scenarios).values(values).where(t.scenarios.c.id == row.id))


def resume(connection: Connection, plans: moves.Plans, key: str, now: datetime) -> None:
    """Let a paused scenario go on: what was left of each duration is left still."""
    row = lock_scenario(connection, key)
    if row.state != "paused":
        raise Refused(sentence("{key} is not paused; its state is {state}", key=key, state=sentence(row.state)))
    length = max(micros(now) - micros(row.paused_at), 0)
    total = row.paused_total + length
    values = {"state": "running", "paused_at": None, "paused_total": total, "fault": None}
    connection.execute(update(t.scenarios).values(values).where(t.scenarios.c.id == row.id))
    if length:
        span = {"scenario_id": row.id, "paused_at": micros(row.paused_at), "resumed_at": micros(now)}
        connection.execute(insert(t.pauses).values(span))
    timers = t.timers
    waiting = and_(
        timers.c.scenario_id == row.id, timers.c.kind == int(TimerKind.STEP), timers.c.due_at < HORIZON,
        timers.c.due_at > micros(row.paused_at),
    )  # fmt: skip
    connection.execute(update(timers).values(due_at=timers.c.due_at + length).where(waiting))
    course = course_of(connection, key, plans)
    for number, step in course.steps.items():
        if _counts_business_days(step):
            _move_business_days(connection, plans, course, number, micros(now))
    if length:
        keep_moments(connection, course)
    look_at_everybody(connection, row.id, micros(now))


def _counts_business_days(step: moves.Step) -> bool:
    """Tell whether a step waits for business days."""
    lengths = [step.stay]
    if isinstance(step.act, moves.Wait | moves.Trigger):
        lengths.append(step.act.length)
    if isinstance(step.act, moves.Repeat):
        lengths.append(step.act.every)
    return any(length is not None and length.business_days > 0 for length in lengths)


def _lasting(step: moves.Step) -> tuple[int, ...]:
    """Return the phases of a step in which a length of time is waited for."""
    return (int(Phase.STAYS),) if waits_for_moment(step) else (int(Phase.STAYS), int(Phase.WAITS))


def _move_business_days(connection: Connection, plans: moves.Plans, course: Course, step_id: int, at: int) -> None:
    """Move waits in business days that a pause has moved to the next open day; ``at`` is the moment of the resume.

    There are few moments, for all arrived in some tick.
    """
    e, hours = t.enrolments, plans.house.hours
    here = and_(
        e.c.scenario_id == course.id,
        e.c.step_id == step_id,
        e.c.state < int(RunState.COMPLETED),
        e.c.phase.in_(_lasting(course.steps[step_id])),
    )
    for due in connection.scalars(select(e.c.due_at).where(here, e.c.due_at < HORIZON).distinct()).all():
        real = course.pauses.real(micros(due))
        moved = open_day(real, hours)
        if real > at and moved != real:
            chosen = and_(here, e.c.due_at == micros(due))
            connection.execute(update(e).values(due_at=moved - course.paused_total).where(chosen))
            retime(connection, course.id, step_id, moved, and_(here, e.c.due_at == moved - course.paused_total))


def retime(connection: Connection, scenario_id: int, step_id: int, due: int, chosen: Any) -> None:
    """Write a timer for chosen enrolments at a step; ``due`` is real time in microseconds."""
    e = t.enrolments
    places = (literal(due, BigInteger()), literal(scenario_id), literal(step_id))
    values = timer(connection.dialect.name, TimerKind.STEP, *places, e.c.id).where(chosen)
    connection.execute(into_timers(values.having(func.count() > 0)))


def open_runs(connection: Connection, key: str) -> int:
    """Return how many runs a stop would end."""
    row = lock_scenario(connection, key)
    e = t.enrolments
    chosen = and_(e.c.scenario_id == row.id, e.c.state < int(RunState.COMPLETED))
    return connection.scalar(select(func.count()).where(chosen)) or 0


def stop(connection: Connection, plans: moves.Plans, key: str, now: datetime, chunk: int) -> int:
    """End a scenario and all its runs as ``left``; return how many runs ended."""
    row = lock_scenario(connection, key)
    if row.state not in ("running", "paused"):
        raise Refused(sentence("{key} does not run; its state is {state}", key=key, state=sentence(row.state)))
    course = course_of(connection, key, plans)
    tick = Tick(now, plans, (course,), frozenset(("scenario",)), chunk)
    ended, after_id = 0, 0
    while True:
        clear(connection, looked)
        span = fill_span(connection, after_id, chunk)
        if span is None:
            break
        after_id = span.last
        ended += fill_open(connection, tick, course, span)
        connection.execute(update(cohort).values(place=LEFT))
        figures = Figures(course.id, plans.house.hours.zone)
        leave_runs(connection, tick, figures, LEFT, RunState.LEFT, Outcome.LEFT)
        figures.write(connection)
    connection.execute(t.timers.delete().where(t.timers.c.scenario_id == course.id))
    life = {"scenario_id": row.id, "started_at": row.started_at, "stopped_at": now, "paused_at": row.paused_at}
    connection.execute(insert(t.lifetimes).values(life))
    values = {"state": "stopped", "paused_at": None, "fault": None}
    connection.execute(update(t.scenarios).values(values).where(t.scenarios.c.id == row.id))
    return ended
