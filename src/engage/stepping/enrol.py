"""Who enters a scenario: who matches, is not suppressed, has met neither goal nor exit, and was not in before."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    true,
)

from engage.sql import tables as t
from engage.sql.codes import Phase, RunState, TimerKind
from engage.sql.cohort import looked
from engage.sql.interning import upsert
from engage.sql.outbox import join_campaign
from engage.sql.packing import pack
from engage.sql.predicates import holds
from engage.sql.scratch import inserted
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.journeys import Course, Tick


def enrol(connection: Connection, tick: Tick, course: Course) -> int:
    """Begin a run for those in ``looked`` who may enter; return how many did."""
    plan = course.plan
    entered = 0
    if plan.window.holds(tick.now):
        entered = _begin_runs(connection, tick, course)
    if not plan.backfill:
        remember_members(connection, tick, course)
    return entered


def _matches(tick: Tick, course: Course) -> ColumnElement[bool]:
    return holds(course.plan.audience, looked.c.prospect_id, tick.asked)


def _may_enter(tick: Tick, course: Course) -> ColumnElement[bool]:
    plan, who, e = course.plan, looked.c.prospect_id, t.enrolments
    tests = [
        not_(exists(select(1).where(e.c.prospect_id == who, e.c.scenario_id == course.id))),
        _matches(tick, course),
        *(not_(holds(c, who, tick.asked)) for c in (plan.suppress, plan.goal, plan.exit) if c is not None),
    ]
    if not plan.backfill:
        m = t.audience_members
        tests.append(not_(exists(select(1).where(m.c.scenario_id == course.id, m.c.prospect_id == who))))
    return and_(true(), *tests)


def _begin_runs(connection: Connection, tick: Tick, course: Course) -> int:
    e, at = t.enrolments, literal(tick.at, BigInteger())
    first = course.numbers[course.plan.first.key]
    names = [
        "prospect_id", "scenario_id", "step_id", "run", "state", "moves", "phase", "entered_at", "arrived_at", "due_at",
    ]  # fmt: skip
    values = select(
        looked.c.prospect_id, literal(course.id), literal(first), literal(1), literal(int(RunState.ACTIVE)), literal(0),
        literal(int(Phase.ARRIVES)), at, at, literal(tick.at - course.paused_total, BigInteger()),
    ).where(_may_enter(tick, course)).order_by(looked.c.prospect_id)  # fmt: skip
    entered = inserted(connection, insert(e).from_select(names, values))
    if entered:
        _after_entry(connection, tick, course, entered)
    return entered


def _after_entry(connection: Connection, tick: Tick, course: Course, entered: int) -> None:
    """Time the new runs, count them, and make them members of the scenario's campaign."""
    e, at = t.enrolments, literal(tick.at, BigInteger())
    first = course.numbers[course.plan.first.key]
    last = select(e.c.id).order_by(e.c.id.desc()).limit(1).offset(entered).scalar_subquery()
    new = and_(e.c.id > func.coalesce(last, 0), e.c.scenario_id == course.id)
    timer = select(
        literal(int(TimerKind.STEP)),
        at,
        literal(course.id),
        literal(first),
        func.count(),
        pack(connection, e.c.id),
    ).where(new)
    names = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
    connection.execute(insert(t.timers).from_select(names, timer))
    figures = Figures(course.id, tick.plans.house.hours.zone)
    figures.entered(first, tick.at, entered)
    figures.write(connection)
    if course.plan.campaign is not None:
        key = select(t.campaigns.c.id).where(t.campaigns.c.key == course.plan.campaign).scalar_subquery()
        member = t.campaign_members
        old = exists(select(1).where(member.c.prospect_id == e.c.prospect_id, member.c.campaign_id == key))
        rows = select(e.c.prospect_id, key, literal(course.plan.campaign_status), at).where(new, not_(old))
        connection.execute(join_campaign(connection, rows))
        touch(connection, tick, "campaign", select(e.c.prospect_id).where(new))
    touch(connection, tick, "scenario", select(e.c.prospect_id).where(new))


def remember_members(connection: Connection, tick: Tick, course: Course) -> None:
    """Keep who of ``looked`` matches now, so that only those who begin to match later enter."""
    m = t.audience_members
    gone = select(looked.c.prospect_id).where(not_(_matches(tick, course)))
    connection.execute(delete(m).where(m.c.scenario_id == course.id, m.c.prospect_id.in_(gone)))
    values = select(literal(course.id), looked.c.prospect_id).where(_matches(tick, course))
    made = upsert(connection, m).from_select(["scenario_id", "prospect_id"], values)
    connection.execute(made.on_conflict_do_nothing())  # type: ignore[attr-defined]
