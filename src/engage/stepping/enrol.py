"""Who enters a scenario: who matches, is not suppressed, has met neither goal nor exit, and was not in before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Executable,
    Insert,
    Select,
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

from engage.language.conditions import Condition
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import Phase, RunState, TimerKind
from engage.sql.cohort import looked
from engage.sql.interning import upsert
from engage.sql.outbox import join_campaign
from engage.sql.packing import pack
from engage.sql.predicates import holds
from engage.sql.scratch import counted
from engage.sql.standing import NOW, big, near, run, standing, whole
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.journeys import Course, Tick
from engage.stepping.span import Span


def enrol(connection: Connection, tick: Tick, course: Course, span: Span) -> int:
    """Begin a run for those in ``looked`` who may enter; return how many did."""
    plan = course.plan
    entered = 0
    if plan.window.holds(tick.now):
        entered = _begin_runs(connection, tick, course, span)
    if not plan.backfill:
        remember_members(connection, tick, course, span)
    return entered


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom a scenario takes in: what its statements are made of."""

    scenario_id: int
    audience: Condition
    #: suppression, goal and exit, as far as there are
    bars: tuple[Condition, ...]
    #: only those who begin to match
    newly: bool
    rules: Now

    @property
    def matches(self) -> ColumnElement[bool]:
        """Whether a prospect of ``looked`` is of the audience."""
        return self._holds(self.audience)

    def _holds(self, condition: Condition) -> ColumnElement[bool]:
        return holds(condition, looked.c.prospect_id, self.rules, near=near)

    @property
    def may_enter(self) -> ColumnElement[bool]:
        """Whether a prospect of ``looked`` may begin a run."""
        who, e, m = looked.c.prospect_id, t.enrolments, t.audience_members
        mine = (e.c.prospect_id == who, e.c.scenario_id == self.scenario_id)
        tests = [
            not_(exists(select(1).where(near(e.c.prospect_id), *mine))),
            self.matches,
            *(not_(self._holds(condition)) for condition in self.bars),
        ]
        if self.newly:
            tests.append(not_(exists(select(1).where(m.c.scenario_id == self.scenario_id, m.c.prospect_id == who))))
        return and_(true(), *tests)


def _entry(tick: Tick, course: Course) -> Entry:
    plan = course.plan
    bars = tuple(c for c in (plan.suppress, plan.goal, plan.exit) if c is not None)
    return Entry(course.id, plan.audience, bars, not plan.backfill, tick.asked.always)


def _begin_runs(connection: Connection, tick: Tick, course: Course, span: Span) -> int:
    first = course.numbers[course.plan.first.key]
    kept = tick.at - course.paused_total
    statement = _begun(_entry(tick, course))
    entered = run(connection, statement, tick.asked, first=first, kept=kept, **span.keys).rowcount
    if entered:
        _after_entry(connection, tick, course, entered)
    return entered


@standing
def _begun(entry: Entry) -> Insert:
    names = [
        "prospect_id", "scenario_id", "step_id", "run", "state", "moves", "phase", "entered_at", "arrived_at", "due_at",
    ]  # fmt: skip
    values = select(
        looked.c.prospect_id, literal(entry.scenario_id), whole("first"), literal(1), literal(int(RunState.ACTIVE)),
        literal(0), literal(int(Phase.ARRIVES)), NOW, NOW, big("kept"),
    ).where(entry.may_enter).order_by(looked.c.prospect_id)  # fmt: skip
    return counted(insert(t.enrolments).from_select(names, values))


def _after_entry(connection: Connection, tick: Tick, course: Course, entered: int) -> None:
    """Time the new runs, count them, and make them members of the scenario's campaign."""
    first, plan, asked = course.numbers[course.plan.first.key], course.plan, tick.asked
    database = connection.dialect.name
    last = run(connection, _last_before(), asked, entered=entered).scalar() or 0
    new = {"last": last, "scenario": course.id}
    run(connection, _timed(database), asked, first=first, **new)
    figures = Figures(course.id, tick.plans.house.hours.zone)
    figures.entered(first, tick.at, entered)
    figures.write(connection)
    if plan.campaign is not None:
        run(connection, _joined(database, plan.campaign, plan.campaign_status), asked, **new)
        touch(connection, tick, "campaign", _entered(), **new)
    touch(connection, tick, "scenario", _entered(), **new)


@standing
def _last_before() -> Select[Any]:
    """Select the last enrolment before so many new ones."""
    e = t.enrolments
    return select(e.c.id).order_by(e.c.id.desc()).limit(1).offset(whole("entered"))


def _new() -> ColumnElement[bool]:
    e = t.enrolments
    return and_(e.c.id > big("last"), e.c.scenario_id == whole("scenario"))


@standing
def _entered() -> Select[Any]:
    """Select the prospects of the new runs."""
    return select(t.enrolments.c.prospect_id).where(_new())


@standing
def _timed(database: str) -> Insert:
    packed = pack(database, t.enrolments.c.id)
    timer = select(literal(int(TimerKind.STEP)), NOW, whole("scenario"), whole("first"), func.count(), packed)
    names = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
    return insert(t.timers).from_select(names, timer.where(_new()))


@standing
def _joined(database: str, campaign: str, status: str | None) -> Executable:
    """Make members of a campaign of the new runs' prospects who are none yet."""
    key = select(t.campaigns.c.id).where(t.campaigns.c.key == campaign).scalar_subquery()
    member, who = t.campaign_members, t.enrolments.c.prospect_id
    old = exists(select(1).where(member.c.prospect_id == who, member.c.campaign_id == key))
    return join_campaign(database, select(who, key, literal(status), NOW).where(_new(), not_(old)))


def remember_members(connection: Connection, tick: Tick, course: Course, span: Span) -> None:
    """Keep who of ``looked`` matches now, so that only those who begin to match later enter."""
    entry = _entry(tick, course)
    run(connection, _forgotten(entry), tick.asked, **span.keys)
    run(connection, _remembered(connection.dialect.name, entry), tick.asked, **span.keys)


@standing
def _forgotten(entry: Entry) -> Delete:
    m = t.audience_members
    gone = select(looked.c.prospect_id).where(not_(entry.matches))
    return delete(m).where(m.c.scenario_id == entry.scenario_id, m.c.prospect_id.in_(gone))


@standing
def _remembered(database: str, entry: Entry) -> Insert:
    values = select(literal(entry.scenario_id), looked.c.prospect_id).where(entry.matches)
    made = upsert(database, t.audience_members).from_select(["scenario_id", "prospect_id"], values)
    return made.on_conflict_do_nothing()  # type: ignore[attr-defined,no-any-return]
