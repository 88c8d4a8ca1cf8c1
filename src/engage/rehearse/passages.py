"""The steps a run has taken, each with what decided it, by the version of the scenario that made the visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engage.plan import moves
from engage.rehearse.awaited import asked_of, held_back
from engage.rehearse.delays import delays_of
from engage.rehearse.doing import details_of
from engage.rehearse.explained import Ground, Taken
from engage.rehearse.hearing import ended_by, trigger_details
from engage.rehearse.hindsight import Hindsight
from engage.rehearse.others import step_of_another
from engage.reports.asof import as_of
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import CUT_SHORT, FIRST_NAMED, Outcome

#: Returns a scenario's plan in a version, or None where its text no longer makes one.
Older = Callable[[str, int], moves.Plan | None]
Details = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """The applied versions of a scenario: number and moment, latest first."""

    key: str
    applied: Sequence[tuple[int, datetime]]
    older: Older

    def at(self, at: datetime) -> tuple[int, moves.Plan | None]:
        """Return the version that ran at a moment, the first one where none did yet, and its plan."""
        number = next((number for number, since in self.applied if since <= at), self.applied[-1][0])
        return number, self.older(self.key, number)

    def plan_with(self, step: str, at: datetime) -> moves.Plan | None:
        """Return the version that ran at a moment; where it had not the step, the last one before that did."""
        then = [number for number, since in self.applied if since <= at]
        for number in (*then, *(number for number, since in reversed(self.applied) if since > at)):
            plan = self.older(self.key, number)
            if plan is not None and any(each.key == step for each in plan.steps):
                return plan
        return None


def taken(sight: Hindsight, versions: Versions, run: Row) -> Iterator[Taken]:
    """Yield the steps that a run has taken, in order."""
    steps = {row["id"]: row for row in sight.record.of(t.steps)}
    reasons = {(row["enrolment_id"], row["move"]): row["reason"] for row in sight.record.of(t.reasons)}
    visits = [visit for visit in sight.record.of(t.visits) if visit["enrolment_id"] == run["id"]]
    for visit in sorted(visits, key=lambda visit: int(visit["move"])):
        row = steps[visit["step_id"]]
        plan = versions.plan_with(row["key"], visit["left_at"])
        step = plan.step(row["key"]) if plan is not None else None
        reason = reasons.get((run["id"], visit["move"]))
        yield Taken(
            step=row["key"],
            name=(step.name if step is not None else row["name"]) or row["key"],
            kind=step.kind if step is not None else row["kind"],
            version=plan.version if plan is not None else None,
            outcome=_outcome(sight, visit),
            arrived_at=visit["arrived_at"],
            left_at=visit["left_at"],
            reason=reason,
            grounds=tuple(_grounds(sight, plan, step, run, visit)) if plan is not None and step is not None else (),
            details=_details(sight, step, run, visit, reason) if step is not None else (),
        )


def _outcome(sight: Hindsight, visit: Row) -> str:
    """Return how a visit ended: an outcome's word, or the name of a case or an arm."""
    number = int(visit["outcome"])
    if number < FIRST_NAMED:
        return Outcome(number).name.lower()
    names = {(row["step_id"], row["number"]): row["name"] for row in sight.record.of(t.outcome_names)}
    name: str = names.get((visit["step_id"], number - FIRST_NAMED), str(number))
    return name


def _grounds(sight: Hindsight, plan: moves.Plan, step: moves.Step, run: Row, visit: Row) -> Iterator[Ground]:
    """Yield the conditions that decided a visit."""
    move, at = int(visit["move"]), visit["left_at"]
    if isinstance(step.act, moves.Switch):
        yield from _cases(sight, step.act, run, visit)
        return
    match visit["outcome"]:
        case Outcome.GOAL if plan.goal is not None:
            yield sight.ground("goal", plan.goal, sight.look(run, move, at), decided=True)
        case Outcome.LEFT:
            yield from _left(sight, plan, run, visit)
        case (Outcome.YES | Outcome.NO) as outcome if isinstance(step.act, moves.Rule):
            decided = outcome == Outcome.YES
            yield sight.ground("rule", step.act.condition, sight.step(run, move, at), decided=decided)
        case (Outcome.YES | Outcome.NO) as outcome if isinstance(step.act, moves.Repeat):
            until = step.act.until
            if until is not None and not isinstance(until, moves.Trigger):
                yield sight.ground("until", until, sight.step(run, move, at), decided=outcome == Outcome.YES)
        case _:
            pass


def _cases(sight: Hindsight, act: moves.Switch, run: Row, visit: Row) -> Iterator[Ground]:
    """Yield the cases of a switch that were asked: up to the one that held."""
    taken_, at = _outcome(sight, visit), visit["left_at"]
    for name, condition in act.cases:
        cuts = sight.step(run, int(visit["move"]), at)
        yield sight.ground(f"case {name}", condition, cuts, decided=name == taken_)
        if name == taken_:
            return


def _left(sight: Hindsight, plan: moves.Plan, run: Row, visit: Row) -> Iterator[Ground]:
    """Yield why a run was left: its exit held, or it no longer matched."""
    cuts = list(sight.look(run, int(visit["move"]), visit["left_at"]))
    if plan.exit is not None:
        ground = sight.ground("exit", plan.exit, cuts, decided=True)
        if ground.agrees:
            yield ground
            return
    if plan.unmatched == "exit":
        ground = sight.ground("audience", plan.audience, cuts, decided=False)
        if ground.agrees:
            yield ground


def _details(sight: Hindsight, step: moves.Step, run: Row, visit: Row, reason: str | None) -> Details:
    """Return what else decided or was done, and what made it late."""
    delays = tuple(delays_of(sight, run, visit["arrived_at"], visit["left_at"]))
    return (*_decided(sight, step, run, visit, reason), *delays)


def _decided(sight: Hindsight, step: moves.Step, run: Row, visit: Row, reason: str | None) -> Details:
    if visit["outcome"] == Outcome.LEFT and (by := step_of_another(sight, run, visit["left_at"], "leave")):
        return (("left by", by),)
    if reason == CUT_SHORT:
        return ended_by(sight, [each.trigger for each in step.breaks], run, visit)
    match step.act:
        case moves.Trigger() as act:
            return trigger_details(sight, act, run, visit)
        case moves.Split(arms=arms):
            return (("arms", ", ".join(f"{name} {share} %" for name, share in arms)),)
        case moves.Repeat(until=moves.Trigger() as until) if visit["outcome"] == Outcome.YES:
            return ended_by(sight, [until], run, visit)
        case moves.SendEmail() as mail:
            waited = held_back(sight, mail, visit["arrived_at"]) if _waited(step, visit) else None
            late = () if waited is None else (("waited for", waited),)
            return (*late, *details_of(sight, step, run, visit))
        case moves.WaitDay():
            return tuple(asked_of(as_of(sight.record, visit["left_at"]), sight.zone, step))
        case moves.Wait() | moves.WaitUntil():
            return tuple(asked_of(sight.record, sight.zone, step))
        case _:
            return details_of(sight, step, run, visit)


def _waited(step: moves.Step, visit: Row) -> bool:
    """Tell whether an e-mail waited at its step for a moment at which it may go."""
    return bool(visit["arrived_at"] < visit["left_at"]) and step.stay is None
