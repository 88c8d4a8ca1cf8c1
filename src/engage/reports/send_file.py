"""The report of one send as rows of a file: one for each e-mail; rates are parts of one."""

from __future__ import annotations

from collections.abc import Iterator

from engage.reports.csvout import Value
from engage.reports.sends import SendReport

COLUMNS = (
    "send", "template", "messages", "queued", "held", "sent", "failed", "in_doubt", "cancelled", "delivered",
    "hard_bounced", "soft_bounced", "unique_opens", "unique_clicks", "opt_outs", "complaints", "open_rate", "ctr",
    "ctor", "tried", "met", "rate", "low", "high", "winner",
)  # fmt: skip


def cells(report: SendReport) -> Iterator[tuple[Value, ...]]:
    """Yield the rows; what a test alone has is empty without one."""
    for variant in report.variants:
        f = variant.figures
        tested: tuple[Value, ...] = (None,) * 6
        if variant.tried is not None:
            low, high = variant.interval
            won = report.winner == variant.template
            tested = (variant.tried, variant.met, _rounded(variant.rate.value), _rounded(low), _rounded(high), won)
        yield (
            report.id, variant.template, f.messages, f.queued, f.held, f.sent, f.failed, f.in_doubt, f.cancelled,
            f.delivered, f.hard_bounced, f.soft_bounced, f.unique_opens, f.unique_clicks, variant.opt_outs,
            variant.complaints, _of(f.unique_opens, f.delivered), _of(f.unique_clicks, f.delivered),
            _of(f.unique_clicks, f.unique_opens), *tested,
        )  # fmt: skip


def _of(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _rounded(value: float) -> float:
    return round(value, 6)
