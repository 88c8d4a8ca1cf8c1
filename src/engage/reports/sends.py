"""One-off sends: where each is, what its messages came to, and what a test has shown."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from engage.clock import micros
from engage.plan.goals import events_of
from engage.plan.proportions import Rate, level_of, newcombe, wilson
from engage.sql import tables as t
from engage.sql.codes import Bounce, MessageStatus, SendState
from engage.sql.send_figures import messages_of, refusals, tried
from engage.sql.standing import run


@dataclass(frozen=True, slots=True)
class Figures:
    """What the messages of one e-mail came to; of the statuses of a message each counts in one."""

    messages: int = 0
    queued: int = 0
    held: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    cancelled: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    unique_opens: int = 0
    unique_clicks: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def delivered(self) -> int:
        """Sent, less what came back."""
        return self.sent - self.hard_bounced - self.soft_bounced


@dataclass(frozen=True, slots=True)
class VariantReport:
    """One of the e-mails of a send."""

    template: str
    figures: Figures
    #: of a test: delivered, and of those how many met what decides; of a running one so far
    tried: int | None = None
    met: int | None = None
    #: counted for the report of one send only
    opt_outs: int | None = None
    complaints: int | None = None

    @property
    def rate(self) -> Rate:
        """What the test has shown."""
        return Rate(self.met or 0, self.tried or 0)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate lies, 95 times of 100."""
        return wilson(self.rate)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher the best rate of a test is than another, and where the true difference lies."""

    template: str
    other: str
    value: float
    low: float
    high: float
    #: how sure the interval is: of more than two e-mails more than 95 %
    level: float


@dataclass(frozen=True, slots=True)
class SendReport:
    """A one-off send."""

    id: int
    #: scheduled, sending, testing, undecided, holding, done, cancelled; stopped by a fault
    state: str
    at: datetime
    lists: tuple[str, ...]
    suppress: tuple[str, ...]
    #: how many in a hundred get the test, what decides it, how long it lasts (microseconds); None: no test
    share: int | None
    measure: str | None
    goal: str | None
    length: int | None
    otherwise: str | None
    #: when a tick next works on it
    due_at: datetime | None
    ended_at: datetime | None
    winner: str | None
    #: test, first or person
    chosen_by: str | None
    decided_at: datetime | None
    fault: str | None
    variants: tuple[VariantReport, ...]
    #: how many got no message, by the reason
    reasons: Mapping[str, int]

    @property
    def figures(self) -> Figures:
        """The figures of all its e-mails."""
        return sum((variant.figures for variant in self.variants), Figures())

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The best e-mail of a test beside each other."""
        if self.measure is None or any(variant.tried is None for variant in self.variants):
            return ()
        best = max(self.variants, key=lambda variant: variant.rate.value)
        level = level_of(len(self.variants))
        return tuple(_difference(best, other, level) for other in self.variants if other is not best)


def _difference(best: VariantReport, other: VariantReport, level: float) -> Difference:
    low, high = newcombe(best.rate, other.rate, level)
    return Difference(best.template, other.template, best.rate.value - other.rate.value, low, high, level)


def send_reports(connection: Connection, most: int) -> tuple[SendReport, ...]:
    """Return the last sends, the latest ordered first."""
    return _reports(connection, select(t.sends).order_by(t.sends.c.id.desc()).limit(most), None)


def send_report(connection: Connection, number: int, now: datetime) -> SendReport | None:
    """Return one send with all that is known of it at a moment; None where there is none."""
    found = _reports(connection, select(t.sends).where(t.sends.c.id == number), now)
    return found[0] if found else None


def _reports(connection: Connection, chosen: Select[Any], now: datetime | None) -> tuple[SendReport, ...]:
    rows = connection.execute(chosen).all()
    numbers = tuple(row.id for row in rows)
    figures, reasons = _counted(connection, numbers)
    v, w = t.send_variants, t.words
    emails = select(v, w.c.text.label("template")).join(w, w.c.id == v.c.template_id)
    variants = defaultdict[int, list[Row[Any]]](list)
    for row in connection.execute(emails.where(v.c.send_id.in_(numbers)).order_by(v.c.send_id, v.c.number)):
        variants[row.send_id].append(row)
    return tuple(_report(connection, row, variants[row.id], figures, reasons[row.id], now) for row in rows)


def _report(
    connection: Connection,
    row: Row[Any],
    variants: Sequence[Row[Any]],
    figures: Mapping[tuple[int, int], Figures],
    reasons: Mapping[str, int],
    now: datetime | None,
) -> SendReport:
    so_far = _so_far(connection, row, now) if now is not None and row.decided_at is None and row.measure else {}
    lost: list[dict[int, int]] = []
    if now is not None:
        lost = [dict(connection.execute(refusals(row.id, event)).all()) for event in _REFUSALS]
    made = []
    for each in variants:
        test = (each.tried, each.met) if each.tried is not None else so_far.get(each.template_id, (None, None))
        refused = [counts.get(each.template_id, 0) for counts in lost]
        made.append(VariantReport(each.template, figures.get((row.id, each.template_id), Figures()), *test, *refused))
    values = {name: getattr(row, name) for name in _COPIED}
    return SendReport(
        **values,
        state="stopped" if row.fault is not None else SendState(row.state).name.lower(),
        lists=tuple(json.loads(row.lists)),
        suppress=tuple(json.loads(row.suppress)),
        share=row.share if row.measure is not None else None,
        winner=made[row.winner - 1].template if row.winner is not None else None,
        variants=tuple(made),
        reasons=reasons,
    )


_REFUSALS = ("email_unsubscribed", "email_complained")
_COPIED = (
    "id", "at", "measure", "goal", "length", "otherwise", "due_at", "ended_at", "chosen_by", "decided_at", "fault",
)  # fmt: skip


def _so_far(connection: Connection, row: Row[Any], now: datetime) -> dict[int, tuple[int, int]]:
    """Return what a test that is not decided has shown so far, by the e-mail's number."""
    found = run(connection, tried(row.measure, events_of(row.goal)), None, send=row.id, until=micros(now))
    return {each.template_id: (each.tried, each.met) for each in found}


def _counted(
    connection: Connection, numbers: tuple[int, ...]
) -> tuple[dict[tuple[int, int], Figures], dict[int, dict[str, int]]]:
    """Return the figures of sends by send and e-mail, and why members got no message."""
    counts = defaultdict[tuple[int, int], Counter[str]](Counter)
    reasons = defaultdict[int, Counter[str]](Counter)
    for row in connection.execute(messages_of(numbers)):
        here, status, count = counts[row.send_id, row.template_id], MessageStatus(row.status), row._mapping["count"]
        here["messages"] += count
        here[status.name.lower()] += count
        here["unique_opens"] += row.opened
        here["unique_clicks"] += row.clicked
        here["hard_bounced"] += count if row.bounce == Bounce.HARD else 0
        here["soft_bounced"] += count if row.bounce == Bounce.SOFT else 0
        if row.reason is not None and status != MessageStatus.SENT:
            reasons[row.send_id][row.reason] += count
    told = {number: dict(sorted(reasons[number].items())) for number in numbers}
    return {key: Figures(**found) for key, found in counts.items()}, told
