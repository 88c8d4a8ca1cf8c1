"""Folding the report's differences: many small rows become one for each step, day, figure and class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, FromClause, Select, delete, func, insert, literal, select, text

from engage.sql import tables as t
from engage.sql.codes import UNFOLDED
from engage.sql.packing import is_postgres
from engage.sql.standing import many, run, standing, whole

#: Differences of a scenario are folded when there are more than this, and more than a quarter of what is folded.
ENOUGH = 2_000
_KEYS = ("scenario_id", "step_id", "day", "figure", "bucket")
_NAMES = [*_KEYS, "count", "first_at", "last_at", "folded"]


def fold_totals(connection: Connection, scenario_ids: Iterable[int]) -> None:
    """Fold the figures of scenarios where enough differences have gathered."""
    for scenario, count in run(connection, _unfolded(), None, ids=list(scenario_ids), enough=ENOUGH).all():
        every = run(connection, _rows(), None, scenario=scenario).scalar() or 0
        if count * 4 > every - count:
            fold_scenario(connection, scenario)


@standing
def _unfolded() -> Select[Any]:
    """Select how many differences have gathered, of scenarios that have enough; an index holds nothing else."""
    totals, count = t.totals, func.count()
    counted = select(totals.c.scenario_id, count).where(text(UNFOLDED), totals.c.scenario_id.in_(many("ids")))
    return counted.group_by(totals.c.scenario_id).having(count > whole("enough"))


@standing
def _rows() -> Select[Any]:
    """Select how many rows a scenario has."""
    return select(func.count()).select_from(t.totals).where(t.totals.c.scenario_id == whole("scenario"))


def fold_scenario(connection: Connection, scenario_id: int) -> None:
    """Fold one scenario's figures; sums stay what they are."""
    totals = t.totals
    last = connection.scalar(select(func.max(totals.c.id)).where(totals.c.scenario_id == scenario_id)) or 0
    old = (totals.c.scenario_id == scenario_id) & (totals.c.id <= last)
    if is_postgres(connection):
        # One statement, one snapshot: a figure that somebody commits meanwhile under a lower id is left alone.
        gone = delete(totals).where(old).returning(*totals.c).cte("gone")
        connection.execute(insert(totals).from_select(_NAMES, _folded(gone)))
        return
    connection.execute(insert(totals).from_select(_NAMES, _folded(totals).where(old)))
    connection.execute(delete(totals).where(old))


def _folded(rows: FromClause) -> Select[Any]:
    keys = [rows.c[name] for name in _KEYS]
    total = func.sum(rows.c.count)
    values = select(*keys, total, func.min(rows.c.first_at), func.max(rows.c.last_at), literal(1))
    return values.group_by(*keys).having(total != 0)
