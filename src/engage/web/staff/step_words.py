"""A step's figures in words: the same in the tooltip, on the step's card and beside its chart."""

from __future__ import annotations

from collections.abc import Iterator

from engage.reports.card import CardRow
from engage.web.staff.showing import Eye
from engage.wording import Sentence, sentence

Figure = tuple[Sentence, float | None, str]


def figures_of(row: CardRow, eye: Eye) -> Iterator[Figure]:
    """Yield the figures that a step has, each with its label and as it is shown; entered and waiting come first."""
    yield from (_count(label, count, eye) for label, count in _passages(row) if count is not None)
    if row.outcomes is not None:
        yield from (_count(sentence("{name}", name=name), count, eye) for name, count in _named(row.outcomes))
    if row.sent is not None:
        yield from _mails(row, eye)
    if row.todos:
        yield _count(sentence("ToDos"), row.todos, eye)
    if row.median_wait_hours is not None:
        hours = row.median_wait_hours
        yield sentence("half of them stayed up to"), hours, eye.read(_length(hours, eye))


def _passages(row: CardRow) -> tuple[tuple[Sentence, int | None], ...]:
    return (
        (sentence("entered"), row.entered),
        (sentence("waiting"), row.waiting),
        (sentence("held"), row.held or None),
        (sentence("completed"), row.completed),
        (sentence("yes"), row.yes),
        (sentence("no"), row.no),
        (sentence("skipped"), row.skipped),
        (sentence("failed"), row.failed),
        (sentence("left"), row.left),
        (sentence("goal"), row.goal_reached or None),
    )


def _mails(row: CardRow, eye: Eye) -> Iterator[Figure]:
    yield _count(sentence("sent"), row.sent or 0, eye)
    yield _count(sentence("delivered"), row.delivered or 0, eye)
    for label, count in ((sentence("opens"), row.unique_opens), (sentence("clicks"), row.unique_clicks)):
        share = f" ({eye.percent(count / row.delivered)})" if count and row.delivered else ""
        yield label, count or 0, f"{eye.number(count or 0)}{share}"
    for label, count in (
        (sentence("hard bounces"), row.hard_bounced),
        (sentence("soft bounces"), row.soft_bounced),
        (sentence("opt-outs"), row.opt_outs),
        (sentence("complaints"), row.complaints),
    ):
        yield _count(label, count or 0, eye)


def _named(outcomes: str) -> Iterator[tuple[str, int]]:
    """Yield the ways of a switch or a split with how many went them."""
    for part in outcomes.split(";"):
        name, _, count = part.rpartition("=")
        if count.isdecimal():
            yield name, int(count)


def _count(label: Sentence, count: int, eye: Eye) -> Figure:
    return label, count, eye.number(count)


def _length(hours: float, eye: Eye) -> Sentence:
    """Return a length of time in the unit in which it is easily read."""
    if hours < 1:
        return sentence("{count} minutes", count=eye.number(round(hours * 60)))
    if hours < 48:
        return sentence("{count} hours", count=eye.number(round(hours, 1)))
    return sentence("{count} days", count=eye.number(round(hours / 24, 1)))
