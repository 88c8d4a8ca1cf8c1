"""The dashboard: what needs a person first, then what a period came to. Who sells sees the own figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote, urlencode

from engage.reports.attention import Attention, attention, overdue
from engage.reports.csvout import csv_parts
from engage.reports.failing import failed
from engage.reports.first_steps import first_steps
from engage.reports.health import troubles
from engage.reports.inbox import whose
from engage.reports.period import Day, Period, Result, overview, own_overview, period, queues_of, results
from engage.sql import tables as t
from engage.web.staff.answers import Answer, Download, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.showing import Eye
from engage.wording import Sentence, sentence

#: The periods that can be chosen, in days; the second is shown first.
PERIODS = (7, 30, 90)
#: So many scenarios are called the best, and so many the worst.
_RANKED = 5
#: The columns of the days, with their names.
_COLUMNS: dict[str, Sentence] = {
    "prospects": sentence("New prospects"),
    "mqls": sentence("MQLs"),
    "hand_overs": sentence("Hand-overs to sales"),
    "sent": sentence("Mails sent"),
    "opened": sentence("Opened"),
    "clicked": sentence("Clicked"),
    "opted_out": sentence("Opted out"),
}
_PEOPLE, _MAILS = ("prospects", "mqls", "hand_overs"), ("sent", "opened", "clicked", "opted_out")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that needs a person; ``path`` is where it is mended."""

    kind: Literal["bad", "warn"]
    said: Sentence
    path: str = ""


def dashboard(ask: Ask) -> Answer:
    """Show the dashboard."""
    span, own = _period(ask), not ask.reader.sees_all
    days = _days(ask, span)
    shown = _PEOPLE if own else (*_PEOPLE, *_MAILS)
    ranked = () if own else results(ask.connection, span, _with_goal(ask))
    best = ranked[:_RANKED]
    values = {
        "items": list(_own_items(ask) if own else _items(ask, span)),
        "own": own,
        "next": () if own else tuple(first_steps(ask.connection)),
        "days": days[::-1],
        "length": len(span.days),
        "periods": [(count, f"/dashboard?days={count}") for count in PERIODS],
        "csv": f"/dashboard.csv?days={len(span.days)}",
        "columns": [(name, _COLUMNS[name]) for name in shown],
        "totals": {name: sum(getattr(day, name) for day in days) for name in (*_COLUMNS, "delivered")},
        "charts": [_chart(ask, days, columns) for columns in ((_PEOPLE,) if own else (_PEOPLE, _MAILS))],
        "best": best,
        "worst": _worst(ranked, best),
    }
    return Shown("dashboard.html", sentence("Dashboard"), values)


def dashboard_csv(ask: Ask) -> Answer:
    """Give the days as a file."""
    columns = _PEOPLE if not ask.reader.sees_all else (*_PEOPLE, *_MAILS)
    rows = ((day.day.isoformat(), *(getattr(day, name) for name in columns)) for day in _days(ask, _period(ask)))
    return Download("dashboard.csv", csv_parts(("day", *columns), rows, ask.reader.zone))


def scenarios_csv(ask: Ask) -> Answer:
    """Give how every scenario with a goal did in the period as a file, the best first."""
    found = results(ask.connection, _period(ask), _with_goal(ask)) if ask.reader.sees_all else ()
    rows = ((each.key, each.name, each.entered, each.goal, round(each.rate, 4)) for each in found)
    columns = ("scenario", "name", "entered", "goal_reached", "rate")
    return Download("dashboard-scenarios.csv", csv_parts(columns, rows, ask.reader.zone))


def _period(ask: Ask) -> Period:
    """Return the period that is asked for: days of the company."""
    asked = next((count for count in PERIODS if str(count) == ask.query.get("days")), PERIODS[1])
    return period(ask.now, asked, ask.running.house.hours.zone)


def _days(ask: Ask, span: Period) -> Sequence[Day]:
    if ask.reader.sees_all:
        return overview(ask.connection, span)
    return own_overview(ask.connection, span, ask.reader.id, queues_of(ask.connection, ask.reader.id))


def _with_goal(ask: Ask) -> list[str]:
    return [key for key, plan in ask.running.applied.plans.scenarios.items() if plan.goal is not None]


def _worst(ranked: Sequence[Result], best: Sequence[Result]) -> Sequence[Result]:
    """Return the scenarios with the smallest share of goals, the worst first, none that is among the best."""
    return tuple(reversed([each for each in ranked[-_RANKED:] if each not in best]))


def _chart(ask: Ask, days: Sequence[Day], columns: Sequence[str]) -> str:
    lines = [
        {"name": _COLUMNS[name].read(ask.reader.locale), "values": [getattr(day, name) for day in days]}
        for name in columns
    ]
    return json.dumps({"periods": [day.day.isoformat() for day in days], "lines": lines}, ensure_ascii=False)


def _own_items(ask: Ask) -> Iterator[Item]:
    its = whose(ask.connection, ask.reader.id)
    late = overdue(ask.connection, ask.now, t.todos.c.assignee == its.mine)
    if late:
        yield Item("warn", sentence("ToDos of yours that are overdue: {count}", count=late), "/todos?tab=overdue")
    queued = overdue(ask.connection, ask.now, t.todos.c.assignee.in_(its.queues))
    if queued:
        text = "ToDos of your queues that are overdue: {count}"
        yield Item("warn", sentence(text, count=queued), "/todos?tab=queues")


def _items(ask: Ask, span: Period) -> Iterator[Item]:
    """Yield what needs a person, the worst first."""
    found = attention(ask.connection, ask.now, span)
    for said in troubles(found.hold, found.stop, found.in_doubt, lambda moment: _told(ask, moment)):
        yield Item("bad", said)
    if (unsent := failed(ask.connection, ask.now)) is not None:
        yield Item("bad", unsent.sentence)
    if found.silent is not None:
        text = "the engine has not ticked since {at}: is there no engage run?"
        yield Item("bad", sentence(text, at=_told(ask, found.silent)))
    yield from _of_scenarios(ask, found)
    for call in found.last_failed:
        text = "{kind} {target} failed for {email}: {why}"
        said = sentence(text, kind=_kind(call.kind), target=call.target, email=call.email, why=call.note or "–")
        yield Item("bad", said, f"/prospects?{urlencode({'q': call.email})}")
    more = found.failed_calls - len(found.last_failed)
    if more > 0:
        yield Item(
            "bad", sentence("{count} more webhooks and actions failed; all of them: engage export calls", count=more)
        )
    for send in found.sends:
        yield Item("warn", send.sentence)
    if found.overdue:
        yield Item("warn", sentence("ToDos that are overdue: {count}", count=found.overdue), "/todos/team")


def _of_scenarios(ask: Ask, found: Attention) -> Iterator[Item]:
    for paused in found.paused:
        said = sentence("{scenario} was paused, for it could not be run: {why}", scenario=paused.name, why=paused.fault)
        yield Item("bad", said, f"/scenarios/{quote(paused.key)}")
    for step in found.failing:
        text = "{scenario}: the step {step} failed {count} times in this period"
        said = sentence(text, scenario=step.scenario_name, step=step.step_name, count=step.count)
        yield Item("bad", said, f"/scenarios/{quote(step.scenario)}/steps/{quote(step.step)}")
    for stuck in found.stuck:
        text = "{scenario}: {count} prospects should have gone on since {at} and have not"
        said = sentence(text, scenario=stuck.name, count=stuck.count, at=_told(ask, stuck.since))
        yield Item("bad", said, f"/scenarios/{quote(stuck.scenario)}/prospects")


def _kind(kind: str) -> Sentence:
    return sentence("webhook") if kind == "webhook" else sentence("action")


def _told(ask: Ask, moment: datetime) -> str:
    return Eye(ask.reader.locale, ask.reader.zone, ask.now).minute(moment)
