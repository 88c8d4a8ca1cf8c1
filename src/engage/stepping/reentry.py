"""Running through a scenario again: what is known of the earlier runs, and when the time for another has come."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Insert,
    Select,
    Subquery,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    type_coerce,
)

from engage.clock import MICROSECOND, micros
from engage.plan.moves import Reentry
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import AGAIN, CHUNK, RunState, TimerKind
from engage.sql.packing import pack
from engage.sql.standing import NOW, big, near, run, standing, whole
from engage.stepping.journeys import Course

Truth = ColumnElement[bool]


def past_runs(scenario_id: int, among: FromClause) -> Subquery:
    """Return the runs of a scenario so far of the prospects in a table: how many, whether one is open, the last end."""
    e = t.enrolments
    columns = (
        e.c.prospect_id, func.max(e.c.run).label("runs"), func.min(e.c.state).label("state"),
        func.max(type_coerce(e.c.ended_at, BigInteger)).label("ended_at"),
    )  # fmt: skip
    joined = among.join(e, e.c.prospect_id == among.c.prospect_id)
    found = select(*columns).select_from(joined).where(near(e.c.prospect_id), e.c.scenario_id == scenario_id)
    return found.group_by(e.c.prospect_id).subquery("past")


def is_open(past: FromClause) -> Truth:
    """Return whether a run is open."""
    return past.c.state < int(RunState.COMPLETED)


def may_run_again(reentry: Reentry | None, past: FromClause, scenario_id: int) -> Truth:
    """Return whether one who has run, and does not now, may begin another run at this moment."""
    if reentry is None:
        return past.c.runs.is_(None)
    tests: list[Truth] = [not_(begun_now(scenario_id, past.c.prospect_id))]
    if reentry.most is not None:
        tests.append(past.c.runs < reentry.most)
    if reentry.after is not None:
        tests.append(past.c.ended_at + literal(length_of(reentry), BigInteger) <= NOW)
    return and_(*tests)


def begun_now(scenario_id: int, prospect_id: ColumnElement[int]) -> Truth:
    """Return whether a prospect began a run of a scenario in this very tick that has ended: its first visit tells."""
    e, v = t.enrolments.alias("ended"), t.visits.alias("first_visit")
    joined = e.join(v, and_(v.c.enrolment_id == e.c.id, v.c.move == 0))
    mine = (e.c.prospect_id == prospect_id, e.c.scenario_id == scenario_id, e.c.ended_at == NOW)
    return exists(select(1).select_from(joined).where(*mine, v.c.arrived_at == NOW))


def length_of(reentry: Reentry) -> int:
    """Return the time that must have passed since the end of the last run, in microseconds."""
    return reentry.after.length // MICROSECOND if reentry.after is not None else 0


def time_again(connection: Connection, course: Course | None, asked: Now, ended: Select[Any], **values: object) -> None:
    """Have prospects whose run ends now looked at when they may run again, if time alone decides that.

    ``ended`` is a standing SELECT of one column of keys, with its values.
    """
    reentry = course.plan.reentry if course is not None else None
    if course is None or course.plan.on or reentry is None or reentry.after is None:
        return
    due = micros(asked.at) + length_of(reentry)
    run(connection, _timed(connection.dialect.name, ended), asked, again=due, again_in=course.id, **values)


@standing
def _timed(database: str, ended: Select[Any]) -> Insert:
    who = ended.distinct().subquery()
    key = who.c[0]
    values = (
        literal(int(TimerKind.CHANGED)), big("again"), whole("again_in"), literal(AGAIN), func.count(),
        pack(database, key),
    )  # fmt: skip
    names = ["kind", "due_at", "scenario_id", "facet", "count", "ids"]
    return insert(t.timers).from_select(names, select(*values).having(func.count() > 0))


def time_all_again(connection: Connection, course: Course, asked: Now) -> None:
    """Time the re-entry of all whose last run ended, anew: the scenario begins to run or has other rules."""
    run(connection, _untimed(), asked, scenario=course.id)
    reentry = course.plan.reentry
    if reentry is not None and reentry.after is not None and not course.plan.on:
        made = _timed_all(connection.dialect.name)
        run(connection, made, asked, scenario=course.id, length=length_of(reentry))


@standing
def _untimed() -> Delete:
    timers = t.timers
    return delete(timers).where(timers.c.scenario_id == whole("scenario"), timers.c.facet == AGAIN)


@standing
def _timed_all(database: str) -> Insert:
    e = t.enrolments
    ended = func.max(type_coerce(e.c.ended_at, BigInteger))
    each = (
        select(e.c.prospect_id, (ended + big("length")).label("due"))
        .where(e.c.scenario_id == whole("scenario"))
        .group_by(e.c.prospect_id)
        .having(and_(func.min(e.c.state) >= int(RunState.COMPLETED), ended + big("length") > NOW))
        .subquery("each_ended")
    )
    place = func.row_number().over(partition_by=each.c.due, order_by=each.c.prospect_id) - 1
    parted = select(each.c.prospect_id, each.c.due, (place // CHUNK).label("part")).subquery("parted")
    values = select(
        literal(int(TimerKind.CHANGED)), parted.c.due, whole("scenario"), literal(AGAIN), func.count(),
        pack(database, parted.c.prospect_id),
    ).group_by(parted.c.due, parted.c.part)  # fmt: skip
    return insert(t.timers).from_select(["kind", "due_at", "scenario_id", "facet", "count", "ids"], values)
