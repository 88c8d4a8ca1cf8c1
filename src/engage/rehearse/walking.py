"""Walks through a scenario on paper: how long each way takes at least and at most, and what lies on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engage.errors import Refused
from engage.graph.build import END, Journey, ways_of
from engage.graph.paths import Walk, count_paths, paths
from engage.language.appointments import mail_moment
from engage.language.calendar import after
from engage.language.hours import Hours
from engage.language.moment import instant_of
from engage.plan import moves
from engage.plan.moves import Plan
from engage.problem import unknown
from engage.wording import sentence


@dataclass(frozen=True, slots=True)
class Passage:
    """One step of a walk."""

    step: str
    kind: str
    name: str
    outcome: str
    #: when one comes, and when one goes on
    arrived_at: datetime
    left_at: datetime

    @property
    def told(self) -> str:
        """The step with its outcome, as a path in a test says it."""
        return f"{self.step}.{self.outcome}" if self.outcome else self.step


#: When each round of a loop began, by the step that begins it.
Begun = dict[str | None, datetime]


@dataclass(frozen=True, slots=True)
class Way:
    """One path through a scenario."""

    walk: Walk
    shortest: timedelta
    #: None: nobody knows, for a day that a field says is waited for
    longest: timedelta | None
    emails: int

    @property
    def told(self) -> tuple[str, ...]:
        """The steps with their outcomes."""
        return tuple(f"{step}.{outcome}" if outcome else step for step, outcome in self.walk)


def ways(journey: Journey, plan: Plan, start: datetime, hours: Hours, limit: int) -> tuple[tuple[Way, ...], int]:
    """Return the first paths, at most ``limit``, and how many there are in all."""
    steps = {step.key: step for step in plan.steps}
    return tuple(_way(walk, steps, start, hours) for walk in paths(journey, limit)), count_paths(journey)


def _way(walk: Walk, steps: dict[str, moves.Step], start: datetime, hours: Hours) -> Way:
    soonest = latest = start
    early: Begun = {}
    late: Begun = {}
    for key, outcome in walk:
        soonest = _left(steps[key], outcome, soonest, hours, early, soon=True)
        latest = _left(steps[key], outcome, latest, hours, late, soon=False)
    acts = [steps[key].act for key, _ in walk]
    emails = sum(1 for act in acts if isinstance(act, moves.SendEmail))
    known = not any(isinstance(act, moves.WaitDay) for act in acts)
    return Way(walk, soonest - start, latest - start if known else None, emails)


def walk_by(journey: Journey, plan: Plan, answers: Sequence[str], start: datetime, hours: Hours) -> tuple[Passage, ...]:
    """Return the one walk that answers lead to, each said where ways part; what is asked for comes at once.

    Raises Refused for an answer too few or too many, or one that is no way of its step.
    """
    steps, left = {step.key: step for step in plan.steps}, list(answers)
    found = list(_walk(journey, steps, left, start, hours))
    if left:
        raise Refused(sentence("the walk is over before these answers: {answers}", answers=", ".join(left)))
    return tuple(found)


def _walk(
    journey: Journey, steps: dict[str, moves.Step], answers: list[str], now: datetime, hours: Hours
) -> Iterator[Passage]:
    key, begun = journey.first, Begun()
    while key != END:
        step, there = steps[key], dict(ways_of(journey, key))
        outcome = _answer(step, tuple(there), answers) if list(there) != [""] else ""
        left = _left(step, outcome, now, hours, begun, soon=True)
        yield Passage(key, step.kind, step.name, outcome, now, left)
        key, now = there[outcome], left


def _answer(step: moves.Step, ways_there: tuple[str, ...], answers: list[str]) -> str:
    if not answers:
        message = "one answer more is needed, for {step}: {ways}"
        raise Refused(sentence(message, step=step.key, ways=", ".join(ways_there)))
    answer = answers.pop(0)
    if answer not in ways_there:
        raise Refused(sentence("{step}: {why}", step=step.key, why=unknown("answer", answer, ways_there)))
    return answer


def _left(step: moves.Step, outcome: str, now: datetime, hours: Hours, begun: Begun, *, soon: bool) -> datetime:
    """Return when one goes on from a step; an event that ends a wait comes at once, or at the last moment.

    A day that a prospect's field says is not known on paper: one goes on at once.
    """
    if step.stay is not None:
        now = after(step.stay, now, hours)
    match step.act:
        case moves.Wait(length=length):
            return after(length, now, hours)
        case moves.WaitUntil(until=until, zone=zone):
            return max(now, until.first(now, zone.zone))
        case moves.SendEmail() as mail:
            return _goes(mail, now)
        case moves.Repeat() as loop:
            ended = outcome == "yes" and soon and isinstance(loop.until, moves.Trigger)
            begun[step.key] = now if ended else max(now, _next_round(loop, now, hours, begun))
            return begun[step.key]
        case moves.Trigger(length=length, patient=patient):
            return now if outcome == "yes" and soon and not patient else after(length, now, hours)
        case _:
            return now


def _next_round(loop: moves.Repeat, now: datetime, hours: Hours, begun: Begun) -> datetime:
    """Return when a round may begin: a time after the one before began."""
    if loop.every is None or loop.before not in begun:
        return now
    return after(loop.every, begun[loop.before], hours)


def _goes(mail: moves.SendEmail, now: datetime) -> datetime:
    """Return when a mail goes, or is skipped: at an opening, or on its date."""
    zone = mail.zone.zone
    on_date = None if mail.on_date is None else instant_of(mail.on_date, zone)
    while (following := mail_moment(now, on_date, mail.hours, zone)) is not None and following > now:
        now = following
    return now
