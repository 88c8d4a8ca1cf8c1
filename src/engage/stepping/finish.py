"""The end of a chunk: visits, figures, one update for each enrolment, one timer for each step where some wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Update, case, func, insert, select, update

from engage.plan.moves import Step
from engage.sql import tables as t
from engage.sql.codes import Outcome, Phase, RunState, TimerKind
from engage.sql.cohort import cohort, passages
from engage.sql.rows import into_timers, into_visits, timer
from engage.sql.scratch import analyse, clear
from engage.sql.standing import NOW, big, many, near_id, small, standing, whole
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.pauses import Pauses
from engage.stepping.reentry import time_again
from engage.stepping.walk import Place, Walk

#: Timers of rows with due moments of their own gather those of one minute: the first decides when to look.
MINUTE = 60_000_000
#: The rows of one place.
_HERE = cohort.c.place == whole("here")
#: The cohort beside what each of its places has passed, and the number of each passage in its run.
_PASSED = cohort.join(passages, passages.c.place == cohort.c.place)
_MOVE = cohort.c.moves + cohort.c.written + passages.c.ordinal
#: How many passages an enrolment has made when it leaves its place.
_MOVES = cohort.c.moves + cohort.c.written + small("passed")


class Conflict(Exception):
    """Somebody else moved an enrolment of the chunk: it is rolled back and claimed anew."""


def finish(walk: Walk) -> None:
    """Write what happened to the cohort."""
    places = [place for place in walk.places.values() if place.count]
    figures = Figures(walk.course.id, walk.tick.plans.house.hours.zone)
    _visits(walk, [place for place in places if place.passed], figures)
    _arrivals(walk, places, figures)
    figures.write(walk.connection)
    for place in places:
        if place.fate == "ended":
            _end(walk, place)
        elif place.fate == "resting":
            _rest(walk, place)
        elif place.fate == "moving":
            raise AssertionError(f"nobody decided about those at {place.step}")
    _timers(walk, places)


def write_visits(walk: Walk, step: Step, places: list[Place]) -> Place:
    """Write the visits of several places that meet at a step, and bring them together in one place."""
    figures = Figures(walk.course.id, walk.tick.plans.house.hours.zone)
    _visits(walk, places, figures)
    figures.write(walk.connection)
    walk.number += 1
    for place in places:
        walk.run(_gathered(), here=place.number, there=walk.number, passed=len(place.passed))
        del walk.places[place.number]
    whole = Place(walk.number, step.key, Phase.ARRIVES, sum(p.count for p in places), written=1, arrived=walk.tick.at)
    walk.places[whole.number] = whole
    return whole


@standing
def _gathered() -> Update:
    written = cohort.c.written + small("passed")
    return update(cohort).values(place=whole("there"), written=written, arrived_at=NOW).where(_HERE)


def _visits(walk: Walk, places: list[Place], figures: Figures) -> None:
    """Write one visit for each passage of each row, and count them."""
    if not places:
        return
    connection, now = walk.connection, walk.tick.at
    clear(connection, passages)
    rows = [
        {
            "place": place.number,
            "ordinal": n,
            "step_id": p.step_id,
            "outcome": int(p.outcome),
            "reason": p.reason,
        }
        for place in places
        for n, p in enumerate(place.passed)
    ]
    connection.execute(insert(passages), rows)
    analyse(connection, passages)
    walk.run(_visited())
    if any(row["reason"] for row in rows):
        walk.run(_reasoned())
    for place in places:
        if place.arrived is not None:
            figures.passed(place, place.arrived, now, place.count)
    mixed = walk.numbers_of(place for place in places if place.arrived is None)
    for number, arrived_at, count in walk.run(_grouped(), places=mixed).all() if mixed else ():
        figures.passed(walk.places[number], arrived_at, now, count)


@standing
def _visited() -> Insert:
    """Insert one visit for each passage of each row."""
    arrived = case((passages.c.ordinal == 0, cohort.c.arrived_at), else_=NOW)
    values = select(cohort.c.id, arrived, NOW, passages.c.step_id, _MOVE, passages.c.outcome).select_from(_PASSED)
    return into_visits(values.order_by(cohort.c.id, passages.c.ordinal))


@standing
def _reasoned() -> Insert:
    told = select(cohort.c.id, _MOVE, passages.c.reason).select_from(_PASSED).where(passages.c.reason.is_not(None))
    return insert(t.reasons).from_select(["enrolment_id", "move", "reason"], told)


@standing
def _grouped() -> Select[Any]:
    """Select how many rows of each place arrived at which moment: few moments, for all arrive in some tick."""
    grouped = select(cohort.c.place, cohort.c.arrived_at, func.count()).where(cohort.c.place.in_(many("places")))
    return grouped.group_by(cohort.c.place, cohort.c.arrived_at)


def _arrivals(walk: Walk, places: Iterable[Place], figures: Figures) -> None:
    for place in places:
        if place.fate == "resting" and place.moved:
            figures.waits(walk.course.numbers[place.step], walk.tick.at, place.count)


def _checked(walk: Walk, place: Place, statement: Update, **values: object) -> None:
    """Update the enrolments of a place; each must stand where it stood when it was claimed."""
    changed = walk.run(statement, here=place.number, passed=len(place.passed), **values)
    if changed.rowcount != place.count:
        raise Conflict


def _updated(database: str, values: dict[str, object]) -> Update:
    e = t.enrolments
    mine = (e.c.id == cohort.c.id, near_id(database, e.c.id), e.c.moves == cohort.c.moves)
    return update(e).values(values).where(_HERE, *mine)


def _end(walk: Walk, place: Place) -> None:
    last = place.passed[-1]
    state = RunState.LEFT if last.outcome == Outcome.LEFT else RunState.COMPLETED
    _checked(walk, place, _ended(walk.database), last_step=last.step_id, ended=int(state))
    touch(walk.connection, walk.tick, "scenario", prospects_at(), here=place.number)
    time_again(walk.connection, walk.course, walk.tick.asked, prospects_at(), here=place.number)


@standing
def _ended(database: str) -> Update:
    values: dict[str, object] = {
        "step_id": whole("last_step"), "state": small("ended"), "ended_at": NOW, "arrived_at": NOW, "moves": _MOVES,
    }  # fmt: skip
    return _updated(database, values)


@standing
def prospects_at() -> Select[tuple[int]]:
    """Select the prospects of the rows at one place, ``here``."""
    return select(cohort.c.prospect_id).where(_HERE)


def _rest(walk: Walk, place: Place) -> None:
    pauses = walk.course.pauses
    due = None if place.due is None else pauses.kept(place.due)
    statement = _rested(walk.database, pauses if due is None else None, moved=place.moved)
    step_id = walk.course.numbers[place.step]
    _checked(walk, place, statement, due=due, next_phase=int(place.phase), next_step=step_id)


@standing
def _rested(database: str, pauses: Pauses | None, *, moved: bool) -> Update:
    """Let the rows of a place wait until ``due``, or each its own moment, kept in scenario time."""
    due: ColumnElement[int] = big("due") if pauses is None else pauses.kept_of(cohort.c.due_at)
    values: dict[str, object] = {"due_at": due, "phase": small("next_phase")}
    if moved:
        values |= {"step_id": whole("next_step"), "arrived_at": NOW, "moves": _MOVES}
    return _updated(database, values)


def _timers(walk: Walk, places: Iterable[Place]) -> None:
    """Write a timer for each step and moment at which some now wait; those found too early are timed again."""
    same: dict[tuple[str, int | None], list[int]] = {}
    for place in places:
        if place.fate in ("resting", "unchanged"):
            same.setdefault((place.step, place.due if place.fate == "resting" else None), []).append(place.number)
    for (key, due), numbers in same.items():
        _timer(walk, walk.course.numbers[key], due, numbers)


def _timer(walk: Walk, step_id: int, due: int | None, numbers: list[int]) -> None:
    statement = _timed(walk.database, own=due is None)
    walk.run(statement, due=due, step=step_id, scenario=walk.course.id, places=numbers)


@standing
def _timed(database: str, *, own: bool) -> Insert:
    """Write a timer for the rows at some places: due at one moment, or for each minute in which some are."""
    due = func.min(cohort.c.due_at) if own else big("due")
    values = timer(database, TimerKind.STEP, due, whole("scenario"), whole("step"), cohort.c.id)
    values = values.where(cohort.c.place.in_(many("places")))
    if own:
        values = values.where(cohort.c.due_at > NOW).group_by(cohort.c.due_at.op("/")(MINUTE))
    return into_timers(values.having(func.count() > 0))
