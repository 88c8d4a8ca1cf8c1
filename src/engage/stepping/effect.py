"""Who would enter, leave or be held if files were applied: the engine's own questions, asked twice.

Once they are asked of what runs, once of what would run, with every score and grade as the new models make them.
Changed models are tried on copies of the tables (see ``sql.shadow``), so nobody waits for a preview and nothing stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    SmallInteger,
    and_,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
)
from sqlalchemy.exc import DBAPIError

from engage.clock import EPOCH
from engage.intake.grading import regrade
from engage.intake.rescoring import score_anew
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import CHUNK
from engage.sql.cohort import cohort, keys_of, looked
from engage.sql.columns import Key
from engage.sql.scratch import clear, keyless, scratch
from engage.sql.shadow import real, rolled_back, shadow
from engage.sql.standing import run
from engage.stepping.enrol import entry_of
from engage.stepping.fates import fates_of, fill_open
from engage.stepping.holding import GOAL, LEFT, TO_HOLD, TO_RELEASE
from engage.stepping.journeys import Course, Tick, course_of
from engage.stepping.span import Span, fill_span

#: What the next look would do with a prospect; the others are places of the cohort.
ENTER = -1
_NOW, _THEN = 0, 1

#: What looks would do, by the plans that run and by those that would.
_fates = keyless(
    scratch(
        "fates",
        Column("asked", SmallInteger, primary_key=True),
        Column("scenario_id", Integer, primary_key=True),
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("fate", SmallInteger, nullable=False),
    )
)


@dataclass(frozen=True, slots=True)
class Effect:
    """How many a scenario would take in, let go, hold and release, who would not be by what runs now."""

    entering: int = 0
    goal: int = 0
    leaving: int = 0
    held: int = 0
    released: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing happens to anybody."""
        return self == Effect()


@dataclass(frozen=True, slots=True)
class Effects:
    """What applying files would do at the next look."""

    #: by scenario, of those that run or are paused and are concerned
    scenarios: Mapping[str, Effect]
    #: prospects whose score or grade would be another
    rescored: int = 0
    regraded: int = 0

    def of(self, key: str) -> Effect:
        """Return what happens in one scenario."""
        return self.scenarios.get(key, Effect())


def effects(
    engine: Engine,
    old: moves.Plans,
    new: moves.Plans,
    now: datetime,
    keys: Iterable[str],
    *,
    scoring: bool,
    grading: bool,
) -> Effects:
    """Return what the next look would do by new plans and models that it would not by the old.

    ``keys`` are the scenarios that are asked about.
    """
    with rolled_back(engine) as connection:
        courses = {key: course for key in keys if (course := _live(connection, old, key)) is not None}
        if not courses and not scoring and not grading:
            return Effects({})
        clear(connection, _fates)
        _ask(connection, Tick(now, old, (), frozenset(), CHUNK), courses, _NOW)
        rescored, regraded = _try_models(connection, new, now, scoring=scoring, grading=grading)
        then = {key: _as_edited(course, new.scenarios[key]) for key, course in courses.items()}
        _ask(connection, Tick(now, new, (), frozenset(), CHUNK), then, _THEN)
        found = {key: _effect(connection, course.id) for key, course in courses.items()}
    return Effects(found, rescored, regraded)


def _as_edited(course: Course, plan: moves.Plan) -> Course:
    """Return a scenario under its new plan; where it is kept only now who matches, nobody of them enters."""
    shut = plan.remembers and not course.plan.remembers
    return replace(course, plan=replace(plan, window=moves.Window(end=EPOCH)) if shut else plan)


def _live(connection: Connection, plans: moves.Plans, key: str) -> Course | None:
    """Return a scenario that runs or is paused."""
    state = connection.scalar(select(t.scenarios.c.state).where(t.scenarios.c.key == key))
    return course_of(connection, key, plans) if state in ("running", "paused") else None


def _spans(connection: Connection) -> Iterator[Span]:
    """Fill ``looked`` with some prospects after the others; yield their span."""
    after_id = 0
    while True:
        clear(connection, looked)
        span = fill_span(connection, after_id, CHUNK)
        if span is None:
            return
        yield span
        after_id = span.last


def _ask(connection: Connection, tick: Tick, courses: Mapping[str, Course], asked: int) -> None:
    """Note what the next look would do with everybody."""
    for span in _spans(connection):
        for course in courses.values():
            # What a scenario at fault asks may be more than the database can answer: it is shown as nobody.
            with suppress(DBAPIError), connection.begin_nested():
                _ask_one(connection, tick, course, span, asked)


def _ask_one(connection: Connection, tick: Tick, course: Course, span: Span, asked: int) -> None:
    """Note what the next look would do with the prospects in ``looked``, for one scenario."""
    names = ["asked", "scenario_id", "prospect_id", "fate"]
    moving = cohort.c.place.in_((GOAL, LEFT, TO_HOLD, TO_RELEASE))
    head = (literal(asked, SmallInteger), literal(course.id, Integer))
    fill_open(connection, tick, course, span, fates_of(tick, course))
    inside = select(*head, cohort.c.prospect_id, cohort.c.place).where(moving)
    connection.execute(insert(_fates).from_select(names, inside))
    if course.plan.window.holds(tick.now) and not course.plan.on:
        entry = entry_of(tick, course)
        past = entry.earlier
        joined = looked if past is None else looked.outerjoin(past, past.c.prospect_id == looked.c.prospect_id)
        enter = select(*head, looked.c.prospect_id, literal(ENTER, SmallInteger)).select_from(joined)
        run(connection, insert(_fates).from_select(names, enter.where(entry.may_enter(past))), tick.asked, **span.keys)


def _try_models(
    connection: Connection, plans: moves.Plans, now: datetime, *, scoring: bool, grading: bool
) -> tuple[int, int]:
    """Score and grade copies of everybody by new models; return how many scores and grades would be others."""
    if not scoring and not grading:
        return 0, 0
    ledger = (t.words, t.score_entries, t.category_scores, t.expiries) if scoring else ()
    shadow(connection, t.standings, *ledger)
    for span in _spans(connection):
        if scoring:
            score_anew(connection, plans, now, (span.first - 1, span.last), keep=False)
        regrade(connection, plans, now, keys_of(looked), span.keys)
    before, after = real(connection, t.standings).alias("before"), t.standings.alias("after")
    both = before.join(after, before.c.prospect_id == after.c.prospect_id)

    def differing(name: str) -> int:
        other: ColumnElement[Any] = before.c[name].is_distinct_from(after.c[name])
        return connection.scalar(select(func.count()).select_from(both).where(other)) or 0

    return differing("score"), differing("grade")


def _effect(connection: Connection, scenario_id: int) -> Effect:
    """Count what would be done then and would not be done now."""
    then, before = _fates.alias("then"), _fates.alias("before")
    same = and_(
        before.c.asked == _NOW,
        before.c.scenario_id == then.c.scenario_id,
        before.c.prospect_id == then.c.prospect_id,
        before.c.fate == then.c.fate,
    )
    counted = (
        select(then.c.fate, func.count())
        .where(then.c.asked == _THEN, then.c.scenario_id == scenario_id)
        .where(not_(exists(select(1).select_from(before).where(same))))
        .group_by(then.c.fate)
    )
    found: dict[int, int] = dict(connection.execute(counted).all())
    return Effect(*(found.get(fate, 0) for fate in (ENTER, GOAL, LEFT, TO_HOLD, TO_RELEASE)))
