"""The frequency cap: a marketing e-mail stays at its step until there is room for it (SPEC section 7).

Room is looked for at the step and then at each local midnight: highest priority first, then longest waiting, then by
scenario id. Scenarios are stepped by priority, then id; who comes to a prospect's room before one who has waited longer
steps back for a round of the same tick, so that the order in which they are stepped does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, false, func, or_, select, type_coerce

from engage.clock import micros
from engage.language.zones import next_local_midnight
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import Phase, RunState
from engage.sql.cohort import cohort
from engage.sql.outbox import prospects_here
from engage.sql.room import mails_counted
from engage.sql.standing import NOW, near_in, standing
from engage.stepping.journeys import Course
from engage.stepping.pauses import Pauses
from engage.stepping.walk import Place, Test, Walk

Truth = ColumnElement[bool]
#: After so many rounds of a tick nobody steps back any more.
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Rival:
    """A scenario whose waiting e-mails come before those of another."""

    scenario_id: int
    #: its marketing e-mails' steps
    steps: tuple[int, ...]
    pauses: Pauses
    #: of higher priority: all its waiters come before
    higher: bool
    #: of those who have waited equally long, its come before
    first: bool


def with_room(walk: Walk, act: moves.SendEmail, places: list[Place]) -> list[Place]:
    """Return the places of those whom one more e-mail may reach; the others wait where they are."""
    cap = walk.tick.plans.house.cap
    if cap is None or not act.marketing or not places:
        return places
    if walk.database == "postgresql":
        walk.run(_locked(), places=walk.numbers_of(places))
    rules, rivals = walk.tick.asked.always, _rivals(walk)
    midnight = micros(next_local_midnight(walk.tick.now, walk.tick.plans.house.hours.zone))
    ready = []
    for place in places:
        _stay(walk, place, Test(is_full, (cap, rules, (), False)), midnight)
        if place.count and _is_patient(walk, rivals):
            _stay(walk, place, Test(is_full, (cap, rules, rivals, place.moved)), walk.tick.at)
        if place.count:
            ready.append(place)
    return ready


def _is_patient(walk: Walk, rivals: tuple[Rival, ...]) -> bool:
    """Tell whether to step back for rivals; one whom no timer wakes may not keep the tick going for ever."""
    return bool(rivals) and (walk.run(_round()).scalar() or 0) <= MOST_ROUNDS


@standing
def _round() -> Select[tuple[int]]:
    return select(t.ticks.c.round)


def _stay(walk: Walk, place: Place, test: Test, due: int) -> None:
    """Let the rows that pass a test wait at the step until a moment."""
    waiting = walk.divide(place, test)
    if waiting.count:
        walk.rests([waiting], Phase.WAITS, due)


@standing
def _locked() -> Select[tuple[int]]:
    """Lock the prospects' standings, so that nobody else counts their e-mails meanwhile (hole 10)."""
    key = t.standings.c.prospect_id
    chosen = select(key).where(near_in("postgresql", key), key.in_(prospects_here()))
    return chosen.order_by(key).with_for_update()


def _rivals(walk: Walk) -> tuple[Rival, ...]:
    """Return the running scenarios whose waiters may come before this one's."""
    mine = walk.course.plan
    found = []
    for course in walk.tick.running:
        plan = course.plan
        if plan.key != mine.key and plan.priority >= mine.priority and (steps := _mails(course)):
            higher = plan.priority > mine.priority
            found.append(Rival(course.id, steps, course.pauses, higher, plan.key < mine.key))
    return tuple(found)


def _mails(course: Course) -> tuple[int, ...]:
    steps = course.steps.items()
    return tuple(number for number, step in steps if isinstance(step.act, moves.SendEmail) and step.act.marketing)


def is_full(cap: moves.Cap, rules: Now, rivals: tuple[Rival, ...], moved: bool) -> Truth:
    """Return whether no e-mail more may go to a row's prospect, if those who come before get theirs."""
    taken = mails_counted(cap, rules, cohort, cohort.c.prospect_id)
    for rival in rivals:
        taken += _before(rival, moved)
    return taken >= cap.count


def _before(rival: Rival, moved: bool) -> ColumnElement[int]:
    """Return 1 if a row's prospect waits in a rival for the same room, is looked at now, and comes first."""
    e = t.enrolments
    arrived = type_coerce(e.c.arrived_at, BigInteger)
    mine = NOW if moved else cohort.c.arrived_at
    longer = or_(arrived < mine, arrived == mine if rival.first else false())
    waits = (
        e.c.prospect_id == cohort.c.prospect_id, e.c.scenario_id == rival.scenario_id,
        e.c.state == int(RunState.ACTIVE), e.c.step_id.in_(rival.steps), e.c.phase == int(Phase.WAITS),
        rival.pauses.real_of(type_coerce(e.c.due_at, BigInteger)) <= NOW,
    )  # fmt: skip
    one = select(1).where(*waits) if rival.higher else select(1).where(*waits, longer)
    return func.coalesce(one.correlate(cohort).scalar_subquery(), 0)
