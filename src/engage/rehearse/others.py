"""What another scenario did to a run: a step of it let it begin, or ended it."""

from __future__ import annotations

from datetime import datetime

from engage.rehearse.hindsight import Hindsight
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import Outcome


def step_of_another(sight: Hindsight, run: Row, at: datetime, kind: str) -> str | None:
    """Return the step of another scenario, of a kind, that the prospect passed at a moment: scenario and step."""
    record = sight.record
    others = {row["id"] for row in record.of(t.enrolments) if row["scenario_id"] != run["scenario_id"]}
    steps = {row["id"]: row for row in record.of(t.steps) if row["kind"] == kind}
    scenarios = {row["id"]: row["key"] for row in record.of(t.scenarios)}
    for visit in record.of(t.visits):
        done = visit["left_at"] == at and visit["outcome"] == Outcome.COMPLETED
        if done and visit["enrolment_id"] in others and visit["step_id"] in steps:
            step = steps[visit["step_id"]]
            return f"{scenarios[step['scenario_id']]} / {step['key']}"
    return None
