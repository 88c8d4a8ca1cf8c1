"""Waiting for moments: until a moment or a field's day, and e-mails for their opening or their date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from engage.clock import FOREVER, HORIZON, micros, moment
from engage.language.appointments import mail_moment, own_zone
from engage.language.moment import instant_of
from engage.language.zones import local_day
from engage.plan import moves
from engage.sql.appointments import Basis, different, give_moments, given
from engage.sql.codes import Outcome, Phase
from engage.sql.cohort import cohort
from engage.stepping.walk import Place, Test, Walk

#: What may be said of a row instead of a moment: it goes on now, its day is past, it has none, it may go no more.
NOW_IT_GOES, PAST, MISSING, TOO_LATE = -1, -2, -3, -4
#: A field's value, a zone, and when the waiting began (0: not asked) → a moment in microseconds, or one of the above.
Decide = Callable[[str, ZoneInfo, int], int]


def is_at(due: int) -> ColumnElement[bool]:
    """Return whether this is said of a row."""
    return cohort.c.due_at == due


def settle(walk: Walk, place: Place, basis: Basis, zone: moves.Zone, decide: Decide) -> dict[int, Place]:
    """Decide about all rows of a place, few values at a time; return the places of those who do not wait.

    The others wait here, each for its own moment.
    """
    asked = basis != (None, False, None)
    rows = [tuple(row) for row in walk.run(different(basis), here=place.number)] if asked else [("", "", 0)]
    told = [
        (value, name, begun, decide(value, own_zone(name, zone.zone), begun)) for value, name, begun in rows
    ]  # fmt: skip
    said = {row[-1] for row in told}
    if len(said) == 1:
        return _all_alike(walk, place, said.pop())
    give_moments(walk.connection, told)
    walk.run(given(basis), here=place.number)
    gone = {code: walk.divide(place, Test(is_at, (code,))) for code in sorted(said) if code < 0}
    if place.count:
        walk.rests([place], Phase.WAITS, None)
    return {code: part for code, part in gone.items() if part.count}


def _all_alike(walk: Walk, place: Place, code: int) -> dict[int, Place]:
    if code < 0:
        return {code: place}
    walk.rests([place], Phase.WAITS, code)
    return {}


def _arrival(walk: Walk, place: Place) -> Literal["arrived_at"] | None:
    """Return the column of a place's arrivals; None where all arrive now."""
    return None if walk.comes_now(place) else "arrived_at"


def wait_until(walk: Walk, step: moves.Step, act: moves.WaitUntil, place: Place) -> None:
    """Let those who arrive wait for their moment, which is fixed now."""
    now = walk.tick.at

    def decide(_: str, zone: ZoneInfo, begun: int) -> int:
        begun = begun or now
        due = micros(act.until.first(moment(begun), zone))
        return PAST if due <= begun else due if due > now else NOW_IT_GOES

    gone = settle(walk, place, (None, act.zone.of_prospect, _arrival(walk, place)), act.zone, decide)
    _go_on(walk, step, gone, {PAST: act.leave_past})


def wait_for_day(walk: Walk, step: moves.Step, act: moves.WaitDay, place: Place) -> None:
    """Let those who arrive wait for the day that their field says."""
    now = walk.tick.at

    def decide(value: str, zone: ZoneInfo, begun: int) -> int:
        return _day(act, value, zone, begun or now, now)

    basis: Basis = ((act.field, act.type, act.custom), act.zone.of_prospect, _arrival(walk, place))
    _go_on(walk, step, settle(walk, place, basis, act.zone, decide), _leaving(act))


def follow_day(walk: Walk, step: moves.Step, act: moves.WaitDay, place: Place) -> None:
    """Let those who wait follow their field: a moment that it still says stands, another is reckoned from now."""
    now = walk.tick.at

    def decide(value: str, zone: ZoneInfo, due: int) -> int:
        if value and due < HORIZON and _first(act, value, zone, due - 1) == due:
            return due if due > now else NOW_IT_GOES
        return _day(act, value, zone, now, now)

    basis: Basis = ((act.field, act.type, act.custom), act.zone.of_prospect, "due_at")
    _go_on(walk, step, settle(walk, place, basis, act.zone, decide), _leaving(act))


def _leaving(act: moves.WaitDay) -> dict[int, bool]:
    return {PAST: act.leave_past, MISSING: act.leave_missing}


def _day(act: moves.WaitDay, value: str, zone: ZoneInfo, begun: int, now: int) -> int:
    if not value:
        return MISSING
    due = _first(act, value, zone, begun)
    return PAST if due <= begun else due if due > now else NOW_IT_GOES


def _first(act: moves.WaitDay, value: str, zone: ZoneInfo, begun: int) -> int:
    """Return the moment that a field's value says; one after the year 9999 never comes."""
    day = date.fromisoformat(value) if act.type == "date" else local_day(moment(int(value)), zone)
    try:
        return micros(act.rule.first(day, moment(begun), zone))
    except OverflowError:
        return FOREVER


def _go_on(walk: Walk, step: moves.Step, gone: dict[int, Place], leaving: dict[int, bool]) -> None:
    for code, place in gone.items():
        leaves = leaving.get(code, False)
        reason = {PAST: "the day is past", MISSING: "the field is empty"}[code] if leaves else None
        walk.passes(step, [place], Outcome.LEFT if leaves else Outcome.COMPLETED, reason=reason)


def may_go(walk: Walk, step: moves.Step, act: moves.SendEmail, places: list[Place]) -> list[Place]:
    """Return the places of those whose e-mail may go now; others wait for its opening or its date, or are skipped."""
    if act.hours is None and act.on_date is None:
        return places
    ready = []
    for place in places:
        gone = settle(walk, place, _mail_basis(walk, step, act, place), act.zone, _mail_time(walk, act, place))
        if NOW_IT_GOES in gone:
            ready.append(gone[NOW_IT_GOES])
        if TOO_LATE in gone:
            walk.passes(step, [gone[TOO_LATE]], Outcome.SKIPPED, reason="its date has passed")
    return ready


def _mail_basis(walk: Walk, step: moves.Step, act: moves.SendEmail, place: Place) -> Basis:
    """Return what a mail's moment depends on; its arrival is the end of ``after``."""
    if act.on_date is None or place.phase == Phase.WAITS:
        return None, act.zone.of_prospect, None
    if step.stay is not None:
        return None, act.zone.of_prospect, "due_at"
    return None, act.zone.of_prospect, _arrival(walk, place)


def _mail_time(walk: Walk, act: moves.SendEmail, place: Place) -> Decide:
    now = walk.tick.at
    arriving = place.phase != Phase.WAITS

    def decide(_: str, zone: ZoneInfo, begun: int) -> int:
        on_date = None if act.on_date is None else instant_of(act.on_date, zone)
        if on_date is not None and arriving and (begun or now) > micros(on_date):
            return TOO_LATE
        at = mail_moment(moment(now), on_date, act.hours, zone)
        return TOO_LATE if at is None else micros(at) if micros(at) > now else NOW_IT_GOES

    return decide


def waits_for_moment(step: moves.Step) -> bool:
    """Tell whether those in the phase WAITS of a step wait for a moment of the calendar, which no pause moves."""
    act = step.act
    # An e-mail waits for its opening, for its date, or at midnight for room under the frequency cap.
    return isinstance(act, moves.SendEmail | moves.WaitUntil | moves.WaitDay)
