"""A step's figures, and how they went over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from engage.plan.moves import Plan
from engage.reports.card import CardRow, card_of
from engage.reports.tallies import Series, period_of, regrouped, tallies
from engage.sql import tables as t

#: A longer span is shown by weeks, a much longer one by months.
_DAYS, _WEEKS = 62, 550


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step: its figures of a span, and those of each day, week or month."""

    #: the step's number in the database
    number: int
    row: CardRow
    by: Series
    #: every period from the first to the last in which anything was, those without figures too
    series: tuple[tuple[str, CardRow | None], ...]


def step_card(
    connection: Connection,
    plan: Plan,
    step: str,
    *,
    zone: ZoneInfo,
    since: date | None = None,
    until: date | None = None,
    by: Series | None = None,
) -> StepCard | None:
    """Return the figures of a step of an applied scenario, removed ones too; None where there never was such a step."""
    s, k = t.steps, t.scenarios
    named = select(s.c.id).join(k, k.c.id == s.c.scenario_id).where(k.c.key == plan.key, s.c.key == step)
    number: int | None = connection.scalar(named)
    if number is None:
        return None
    plan = replace(plan, steps=tuple(each for each in plan.steps if each.key == step))
    days = tallies(connection, plan.key, since=since, until=until, by="day", step=step)
    row = next((row for row in card_of(regrouped(days, None), plan, zone).rows if row.step == step), None)
    if row is None:
        return None
    known = sorted(tally.period for tally in days if tally.any)
    first, last = (date.fromisoformat(known[0]), date.fromisoformat(known[-1])) if known else (None, None)
    chosen = by or _fitting(first, last)
    card = card_of(regrouped(days, chosen), plan, zone, chosen)
    rows = {period: row for period, row in zip(card.periods, card.rows, strict=True) if row.step == step}
    return StepCard(number, row, chosen, tuple((name, rows.get(name)) for name in _names(first, last, chosen)))


def _fitting(first: date | None, last: date | None) -> Series:
    """Return the periods of which a chart has room for all."""
    days = 0 if first is None or last is None else (last - first).days
    return "day" if days <= _DAYS else "week" if days <= _WEEKS else "month"


def _names(first: date | None, last: date | None, by: Series) -> Iterator[str]:
    """Yield the names of all periods between two days, both included."""
    if first is None or last is None:
        return
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    yield from dict.fromkeys(period_of(day, by) for day in days)
