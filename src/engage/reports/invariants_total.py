"""The report's promises: the rolled-up totals say what visits and runs say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from engage.reports.finding import Finding, spans, within
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, Figure, RunState
from engage.wording import sentence

#: How often something was counted, by what it is counted for and a small number.
Counts = Mapping[tuple[int, int], int]
#: What a run's state is called in the report.
_STATES = {int(RunState.ACTIVE): int(Figure.WAITING), int(RunState.HELD): int(Figure.HELD)}


def visits_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if totals and visits differ for a step and an outcome."""
    v = t.visits
    grouped = select(v.c.step_id, v.c.outcome, func.count()).group_by(v.c.step_id, v.c.outcome)
    real = _summed(connection, t.enrolments.c.id, v.c.enrolment_id, grouped)
    named = range(FIRST_NAMED, FIRST_NAMED + (connection.scalar(select(func.max(t.outcome_names.c.number))) or 0) + 1)
    template = (
        "for {count} outcomes of steps the report and the visits differ, the first {figure} of {step} ({scenario}): "
        "{shown} reported, {real} visits"
    )
    yield from _compared(connection, "visits", real, _totals(connection, (*range(7), *named)), template)


def open_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if waiting or held differ from the runs that stand at a step."""
    e = t.enrolments
    grouped = (
        select(e.c.step_id, e.c.state, func.count())
        .where(e.c.state < int(RunState.COMPLETED))
        .group_by(e.c.step_id, e.c.state)
    )
    counted = _summed(connection, e.c.id, e.c.id, grouped)
    real = {(step, _STATES[state]): count for (step, state), count in counted.items()}
    template = (
        "at {count} places the report and the open runs differ, the first {figure} at {step} ({scenario}): "
        "{shown} reported, {real} there"
    )
    yield from _compared(connection, "open", real, _totals(connection, _STATES.values()), template)


def entries_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the runs begun differ from the runs there are."""
    e, n, k = t.enrolments, t.totals, t.scenarios
    entered = n.c.figure == int(Figure.ENTERED)
    sums = select(n.c.scenario_id, func.sum(n.c.count)).where(entered).group_by(n.c.scenario_id)
    shown = {row[0]: int(row[1]) for row in connection.execute(sums)}
    real: dict[int, int] = dict(
        connection.execute(select(e.c.scenario_id, func.count()).group_by(e.c.scenario_id)).all()
    )
    wrong = sorted(key for key in {*shown, *real} if shown.get(key, 0) != real.get(key, 0))
    if wrong:
        first = wrong[0]
        name = connection.scalar(select(k.c.key).where(k.c.id == first)) or "?"
        template = (
            "in {count} scenarios the entries and the runs differ, the first {scenario}: {shown} reported, {real} runs"
        )
        values = {"scenario": name, "shown": shown.get(first, 0), "real": real.get(first, 0)}
        yield Finding("entered", len(wrong), sentence(template, count=len(wrong), **values))


def _summed(connection: Connection, key: ColumnElement[Any], among: ColumnElement[Any], grouped: Select[Any]) -> Counts:
    """Return counts, summed up over spans of a key: one sort of millions of visits would take all the memory."""
    found: Counter[tuple[int, int]] = Counter()
    for span in spans(connection, key):
        for first, second, count in connection.execute(grouped.where(within(among, span))):
            found[first, second] += count
    return found


def _totals(connection: Connection, figures: Iterable[int]) -> Counts:
    """Return the sums of the totals by step and figure."""
    n = t.totals
    sums = select(n.c.step_id, n.c.figure, func.sum(n.c.count)).where(n.c.figure.in_(list(figures)))
    found = connection.execute(sums.group_by(n.c.step_id, n.c.figure))
    return {(step, figure): int(count) for step, figure, count in found}


def _compared(connection: Connection, check: str, real: Counts, shown: Counts, template: str) -> Iterator[Finding]:
    """Yield a finding where what is and what the report shows differ."""
    wrong = sorted(key for key in {*real, *shown} if real.get(key, 0) != shown.get(key, 0))
    if not wrong:
        return
    step, figure = wrong[0]
    s, k = t.steps, t.scenarios
    named = connection.execute(
        select(s.c.key, k.c.key.label("scenario")).join_from(s, k, k.c.id == s.c.scenario_id).where(s.c.id == step)
    ).one_or_none()
    values = {
        "figure": Figure(figure).name.lower() if figure < FIRST_NAMED else "outcomes",
        "step": named.key if named is not None else "?",
        "scenario": named.scenario if named is not None else "?",
        "shown": shown.get((step, figure), 0),
        "real": real.get((step, figure), 0),
    }
    yield Finding(check, len(wrong), sentence(template, count=len(wrong), **values))
