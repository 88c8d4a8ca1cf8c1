"""The promise that nobody is forgotten: what the timers of other kinds than a step's must be there for."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from engage.plan.moves import Plans
from engage.reports.finding import Finding, offenders
from engage.sql import tables as t
from engage.sql.codes import TimerKind
from engage.sql.untimed_others import Known, Lost, known_steps, lost_others
from engage.wording import Sentence, sentence


def timed_otherwise(connection: Connection, plans: Plans) -> Iterator[Finding]:
    """Yield a finding for each kind of timer, scenario and step of which some are lost."""
    last = connection.scalar(select(func.max(t.ticks.c.at)))
    known = Known.of(connection.dialect.name, connection.execute(known_steps()), last)
    for lost in lost_others(plans, known):
        count, first = offenders(connection, lost.chosen)
        if first is not None:
            yield Finding("timers", count, _told(connection, lost, count, first.key))


def _told(connection: Connection, lost: Lost, count: int, key: int) -> Sentence:
    values = {"count": f"{count:,}", "scenario": lost.scenario, "step": lost.step}
    values["email"] = _email(connection, lost, key)
    match lost.kind:
        case TimerKind.CHANGED:
            text = (
                "{count} prospects may run through {scenario} again and no timer will look at them then, "
                "the first {email}; run: engage db check --repair"
            )
        case TimerKind.LOOK:
            text = "no timer will look at anybody when the schedule of {scenario} opens; run: engage db check --repair"
        case TimerKind.SETTLED:
            text = (
                "{count} runs wait at {step} of {scenario} for e-mails that are settled, and no timer tells them, "
                "the first {email}; run: engage db check --repair"
            )
        case _:
            text = (
                "the inactivity of {count} prospects is in no timer, the first {email}; run: engage db check --repair"
            )
    return sentence(text, **values)


def _email(connection: Connection, lost: Lost, key: int) -> str:
    """Return the address of the first: a run's prospect, or a prospect."""
    e, p = t.enrolments, t.prospects
    who = select(e.c.prospect_id).where(e.c.id == key).scalar_subquery() if lost.step else key
    return connection.scalar(select(p.c.email).where(p.c.id == who)) or "?"
