"""The end of a chunk: visits, figures, one update for each enrolment, one timer for each step where some wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, func, insert, literal, select, update

from engage.plan.moves import Step
from engage.sql import tables as t
from engage.sql.codes import Phase, RunState, TimerKind
from engage.sql.cohort import cohort, passages
from engage.sql.packing import pack
from engage.sql.scratch import analyse, clear
from engage.stepping.changes import touch
from engage.stepping.figures import Figures
from engage.stepping.walk import Place, Walk

#: Timers of rows with due moments of their own gather those of one minute: the first decides when to look.
MINUTE = 60_000_000


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
    numbers = walk.numbers_of(places)
    length = case({place.number: len(place.passed) for place in places}, value=cohort.c.place)
    walk.connection.execute(
        update(cohort)
        .values(place=walk.number, written=cohort.c.written + length, arrived_at=walk.tick.at)
        .where(cohort.c.place.in_(numbers))
    )
    for place in places:
        del walk.places[place.number]
    whole = Place(walk.number, step.key, Phase.ARRIVES, sum(p.count for p in places), written=1, arrived=walk.tick.at)
    walk.places[whole.number] = whole
    return whole


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
    at = literal(now, BigInteger())
    move = cohort.c.moves + cohort.c.written + passages.c.ordinal
    arrived = case((passages.c.ordinal == 0, cohort.c.arrived_at), else_=at)
    joined = cohort.join(passages, passages.c.place == cohort.c.place)
    values = select(cohort.c.id, arrived, at, passages.c.step_id, move, passages.c.outcome).select_from(joined)
    names = ["enrolment_id", "arrived_at", "left_at", "step_id", "move", "outcome"]
    connection.execute(insert(t.visits).from_select(names, values.order_by(cohort.c.id, passages.c.ordinal)))
    if any(row["reason"] for row in rows):
        told = select(cohort.c.id, move, passages.c.reason).select_from(joined).where(passages.c.reason.is_not(None))
        connection.execute(insert(t.reasons).from_select(["enrolment_id", "move", "reason"], told))
    for place in places:
        if place.arrived is not None:
            figures.passed(place, place.arrived, now, place.count)
    mixed = walk.numbers_of(place for place in places if place.arrived is None)
    for number, arrived_at, count in connection.execute(_groups(mixed)).all() if mixed else ():
        figures.passed(walk.places[number], arrived_at, now, count)


def _groups(numbers: tuple[int, ...]) -> Select[int, int, int]:
    """Return how many rows of each place arrived at which moment: few moments, for all arrive in some tick."""
    grouped = select(cohort.c.place, cohort.c.arrived_at, func.count()).where(cohort.c.place.in_(numbers))
    return grouped.group_by(cohort.c.place, cohort.c.arrived_at)


def _arrivals(walk: Walk, places: Iterable[Place], figures: Figures) -> None:
    for place in places:
        if place.fate == "resting" and place.moved:
            figures.waits(walk.course.numbers[place.step], walk.tick.at, place.count)


def _checked(walk: Walk, place: Place, values: dict[str, object]) -> None:
    """Update the enrolments of a place; each must stand where it stood when it was claimed."""
    e = t.enrolments
    changed = walk.connection.execute(
        update(e)
        .values(values)
        .where(e.c.id == cohort.c.id, cohort.c.place == place.number, e.c.moves == cohort.c.moves)
    )
    if changed.rowcount != place.count:
        raise Conflict


def _moves(place: Place) -> ColumnElement[int]:
    return cohort.c.moves + cohort.c.written + len(place.passed)


def _end(walk: Walk, place: Place) -> None:
    last = place.passed[-1].step_id
    at = walk.tick.at
    values: dict[str, object] = {
        "step_id": last, "state": int(RunState.COMPLETED), "ended_at": at, "arrived_at": at, "moves": _moves(place),
    }  # fmt: skip
    _checked(walk, place, values)
    chosen = select(cohort.c.prospect_id).where(cohort.c.place == place.number)
    touch(walk.connection, walk.tick, "scenario", chosen)


def _rest(walk: Walk, place: Place) -> None:
    pauses = walk.course.pauses
    due: object = pauses.kept_of(cohort.c.due_at) if place.due is None else pauses.kept(place.due)
    values: dict[str, object] = {"due_at": due, "phase": int(place.phase)}
    if place.moved:
        values |= {
            "step_id": walk.course.numbers[place.step],
            "arrived_at": walk.tick.at,
            "moves": _moves(place),
        }
    _checked(walk, place, values)


def _timers(walk: Walk, places: Iterable[Place]) -> None:
    """Write a timer for each step and moment at which some now wait; those found too early are timed again."""
    same: dict[tuple[str, int | None], list[int]] = {}
    for place in places:
        if place.fate in ("resting", "unchanged"):
            same.setdefault((place.step, place.due if place.fate == "resting" else None), []).append(place.number)
    for (key, due), numbers in same.items():
        _timer(walk, walk.course.numbers[key], due, numbers)


def _timer(walk: Walk, step_id: int, due: int | None, numbers: list[int]) -> None:
    names = ["kind", "due_at", "scenario_id", "step_id", "count", "ids"]
    moment: ColumnElement[Any] = func.min(cohort.c.due_at) if due is None else literal(due, BigInteger())
    values = select(
        literal(int(TimerKind.STEP)),
        moment,
        literal(walk.course.id),
        literal(step_id),
        func.count(),
        pack(walk.connection, cohort.c.id),
    ).where(cohort.c.place.in_(numbers))
    if due is None:
        values = values.where(cohort.c.due_at > walk.tick.at).group_by(cohort.c.due_at.op("/")(MINUTE))
    walk.connection.execute(insert(t.timers).from_select(names, values.having(func.count() > 0)))
