"""The report's differences are folded when enough have gathered; what a card shows stays the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from engage.sql import tables as t
from engage.stepping.fold import ENOUGH, fold_totals

SUMS = (t.totals.c.day, func.sum(t.totals.c.count), func.min(t.totals.c.first_at), func.max(t.totals.c.last_at))


def rows(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(t.totals)) or 0


def sums(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(select(*SUMS).group_by(t.totals.c.day).order_by(t.totals.c.day)))


def gather(engine: Engine, count: int, *, folded: int = 0, days: int = 2) -> None:
    """Write so many figures of a scenario, on some days in turn."""
    whose = {"scenario_id": 1, "step_id": 1, "figure": 1, "bucket": 0, "count": 1, "folded": folded}
    with engine.begin() as connection:
        connection.execute(insert(t.totals), [{**whose, "day": n % days} for n in range(count)])


@pytest.mark.parametrize(("count", "left"), [(ENOUGH, ENOUGH), (ENOUGH + 1, 2)])
def test_figures_are_folded_when_enough_have_gathered(engine: Engine, count: int, left: int) -> None:
    gather(engine, count)
    before = sums(engine)
    with engine.begin() as connection:
        fold_totals(connection, (1, 2))
    assert rows(engine) == left
    assert sums(engine) == before


@pytest.mark.parametrize(("old", "left"), [(4 * (ENOUGH + 1), 5 * (ENOUGH + 1)), (4 * (ENOUGH + 1) - 1, 7)])
def test_figures_are_not_folded_again_for_a_few(engine: Engine, old: int, left: int) -> None:
    """To fold costs as much as there are figures: a quarter must be new."""
    gather(engine, old, folded=1, days=7)
    gather(engine, ENOUGH + 1)
    with engine.begin() as connection:
        fold_totals(connection, (1,))
    assert rows(engine) == left


def test_figures_that_came_to_nothing_are_gone(engine: Engine) -> None:
    gather(engine, ENOUGH + 1, days=1)
    with engine.begin() as connection:
        whose = {"scenario_id": 1, "step_id": 1, "day": 0, "figure": 1, "bucket": 0, "count": -(ENOUGH + 1)}
        connection.execute(insert(t.totals).values(whose))
        fold_totals(connection, (1,))
    assert rows(engine) == 0
