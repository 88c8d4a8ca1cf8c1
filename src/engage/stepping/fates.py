"""What becomes of open runs that are looked at: goal, else exit, else held or released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Update,
    and_,
    case,
    insert,
    literal,
    not_,
    select,
    update,
)

from engage.language.conditions import Condition
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import RunState
from engage.sql.cohort import COHORT, cohort, looked
from engage.sql.predicates import Who, holds, reads_prospect, truth
from engage.sql.scratch import analyse, clear, counted
from engage.sql.standing import near_in, run, same_scenario, standing
from engage.stepping.holding import (
    ACTIVE,
    GOAL,
    HELD,
    LEFT,
    TO_HOLD,
    TO_JOIN,
    TO_RELEASE,
)
from engage.stepping.journeys import Course, Tick
from engage.stepping.pauses import Pauses
from engage.stepping.span import Span

#: The open runs and their prospects, by names that no condition uses.
_RUN = t.enrolments.alias("run")
_WHO = Who(t.standings.alias("standing"), t.prospects.alias("prospect"))


@dataclass(frozen=True, slots=True)
class Fates:
    """What of a scenario decides about an open run: goal, else exit, else held or released."""

    audience: Condition
    unmatched: str
    suppress: Condition | None
    goal: Condition | None
    exit: Condition | None
    rules: Now

    def _holds(self, condition: Condition) -> ColumnElement[bool]:
        return truth(condition, _WHO, self.rules, exact=True)

    def join(self, database: str, runs: FromClause) -> FromClause:
        """Join what the conditions read to the open runs."""
        s, p = _WHO.standing, _WHO.prospect
        asked = [c for c in (self.audience, self.suppress, self.goal, self.exit) if c is not None]
        mine = and_(s.c.prospect_id == _RUN.c.prospect_id, near_in(database, s.c.prospect_id))
        joined = runs.join(s, mine)
        wide = any(reads_prospect(condition) for condition in asked)
        same = and_(p.c.id == s.c.prospect_id, near_in(database, p.c.id))
        return joined.join(p, same) if wide else joined

    @property
    def place(self) -> ColumnElement[int]:
        """Where an open run goes, or that it stays as it is; suppression comes before ``unmatched``."""
        held = _RUN.c.state == int(RunState.HELD)
        to_hold = case((held, HELD), else_=TO_HOLD)
        whens: list[tuple[ColumnElement[bool], Any]] = []
        if self.goal is not None:
            whens.append((self._holds(self.goal), GOAL))
        if self.exit is not None:
            whens.append((self._holds(self.exit), LEFT))
        if self.suppress is not None:
            whens.append((self._holds(self.suppress), to_hold))
        if self.unmatched != "continue":
            matches, together = self._holds(self.audience), not_(_RUN.c.apart)
            whens.append((and_(together, not_(matches)), LEFT if self.unmatched == "exit" else to_hold))
            whens.append((and_(not_(held), _RUN.c.apart, matches), TO_JOIN))
        return case(*whens, (held, TO_RELEASE), else_=ACTIVE)


def fates_of(tick: Tick, course: Course) -> Fates:
    """Return what decides about the open runs of a scenario."""
    plan = course.plan
    return Fates(plan.audience, plan.unmatched, plan.suppress, plan.goal, plan.exit, tick.asked.always)


def fill_open(connection: Connection, tick: Tick, course: Course, span: Span, fates: Fates | None = None) -> int:
    """Fill the cohort with the open runs of the prospects in ``looked``; return how many.

    With ``fates`` only those are filled in that do not stay as they are, at the places where they go; SQLite does
    not tell how many.
    """
    clear(connection, cohort)
    filled = run(
        connection,
        _open_runs(connection.dialect.name, course.pauses, fates),
        tick.asked,
        scenario=course.id,
        **span.keys,
    ).rowcount
    analyse(connection, cohort)
    return filled


@standing
def _open_runs(database: str, pauses: Pauses, fates: Fates | None) -> Insert:
    e = _RUN
    place = literal(ACTIVE) if fates is None else fates.place
    runs: FromClause = looked.join(e, e.c.prospect_id == looked.c.prospect_id)
    each = (
        select(
            e.c.id, e.c.prospect_id, e.c.step_id, place.label("place"), e.c.moves, literal(0).label("written"),
            e.c.entered_at, e.c.arrived_at, pauses.real_of(e.c.due_at).label("due_at"),
        )
        .select_from(runs if fates is None else fates.join(database, runs))
        .where(same_scenario(database, e.c.scenario_id), e.c.state < int(RunState.COMPLETED))
        .where(near_in(database, e.c.prospect_id))
    )  # fmt: skip
    if fates is None:
        return counted(insert(cohort).from_select(COHORT, each))
    open_runs = each.cte("open_runs").prefix_with("MATERIALIZED")
    moving = select(open_runs).where(open_runs.c.place.not_in((ACTIVE, HELD)))
    return counted(insert(cohort).from_select(COHORT, moving))


@standing
def joined(fates: Fates) -> Update:
    """Let those who were enrolled without matching, and match now, be as all others from here on."""
    e, c = t.enrolments, cohort
    matching = select(c.c.id).where(
        c.c.place.in_((TO_RELEASE, TO_JOIN)), holds(fates.audience, c.c.prospect_id, fates.rules)
    )
    return update(e).values(apart=False).where(e.c.id.in_(matching), e.c.apart)
