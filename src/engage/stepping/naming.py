"""Outcomes of switches and splits: names in the plan, numbers in visits and totals, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, select

from engage.plan.moves import Plan
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED

#: Step number → outcome's name → what stands in ``visits``.
Named = Mapping[int, Mapping[str, int]]


def name_outcomes(connection: Connection, scenario_id: int, plan: Plan) -> None:
    """Number the outcomes of a new version that have no number yet."""
    wanted = {step.key: step.named for step in plan.steps if step.named}
    if not wanted:
        return
    s = t.steps
    keys = select(s.c.key, s.c.id).where(s.c.scenario_id == scenario_id, s.c.key.in_(list(wanted)))
    numbers: dict[str, int] = {row.key: row.id for row in connection.execute(keys)}
    known = named_outcomes(connection, numbers.values())
    rows = []
    for key, names in wanted.items():
        old = known.get(numbers[key], {})
        new = [name for name in names if name not in old]
        rows += [{"step_id": numbers[key], "number": n, "name": name} for n, name in enumerate(new, len(old))]
    if rows:
        connection.execute(insert(t.outcome_names), rows)


def named_outcomes(connection: Connection, step_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return the numbered outcomes of some steps."""
    n = t.outcome_names
    found: dict[int, dict[str, int]] = {}
    wanted = list(step_ids)
    if wanted:
        chosen = select(n.c.step_id, n.c.number, n.c.name).where(n.c.step_id.in_(wanted))
        for row in connection.execute(chosen.order_by(n.c.step_id, n.c.number)):
            found.setdefault(row.step_id, {})[row.name] = FIRST_NAMED + row.number
    return found
