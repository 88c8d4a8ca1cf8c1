"""Who enters a scenario: who matches, is not suppressed, has met neither goal nor exit, and may run through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Executable,
    FromClause,
    Insert,
    Select,
    Subquery,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from engage.language.conditions import Condition
from engage.plan.moves import Reentry
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import ChangeKind, Phase, RunState, TimerKind
from engage.sql.cohort import arrivals, looked
from engage.sql.history import kept
from engage.sql.interning import upsert
from engage.sql.outbox import join_campaign
from engage.sql.predicates import holds
from engage.sql.rows import into_timers, timer
from engage.sql.scratch import counted
from engage.sql.standing import NOW, big, near, run, standing, whole
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.journeys import Course, Tick
from engage.stepping.reentry import is_open, may_run_again, past_runs
from engage.stepping.span import Span

Truth = ColumnElement[bool]


def enrol(connection: Connection, tick: Tick, course: Course, span: Span) -> int:
    """Begin a run for those in ``looked`` who may enter; return how many did."""
    plan = course.plan
    if plan.on:
        return 0
    entered = 0
    if plan.window.holds(tick.now):
        entered = begin_runs(connection, tick, course, span)
    if plan.remembers:
        remember_members(connection, tick, course, span)
    return entered


@dataclass(frozen=True, slots=True)
class Entry:
    """Whom a scenario takes in: what its statements are made of."""

    scenario_id: int
    #: ``arrivals`` where an event lets one enter, else ``looked``
    among: Table
    audience: Condition
    #: suppression, goal and exit, as far as there are
    bars: tuple[Condition, ...]
    #: those who match already at the start enter too
    backfill: bool
    reentry: Reentry | None
    rules: Now

    @property
    def matches(self) -> Truth:
        """Whether one of them is of the audience."""
        return self._holds(self.audience)

    def _holds(self, condition: Condition) -> Truth:
        return holds(condition, self.among.c.prospect_id, self.rules, near=near)

    @property
    def begins_to_match(self) -> Truth:
        """Whether one of them did not match when looked at before."""
        m = t.audience_members
        mine = (m.c.scenario_id == self.scenario_id, m.c.prospect_id == self.among.c.prospect_id)
        return not_(exists(select(1).where(*mine)))

    @property
    def earlier(self) -> Subquery | None:
        """The runs so far; where nobody runs twice none needs to be known."""
        return None if self.reentry is None else past_runs(self.scenario_id, self.among)

    def may_enter(self, past: FromClause | None) -> Truth:
        """Return whether one of them may begin a run."""
        who, e = self.among.c.prospect_id, t.enrolments
        if past is None:
            mine = (near(e.c.prospect_id), e.c.prospect_id == who, e.c.scenario_id == self.scenario_id)
            tests = [not_(exists(select(1).where(*mine)))]  # asked first: most are in already
        else:
            again = and_(not_(is_open(past)), may_run_again(self.reentry, past, self.scenario_id))
            tests = [or_(past.c.runs.is_(None), again)]
        tests += [self.matches, *(not_(self._holds(condition)) for condition in self.bars)]
        if self.among is looked:
            tests.append(self._in_the_right_way(past))
        return and_(*tests)

    def _in_the_right_way(self, past: FromClause | None) -> Truth:
        """Return whether one matches as is asked: by beginning to, the first time or each time, or at all."""
        anew = self.reentry is not None and self.reentry.after is None
        if past is None:
            return true() if self.backfill else self.begins_to_match
        if anew:
            return or_(past.c.runs.is_(None), self.begins_to_match) if self.backfill else self.begins_to_match
        return true() if self.backfill else or_(past.c.runs.is_not(None), self.begins_to_match)


def entry_of(tick: Tick, course: Course) -> Entry:
    """Return whom a scenario takes in."""
    plan = course.plan
    bars = tuple(c for c in (plan.suppress, plan.goal, plan.exit) if c is not None)
    among = arrivals if plan.on else looked
    return Entry(course.id, among, plan.audience, bars, plan.backfill, plan.reentry, tick.asked.always)


def begin_runs(connection: Connection, tick: Tick, course: Course, span: Span) -> int:
    """Begin the runs of all who may enter; return how many did."""
    first = course.numbers[course.plan.first.key]
    kept = tick.at - course.paused_total
    statement = _begun(entry_of(tick, course))
    entered = run(connection, statement, tick.asked, first=first, kept=kept, **span.keys).rowcount
    if entered:
        settle_entry(connection, tick, course, entered)
    return entered


#: The columns of a new run.
NEW_RUN = (
    "prospect_id", "scenario_id", "step_id", "run", "state", "moves", "phase", "arrived_at", "due_at", "entered_at",
    "entered_by",
)  # fmt: skip


def new_run(scenario_id: int, who: ColumnElement[int], number: ColumnElement[int]) -> tuple[ColumnElement[Any], ...]:
    """Return the values of a new run's columns, all but how it was entered: it arrives at ``first`` now."""
    return (
        who, literal(scenario_id), whole("first"), number, literal(int(RunState.ACTIVE)), literal(0),
        literal(int(Phase.ARRIVES)), NOW, big("kept"),
    )  # fmt: skip


@standing
def _begun(entry: Entry) -> Insert:
    among, past = entry.among, entry.earlier
    number = literal(1) if past is None else func.coalesce(past.c.runs, 0) + 1
    how = (among.c.occurred_at, among.c.activity_id) if among is arrivals else (NOW, null())
    joined = among if past is None else among.outerjoin(past, past.c.prospect_id == among.c.prospect_id)
    values = select(*new_run(entry.scenario_id, among.c.prospect_id, number), *how).select_from(joined)
    values = values.where(entry.may_enter(past)).order_by(among.c.prospect_id)
    return counted(insert(t.enrolments).from_select(NEW_RUN, values))


def settle_entry(connection: Connection, tick: Tick, course: Course, entered: int) -> None:
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
        run(connection, _not_joined(plan.campaign), asked, **new)
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
    places = (NOW, whole("scenario"), whole("first"))
    return into_timers(timer(database, TimerKind.STEP, *places, t.enrolments.c.id).where(_new()))


@standing
def _joined(database: str, campaign: str, status: str | None) -> Executable:
    """Make members of a campaign of the new runs' prospects who are none yet."""
    key, who = _campaign(campaign), t.enrolments.c.prospect_id
    return join_campaign(database, select(who, key, literal(status), NOW).where(_new(), not_(_is_member(campaign))))


@standing
def _not_joined(campaign: str) -> Insert:
    """Keep that they are no members yet."""
    e, c = t.enrolments, t.campaigns
    not_yet = _new(), not_(_is_member(campaign)), c.c.key == campaign
    whose = {"enrolment_id": e.c.id, "whole": literal(0)}
    return kept(e.join(c, true()), e.c.prospect_id, NOW, ChangeKind.CAMPAIGN, c.c.id, *not_yet, **whose)


def _campaign(key: str) -> ColumnElement[int]:
    return select(t.campaigns.c.id).where(t.campaigns.c.key == key).scalar_subquery()


def _is_member(campaign: str) -> ColumnElement[bool]:
    member = t.campaign_members.c
    mine = member.prospect_id == t.enrolments.c.prospect_id, member.campaign_id == _campaign(campaign)
    return exists(select(1).where(*mine))


def remember_members(connection: Connection, tick: Tick, course: Course, span: Span) -> None:
    """Keep who of ``looked`` matches now, so that only those who begin to match later enter."""
    entry = entry_of(tick, course)
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
