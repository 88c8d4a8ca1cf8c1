"""Folding the report's differences: many small rows become one for each step, day, figure and class."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, literal, select

from engage.sql import tables as t

#: Differences of a scenario are folded when there are more than this, and more than a quarter of what is folded.
ENOUGH = 2_000


def fold_totals(connection: Connection, scenario_ids: Iterable[int]) -> None:
    """Fold the figures of scenarios where enough differences have gathered."""
    for scenario_id in scenario_ids:
        mine = t.totals.c.scenario_id == scenario_id
        count = func.count()
        new = connection.scalar(select(count).select_from(t.totals).where(mine, t.totals.c.folded == 0)) or 0
        if new <= ENOUGH:
            continue
        old = connection.scalar(select(count).select_from(t.totals).where(mine, t.totals.c.folded == 1)) or 0
        if new * 4 > old:
            fold_scenario(connection, scenario_id)


def fold_scenario(connection: Connection, scenario_id: int) -> None:
    """Fold one scenario's figures; sums stay what they are."""
    totals = t.totals
    last = connection.scalar(select(func.max(totals.c.id)).where(totals.c.scenario_id == scenario_id)) or 0
    keys = (totals.c.scenario_id, totals.c.step_id, totals.c.day, totals.c.figure, totals.c.bucket)
    old = (totals.c.scenario_id == scenario_id) & (totals.c.id <= last)
    total = func.sum(totals.c.count)
    values = (
        select(*keys, total, func.min(totals.c.first_at), func.max(totals.c.last_at), literal(1))
        .where(old)
        .group_by(*keys)
        .having(total != 0)
    )
    names = ["scenario_id", "step_id", "day", "figure", "bucket", "count", "first_at", "last_at", "folded"]
    connection.execute(insert(totals).from_select(names, values))
    connection.execute(delete(totals).where(old))
