"""A chunk walks the plan: each step's ways are tried in order, the last takes the rest."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError

from engage.plan import moves
from engage.sql.codes import Outcome, Phase
from engage.stepping.actions import perform
from engage.stepping.appointments import follow_day, may_go, wait_for_day, wait_until
from engage.stepping.branching import choose, holding, part
from engage.stepping.calling import call_out
from engage.stepping.crossing import enrol_elsewhere, leave_elsewhere
from engage.stepping.finish import finish, write_visits
from engage.stepping.loops import ask, begin_round, leave_loops, stand_at_round
from engage.stepping.timing import time_arrival
from engage.stepping.triggers import arrive_at_trigger, stand_at_trigger
from engage.stepping.walk import EARLY, MOST_PLACES, Place, Walk


def advance(walk: Walk) -> None:
    """Step all rows of the cohort until each waits or ends, and write what happened."""
    walk.start()
    for step in walk.course.plan.steps:
        places = walk.at(step)
        if len(places) > MOST_PLACES:
            places = gather(walk, step, places)
        if places:
            _try(walk, step, places)
    finish(walk)


def gather(walk: Walk, step: moves.Step, places: list[Place]) -> list[Place]:
    """Bring the places of those who just arrived at a step together; their visits so far are written."""
    arrived = [place for place in places if place.moved]
    others = [place for place in places if not place.moved]
    if len(arrived) < 2:
        return places
    return [*others, write_visits(walk, step, arrived)]


def is_data_fault(error: Exception) -> bool:
    """Tell whether a statement failed by its data, so that some rows of the chunk may pass without the others."""
    if isinstance(error, OperationalError):
        return "overflow" in str(error.orig) or "too big" in str(error.orig)
    return isinstance(error, DataError | IntegrityError | InternalError)


def _try(walk: Walk, step: moves.Step, places: list[Place]) -> None:
    """Do a step; for a single enrolment whose data make it fail, the step is failed and the journey goes on."""
    if not walk.guarded:
        _step(walk, step, places)
        return
    before = [(place, place.passed, place.phase, place.step, place.fate, place.count) for place in places]
    standing = dict(walk.places)
    try:
        with walk.connection.begin_nested():
            _step(walk, step, places)
    except (DataError, IntegrityError, InternalError, OperationalError) as error:
        if not is_data_fault(error):
            raise
        walk.places = standing
        for place, passed, phase, key, fate, count in before:
            place.passed, place.phase, place.step, place.fate, place.count = passed, phase, key, fate, count
        walk.passes(step, places, Outcome.FAILED, step.ways[-1][0], str(error.orig).splitlines()[0][:500])


def _step(walk: Walk, step: moves.Step, places: list[Place]) -> None:
    if step.breaks:
        places = leave_loops(walk, step, places)
    for place in places:
        match place.phase:
            case Phase.ARRIVES:
                _arrive(walk, step, place)
            case Phase.STAYS:
                _stay(walk, place, Phase.STAYS)
            case Phase.WAITS:
                _wait(walk, step, place)
    acting = [place for place in places if place.fate == "moving" and place.step == step.key and place.count]
    if acting:
        act_now(walk, step, acting)


def _arrive(walk: Walk, step: moves.Step, place: Place) -> None:
    """Begin a step for those who just came: some wait; who does not stays ``moving`` and acts."""
    if step.stay is not None:
        if time_arrival(walk, place, step.stay, Phase.STAYS):
            _stay(walk, place, Phase.STAYS)
    elif isinstance(step.act, moves.Wait):
        if time_arrival(walk, place, step.act.length, Phase.WAITS):
            _wait(walk, step, place)
    elif isinstance(step.act, moves.Repeat):
        begin_round(walk, step, step.act, place)
    elif isinstance(step.act, moves.WaitUntil):
        wait_until(walk, step, step.act, place)
    elif isinstance(step.act, moves.WaitDay):
        wait_for_day(walk, step, step.act, place)
    elif isinstance(step.act, moves.Trigger):
        arrive_at_trigger(walk, step, step.act, place)


def _stay(walk: Walk, place: Place, phase: Phase) -> None:
    """Of those who stay before a step acts, those not due stay on."""
    if place.due_to is None or place.due_to > walk.tick.at:
        early = walk.divide(place, EARLY)
        walk.waits_on([early], phase)


def _wait(walk: Walk, step: moves.Step, place: Place) -> None:
    """Of those for whom the step itself waits, let those go whose time is over, or whose event came."""
    if isinstance(step.act, moves.Trigger):
        stand_at_trigger(walk, step, step.act, [place])
        return
    if isinstance(step.act, moves.Repeat):
        stand_at_round(walk, step, step.act, place)
        return
    if isinstance(step.act, moves.WaitDay):
        follow_day(walk, step, step.act, place)
        return
    if isinstance(step.act, moves.SendEmail):
        _stay(walk, place, Phase.WAITS)
        return
    walk.waits_on(walk.leave_due(step, [place], Outcome.COMPLETED), Phase.WAITS)


def act_now(walk: Walk, step: moves.Step, places: list[Place]) -> None:
    """Do what a step does, for all at some places, and let them go on."""
    match step.act:
        case moves.Rule(condition):
            rest = walk.leave(step, places, holding(walk, condition), Outcome.YES, "yes")
            walk.passes(step, rest, Outcome.NO, "no")
        case moves.Switch() as switch:
            choose(walk, step, switch, places)
        case moves.Split() as split:
            part(walk, step, split, places)
        case moves.Repeat() as loop:
            ask(walk, step, loop, places)
        case moves.End() | moves.GoTo():
            walk.passes(step, places, Outcome.COMPLETED)
        case moves.Enrol() as enrol:
            enrol_elsewhere(walk, step, enrol, places)
        case moves.Leave() as leave:
            leave_elsewhere(walk, step, leave, places)
        case moves.Call() as call:
            call_out(walk, step, call, places)
        case moves.Wait() | moves.WaitUntil() | moves.WaitDay() | moves.Trigger():
            raise AssertionError("these wait and do not act")
        case moves.SendEmail() as mail:
            perform(walk, step, mail, may_go(walk, step, mail, places))
        case (
            moves.ChangeLists() | moves.ChangeTags() | moves.AdjustScore() | moves.SetField()
            | moves.Assign() | moves.CreateTodo() | moves.Notify() | moves.AddToCampaign() | moves.OptOut()
        ) as action:  # fmt: skip
            perform(walk, step, action, places)
        case other:
            assert_never(other)
