"""The promises about runs: one at a time, numbered, every passage once, and a timer for everybody who waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, exists, func, not_, or_, select, text

from engage.reports.finding import Finding, finding
from engage.sql import tables as t
from engage.sql.untimed import untimed


def one_open_run(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a prospect has two open runs in a scenario."""
    e = t.enrolments
    keys = (e.c.prospect_id, e.c.scenario_id)
    twice = select(*keys).where(text("state < 2")).group_by(*keys).having(func.count() > 1)
    template = "{count} prospects are in a scenario twice at once, the first {email} in {scenario}"
    yield from finding(connection, "one-run", template, _of_prospects(twice))


def runs_numbered(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the runs of a prospect in a scenario are not numbered 1, 2, 3 …"""
    e = t.enrolments
    keys = (e.c.prospect_id, e.c.scenario_id)
    gaps = or_(func.min(e.c.run) != 1, func.max(e.c.run) != func.count())
    template = "the runs of {count} prospects are not numbered from 1 without a gap, the first {email} in {scenario}"
    yield from finding(connection, "runs", template, _of_prospects(select(*keys).group_by(*keys).having(gaps)))


def _of_prospects(found: Select[Any]) -> Select[Any]:
    """Return prospects and scenarios with their names."""
    rows, p, k = found.subquery("rows"), t.prospects, t.scenarios
    joined = rows.outerjoin(p, p.c.id == rows.c.prospect_id).outerjoin(k, k.c.id == rows.c.scenario_id)
    return select(rows, _known(p.c.email, "email"), _known(k.c.key, "scenario")).select_from(joined)


def moves_counted(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if the passages of a run are not numbered 0, 1, 2 … up to the run's last."""
    e, v = t.enrolments, t.visits
    number, low, high = func.count().label("number"), func.min(v.c.move).label("low"), func.max(v.c.move).label("high")
    passed = select(v.c.enrolment_id, number, low, high).group_by(v.c.enrolment_id).subquery("passed")
    gaps = or_(passed.c.low != 0, passed.c.high != passed.c.number - 1, func.coalesce(e.c.moves, -1) != passed.c.number)
    visited = passed.outerjoin(e, e.c.id == passed.c.enrolment_id)
    wrong = select(passed.c.enrolment_id.label("id")).select_from(visited).where(gaps)
    template = (
        "the visits of {count} runs are not numbered from 0 to the last step passed, the first {email} in {scenario}"
    )
    yield from finding(connection, "moves", template, _of_runs(wrong))
    bare = select(e.c.id).where(e.c.moves > 0, not_(exists(select(1).where(v.c.enrolment_id == e.c.id))))
    template = "{count} runs have passed steps and have no visits, the first {email} in {scenario}"
    yield from finding(connection, "moves", template, _of_runs(bare))


def timed(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if somebody waits whom no timer will wake in time."""
    lost = untimed(connection).subquery("lost")
    template = (
        "{count} runs wait and no timer will wake them in time, the first {email} in {scenario} at {step}; "
        "run: engage db check --repair"
    )
    yield from finding(connection, "timers", template, _of_runs(select(lost.c.id)))


def _of_runs(found: Select[Any]) -> Select[Any]:
    """Return runs with the names of their prospect, scenario and step."""
    rows, e, p, k, s = found.subquery("rows"), t.enrolments, t.prospects, t.scenarios, t.steps
    joined: FromClause = rows.outerjoin(e, e.c.id == rows.c.id).outerjoin(p, p.c.id == e.c.prospect_id)
    joined = joined.outerjoin(k, k.c.id == e.c.scenario_id).outerjoin(s, s.c.id == e.c.step_id)
    names = (_known(p.c.email, "email"), _known(k.c.key, "scenario"), _known(s.c.key, "step"))
    return select(rows.c.id, *names).select_from(joined)


def _known(name: ColumnElement[str], label: str) -> ColumnElement[str]:
    return func.coalesce(name, "?").label(label)
