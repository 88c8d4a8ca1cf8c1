"""Loops, unrolled: waiting for a round, asking what ends the loop, and leaving it from a step inside."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce

from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import Outcome, Phase
from engage.sql.cohort import cohort
from engage.sql.standing import NOW
from engage.stepping.branching import holding
from engage.stepping.timing import ends_at, time_rows
from engage.stepping.triggers import begin_deadlines, ended_first, in_window
from engage.stepping.walk import EARLY, Moment, Place, Test, Walk


def begin_round(walk: Walk, step: moves.Step, act: moves.Repeat, place: Place) -> None:
    """Let those who arrive wait for their round; who is late for it, or is in the first, asks at once."""
    if act.every is None or act.before is None:
        return
    if isinstance(act.until, moves.Trigger) and not _cleared(place, act.until):
        walk.leave(step, [place], in_window(walk, act.until, "entered_at", "now"), Outcome.YES, "yes")
        place.cleared |= {act.until}
    if not place.count:
        return
    before = walk.course.numbers[act.before]
    if any(passage.step_id == before for passage in place.passed):
        walk.rests([place], Phase.WAITS, ends_at(walk, act.every))
        return
    arrived = "now" if walk.comes_now(place) else "arrived_at"
    time_rows(walk, place, act.every, Moment(round_began, (before, arrived)))
    walk.waits_on([walk.divide(place, EARLY)], Phase.WAITS)


def round_began(step_id: int, arrived: str) -> ColumnElement[int]:
    """Return when a row's last round began that this step begins; one that skipped it counts from its arrival."""
    v = t.visits
    began = select(func.max(type_coerce(v.c.left_at, BigInteger())))
    mine = began.where(v.c.enrolment_id == cohort.c.id, v.c.step_id == step_id).correlate(cohort)
    return func.coalesce(mine.scalar_subquery(), NOW if arrived == "now" else cohort.c[arrived])


def stand_at_round(walk: Walk, step: moves.Step, act: moves.Repeat, place: Place) -> None:
    """Of those who wait for a round, let those go whose loop has ended; others not due wait on."""
    if isinstance(act.until, moves.Trigger):
        walk.leave(step, [place], in_window(walk, act.until, "entered_at", "now"), Outcome.YES, "yes")
        place.cleared |= {act.until}
    early = walk.divide(place, EARLY)
    walk.waits_on([early], Phase.WAITS)


def ask(walk: Walk, step: moves.Step, act: moves.Repeat, places: list[Place]) -> None:
    """Ask what ends the loop: yes ends it, else the round runs."""
    if act.until is None:
        walk.passes(step, places, Outcome.COMPLETED)
        return
    rest = []
    for place in (one for one in places if one.count):
        if isinstance(act.until, moves.Trigger):
            known = _cleared(place, act.until)
            test = in_window(walk, act.until, "entered_at", "now")
            rest += [place] if known else walk.leave(step, [place], test, Outcome.YES, "yes")
            place.cleared |= {act.until}
        else:
            rest += walk.leave(step, [place], holding(walk, act.until), Outcome.YES, "yes")
    walk.passes(step, rest, Outcome.NO, "no")


def leave_loops(walk: Walk, step: moves.Step, places: list[Place]) -> list[Place]:
    """Let those out of a loop for whom it has ended, and return the places of the rest.

    Who stands at a trigger is out only by an event at or before the trigger's own deadline, and not after one of its
    own events: what came first settles, however late the tick that learns of it.
    """
    act, waiting = step.act, list[Place]()
    if isinstance(act, moves.Trigger):
        waiting = begin_deadlines(walk, act, [place for place in places if place.phase == Phase.WAITS])
        places = [place for place in places if place.phase != Phase.WAITS]
    for each in step.breaks:
        if isinstance(act, moves.Trigger):
            _break_off(walk, step, waiting, each, ended_first(walk, each.trigger, act))
        asked = [place for place in places if not _cleared(place, each.trigger)]
        _break_off(walk, step, asked, each, in_window(walk, each.trigger, "entered_at", "now"))
        for place in asked:
            place.cleared |= {each.trigger}
    return [place for place in (*places, *waiting) if place.count]


def _break_off(walk: Walk, step: moves.Step, places: list[Place], loop: moves.Break, test: Test) -> None:
    """Let the rows that pass a test out of a loop."""
    for place in places:
        if place.count:
            walk.breaks_off(step, walk.divide(place, test), loop.target)


def _cleared(place: Place, trigger: moves.Trigger) -> bool:
    """Tell whether it is known of this tick that the events did not happen."""
    return trigger in place.cleared
