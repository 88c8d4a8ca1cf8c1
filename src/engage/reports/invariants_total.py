"""The report's promises: the rolled-up totals say what visits and runs say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select, union_all

from engage.reports.finding import Finding, finding
from engage.sql import tables as t
from engage.sql.codes import Figure, RunState


def visits_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if totals and visits differ for a step and an outcome."""
    v = t.visits
    counted = select(v.c.step_id, v.c.outcome.label("figure"), func.count().label("real"))
    yield from _compared(
        connection, "visits", counted.group_by(v.c.step_id, v.c.outcome), range(7),
        "for {count} outcomes of steps the report and the visits differ, the first {figure} of {step} ({scenario}): "
        "{shown} reported, {real} visits",
    )  # fmt: skip


def open_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if waiting or held differ from the runs that stand at a step."""
    e = t.enrolments
    figure = case((e.c.state == int(RunState.HELD), int(Figure.HELD)), else_=int(Figure.WAITING))
    counted = (
        select(e.c.step_id, figure.label("figure"), func.count().label("real"))
        .where(e.c.state < int(RunState.COMPLETED))
        .group_by(e.c.step_id, e.c.state)
    )
    yield from _compared(
        connection, "open", counted, (int(Figure.WAITING), int(Figure.HELD)),
        "at {count} places the report and the open runs differ, the first {figure} at {step} ({scenario}): "
        "{shown} reported, {real} there",
    )  # fmt: skip


def _compared(
    connection: Connection,
    check: str,
    counted: Select[Any],
    figures: Iterable[int],
    template: str,
) -> Iterator[Finding]:
    """Yield a finding where ``counted`` (step, figure, real) and the totals differ."""
    n, s, k = t.totals, t.steps, t.scenarios
    real = counted.subquery("real")
    totals = (
        select(n.c.step_id, n.c.figure, literal(0), func.sum(n.c.count))
        .where(n.c.figure.in_(list(figures)))
        .group_by(n.c.step_id, n.c.figure)
    )
    both = union_all(select(real.c.step_id, real.c.figure, real.c.real, literal(0).label("shown")), totals).subquery(
        "both"
    )
    shown, there = func.sum(both.c.shown), func.sum(both.c.real)
    keys = (both.c.step_id, both.c.figure)
    wrong = (
        select(*keys, shown.label("shown"), there.label("real"))
        .group_by(*keys)
        .having(shown != there)
        .subquery("wrong")
    )
    joined = wrong.outerjoin(s, s.c.id == wrong.c.step_id).outerjoin(k, k.c.id == s.c.scenario_id)
    named = select(
        wrong.c.step_id, _named(wrong.c.figure).label("figure"), wrong.c.shown, wrong.c.real, _known(s.c.key, "step"),
        _known(k.c.key, "scenario"),
    ).select_from(joined)  # fmt: skip
    yield from finding(connection, check, named, template)


def _named(figure: ColumnElement[int]) -> ColumnElement[str]:
    return case({int(each): each.name.lower() for each in Figure}, value=figure, else_="?")


def _known(name: ColumnElement[str], label: str) -> ColumnElement[str]:
    return func.coalesce(name, "?").label(label)


def entries_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the runs begun differ from the runs there are."""
    e, n, k = t.enrolments, t.totals, t.scenarios
    both = union_all(
        select(e.c.scenario_id, func.count().label("real"), literal(0).label("shown")).group_by(e.c.scenario_id),
        select(n.c.scenario_id, literal(0), func.sum(n.c.count))
        .where(n.c.figure == int(Figure.ENTERED))
        .group_by(n.c.scenario_id),
    ).subquery("both")
    real, shown = func.sum(both.c.real), func.sum(both.c.shown)
    wrong = (
        select(both.c.scenario_id, real.label("real"), shown.label("shown"))
        .group_by(both.c.scenario_id)
        .having(real != shown)
        .subquery("wrong")
    )
    named = select(wrong, _known(k.c.key, "scenario")).outerjoin(k, k.c.id == wrong.c.scenario_id)
    yield from finding(
        connection,
        "entered",
        named,
        "in {count} scenarios the entries and the runs differ, the first {scenario}: {shown} reported, {real} runs",
    )
