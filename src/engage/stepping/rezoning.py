"""Other rules of time zones: who waits for a local time waits for it by the new rules.

Moments are stored in UTC, as the rules of the day on which somebody came told them. When a country changes its clocks
and the machine learns of it, nine o'clock is another instant: the first tick afterwards times those anew who wait for
a moment of the calendar, or for business days. What happened keeps its moments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, and_, update

from engage.clock import micros
from engage.language.moment import Duration
from engage.language.zone_rules import rules_of, rules_of_all
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import CHUNK, Phase, RunState, TimerKind
from engage.stepping.appointments import waits_for_moment
from engage.stepping.edit import change_wait, time_anew
from engage.stepping.journeys import Course, hold_courses, open_tick
from engage.stepping.states import look_at_everybody, time_window

E = t.enrolments
#: Stands for the zones that prospects name themselves.
PROSPECTS = "prospects"
_LOCAL = (moves.SendEmail, moves.WaitUntil, moves.WaitDay)


def rules_text(plans: moves.Plans) -> str:
    """Return the zones that plans tell local times in, each with its rules."""
    zones = set(_zones(plans))
    rules = {zone.zone.key: rules_of(zone.zone) for zone in zones}
    if any(zone.of_prospect for zone in zones):
        rules[PROSPECTS] = rules_of_all()
    return json.dumps(rules, sort_keys=True)


def _zones(plans: moves.Plans) -> Iterator[moves.Zone]:
    yield moves.Zone(plans.house.hours.zone)
    for plan in plans.scenarios.values():
        for step in plan.steps:
            if isinstance(step.act, _LOCAL):
                yield step.act.zone


def changed_zones(known: str | None, plans: moves.Plans) -> tuple[str, ...]:
    """Return the zones whose rules are others than those known; zones that only one of both names do not count."""
    present = rules_text(plans)
    if known is None or known == present:
        return ()
    before, now = json.loads(known), json.loads(present)
    return tuple(sorted(name for name in before.keys() & now.keys() if before[name] != now[name]))


def time_by_new_rules(connection: Connection, plans: moves.Plans, now: datetime) -> None:
    """Time everybody anew who waits for a local time, and look at everybody whom a midnight can change."""
    courses = open_tick(connection, plans, now, CHUNK, {}).courses
    hold_courses(connection, courses)
    for course in courses:
        for number, step in course.steps.items():
            _time_step(connection, plans, course, number, step, micros(now))
        look_at_everybody(connection, course.id, micros(now))
        time_window(connection, course.plan, course.id, now)


def _time_step(
    connection: Connection, plans: moves.Plans, course: Course, number: int, step: moves.Step, at: int
) -> None:
    here = and_(E.c.scenario_id == course.id, E.c.step_id == number, E.c.state < int(RunState.COMPLETED))
    for phase, length in ((Phase.STAYS, step.stay), (Phase.WAITS, _since_arrival(step.act))):
        if length is not None and length.business_days:
            change_wait(connection, plans, course, and_(here, E.c.phase == int(phase)), length, length)
    if isinstance(step.act, moves.WaitDay) and step.act.rule.yearly:
        # Who waits follows the field, from now on: reckoned from the arrival, a day changed since might be an old one.
        time_anew(connection, course, number, TimerKind.WAKE)
    elif waits_for_moment(step):
        begun = {"phase": int(Phase.ARRIVES), "due_at": course.pauses.kept_now(at)}
        connection.execute(update(E).values(begun).where(here, E.c.phase == int(Phase.WAITS)))
    time_anew(connection, course, number)


def _since_arrival(act: moves.Act) -> Duration | None:
    """Return for how long a step waits from the arrival: not from a hand-over, nor from the round before."""
    if isinstance(act, moves.Wait):
        return act.length
    return act.length if isinstance(act, moves.Trigger) and not act.mails else None
