"""The report card of a scenario (SPEC section 12): one row a step, in the order of the graph.

It reads the rolled-up ``totals`` and the names of steps, nothing else, so that its cost follows the number of steps
and days and not that of visits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engage.clock import moment
from engage.plan.moves import Plan
from engage.reports.csvout import Value
from engage.reports.tallies import Series, Tally, tallies
from engage.sql.codes import Figure


@dataclass(frozen=True, slots=True)
class CardRow:
    """One step. The fields are the columns, in their order."""

    scenario: str
    version: int
    step: str
    #: the step key of the YAML
    type: str
    name: str
    #: completed + skipped + failed + left + waiting + held, always
    entered: int
    waiting: int
    held: int
    #: yes and no are among them
    completed: int
    #: only of triggers and rules
    yes: int | None
    no: int | None
    skipped: int
    failed: int
    #: the goal is among them
    left: int
    #: only of switches and splits
    outcomes: str | None
    #: the e-mail columns only of e-mail steps
    sent: int | None
    delivered: int | None
    hard_bounced: int | None
    soft_bounced: int | None
    unique_opens: int | None
    unique_clicks: int | None
    opt_outs: int | None
    complaints: int | None
    #: only of steps that make ToDos
    todos: int | None
    goal_reached: int
    #: of finished visits, at most 5 % off
    median_wait_hours: float | None
    #: the first arrival and the last passage, in the workspace's zone
    first_at: datetime | None
    last_at: datetime | None


#: The columns of every report card; a series has ``period`` before them.
COLUMNS = tuple(field.name for field in fields(CardRow))


@dataclass(frozen=True, slots=True)
class Card:
    """A report card; in a series, a row for each period with figures and each step."""

    scenario: str
    name: str
    version: int
    by: Series | None
    rows: tuple[CardRow, ...]
    #: in a series, the period of each row: ``2026-12-01``, ``2026-W49`` (ISO 8601) or ``2026-12``
    periods: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return COLUMNS if self.by is None else ("period", *COLUMNS)

    def cells(self) -> tuple[tuple[Value, ...], ...]:
        """Return the cells of each row; None where a column does not apply, or nothing is known."""
        plain = tuple(tuple(getattr(row, name) for name in COLUMNS) for row in self.rows)
        if self.by is None:
            return plain
        return tuple((period, *cells) for period, cells in zip(self.periods, plain, strict=True))


@dataclass(frozen=True, slots=True)
class _Shown:
    """A step as it is shown."""

    key: str
    kind: str
    name: str
    #: the named ways of a step that is there now
    ways: tuple[str, ...] = ()


def report_card(
    connection: Connection,
    plan: Plan,
    *,
    zone: ZoneInfo,
    since: date | None = None,
    until: date | None = None,
    by: Series | None = None,
) -> Card:
    """Return the report card of an applied scenario.

    ``since`` and ``until`` limit to visits that began, and messages that were queued, on these local days, both
    included. ``by`` gives a series, one period after the other.
    """
    return card_of(tallies(connection, plan.key, since=since, until=until, by=by), plan, zone, by)


def card_of(found: Sequence[Tally], plan: Plan, zone: ZoneInfo, by: Series | None = None) -> Card:
    """Return the report card that some figures of a scenario make."""
    present = {step.key: _Shown(step.key, step.kind, step.name, step.named) for step in plan.steps}
    removed = {
        tally.step: _Shown(tally.step, tally.kind, tally.name)
        for tally in found
        if tally.step not in present and tally.visited
    }
    order = [*present.values(), *removed.values()]
    counted = {(tally.period, tally.step): tally for tally in found}
    wanted: Sequence[str] = [""] if by is None else sorted({tally.period for tally in found if tally.any})
    rows, periods = [], []
    for period in wanted:
        for step in order:
            tally = counted.get((period, step.key))
            if step.key in removed and by is not None and (tally is None or not tally.visited):
                continue
            rows.append(_row(plan, step, tally or Tally.empty(step.key), zone))
            periods.append(period)
    return Card(plan.key, plan.name, plan.version, by, tuple(rows), tuple(periods) if by is not None else ())


def _row(plan: Plan, step: _Shown, tally: Tally, zone: ZoneInfo) -> CardRow:
    count = tally.count
    asks, mails = step.kind in ("trigger", "rule", "repeat"), step.kind == "send_email"
    yes, no = count(Figure.YES), count(Figure.NO)
    completed = count(Figure.COMPLETED) + yes + no + sum(tally.named.values())
    goal = count(Figure.GOAL)
    left = count(Figure.LEFT) + goal
    waiting, held = count(Figure.WAITING), count(Figure.HELD)
    skipped, failed = count(Figure.SKIPPED), count(Figure.FAILED)
    sent, hard, soft = count(Figure.SENT), count(Figure.HARD_BOUNCED), count(Figure.SOFT_BOUNCED)

    def mail(number: int) -> int | None:
        return number if mails else None

    return CardRow(
        scenario=plan.key,
        version=plan.version,
        step=step.key,
        type=step.kind,
        name=step.name,
        entered=completed + skipped + failed + left + waiting + held,
        waiting=waiting,
        held=held,
        completed=completed,
        yes=yes if asks else None,
        no=no if asks else None,
        skipped=skipped,
        failed=failed,
        left=left,
        outcomes=_outcomes(step, tally),
        sent=mail(sent),
        delivered=mail(sent - hard - soft),
        hard_bounced=mail(hard),
        soft_bounced=mail(soft),
        unique_opens=mail(count(Figure.OPENED)),
        unique_clicks=mail(count(Figure.CLICKED)),
        opt_outs=mail(count(Figure.OPTED_OUT)),
        complaints=mail(count(Figure.COMPLAINED)),
        todos=completed if step.kind == "create_todo" else None,
        goal_reached=goal,
        median_wait_hours=_hours(tally.median),
        first_at=_local(tally.first, zone),
        last_at=_local(tally.last, zone),
    )


def _outcomes(step: _Shown, tally: Tally) -> str | None:
    """Return how many went each way of a switch or a split: the present ways in order, then those there were."""
    if step.kind not in ("switch", "split"):
        return None
    names = dict.fromkeys((*step.ways, *tally.named))
    return ";".join(f"{name}={tally.named.get(name, 0)}" for name in names)


def _hours(seconds: float | None) -> float | None:
    """Return hours to four figures: more would pretend to know more than a class of waiting times does."""
    return None if seconds is None else float(f"{seconds / 3600:.4g}")


def _local(at: int | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else moment(at).astimezone(zone)
