"""A scenario's figures for its drawing: the report card, and how many went each way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engage.plan.moves import GoTo, Plan, Repeat, Step, Wait, WaitDay, WaitUntil
from engage.reports.card import Card, card_of
from engage.reports.tallies import Tally, tallies
from engage.sql.codes import Figure


@dataclass(frozen=True, slots=True)
class Flow:
    """How prospects went through a scenario."""

    card: Card
    #: runs that began
    entered: int
    #: how many went each way: by the step and the outcome of the way
    ways: Mapping[tuple[str, str], int]


def flow(
    connection: Connection, plan: Plan, *, zone: ZoneInfo, since: date | None = None, until: date | None = None
) -> Flow:
    """Return the report card of an applied scenario and how many went each way, of visits that began in a span.

    Where several ways lead out of a step, those who went none of them (skipped there, because the step was removed or
    its loop ended) are on no way. The cost is that of a report card.
    """
    found = tallies(connection, plan.key, since=since, until=until)
    counted = {tally.step: tally for tally in found}
    ways: dict[tuple[str, str], int] = {}
    for step in plan.steps:
        tally = counted.get(step.key)
        for outcome, _ in step.ways:
            ways[step.key, outcome] = 0 if tally is None else _went(step, outcome, tally)
    return Flow(card_of(found, plan, zone), _began(found), ways)


def _began(found: Sequence[Tally]) -> int:
    return sum(tally.count(Figure.ENTERED) for tally in found)


def _went(step: Step, outcome: str, tally: Tally) -> int:
    """Return how many went one way out of a step."""
    if outcome in step.named:
        return tally.named.get(outcome, 0)
    match outcome:
        case "yes":
            return tally.count(Figure.YES)
        case "no":
            return tally.count(Figure.NO)
    passed = tally.count(Figure.COMPLETED)
    if isinstance(step.act, Wait | WaitDay | WaitUntil | GoTo | Repeat):
        return passed  # skipped here means: the loop around it ended, so the run went on elsewhere
    return passed + tally.count(Figure.SKIPPED) + tally.count(Figure.FAILED)
