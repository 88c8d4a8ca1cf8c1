"""A prospect's record as it stood at a moment: what came later is not there.

Told of a moment before the last tick, an explanation is that of the moment: runs stand where they stood, visits that
ended later have not ended, messages, ToDos and changes made later are not made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engage.reports.past import Cut, began_at, past
from engage.reports.record import Record, Row
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, Phase, RunState


def as_of(record: Record, at: datetime) -> Record:
    """Return the record as it stood after the tick of a moment.

    Until when a run waits its row says of the present only: where it moved on since, the row is marked ``moved_on``.

    >>> empty = Record(1, {name: [] for name in t.metadata.tables})
    >>> as_of(empty, datetime(2026, 12, 1)).of(t.visits)
    []
    """
    state = past(record, Cut(at))
    return Record(
        record.prospect_id,
        {
            **record.rows,
            **state,
            "former_entries": [row for row in record.of(t.former_entries) if row["gone_at"] <= at],
            "changes": [row for row in record.of(t.changes) if row["at"] <= at],
            "visits": [row for row in record.of(t.visits) if row["left_at"] <= at],
            "reasons": list(_reasons(record, at)),
            "enrolments": [
                _stood(record, run, at) for run in state["enrolments"] if began_at(record, run) <= at
            ],
            "calls": [_call(row, at) for row in record.of(t.calls) if row["queued_at"] <= at],
            "notifications": [row for row in record.of(t.notifications) if row["queued_at"] <= at],
            "pauses": [row for row in record.of(t.pauses) if row["resumed_at"] <= at],
            "scenarios": [_scenario(record, row, at) for row in record.of(t.scenarios)],
        },
    )  # fmt: skip


def _reasons(record: Record, at: datetime) -> Iterator[Row]:
    passed = {(row["enrolment_id"], row["move"]) for row in record.of(t.visits) if row["left_at"] <= at}
    return (row for row in record.of(t.reasons) if (row["enrolment_id"], row["move"]) in passed)


def _stood(record: Record, run: Row, at: datetime) -> dict[str, Any]:
    """Return a run where it stood: at the step of its first passage that ended later."""
    row = dict(run)
    if row["state"] >= RunState.COMPLETED:
        return row
    visits = (v for v in record.of(t.visits) if v["enrolment_id"] == run["id"] and v["left_at"] > at)
    later = min(visits, key=lambda visit: int(visit["move"]), default=None)
    if later is not None:
        row |= {"step_id": later["step_id"], "arrived_at": later["arrived_at"], "phase": int(Phase.ARRIVES)}
        row |= {"moves": later["move"], "moved_on": True}
    elif _was_moved(record, run, at):
        row["moved_on"] = True
    return row


def _was_moved(record: Record, run: Row, at: datetime) -> bool:
    """Tell whether the moment for which a run waits may have been another: by a pause, or by a field."""
    if any(row["scenario_id"] == run["scenario_id"] and row["resumed_at"] > at for row in record.of(t.pauses)):
        return True
    return any(row["kind"] == ChangeKind.FIELD and row["at"] > at for row in record.of(t.changes))


def _call(row: Row, at: datetime) -> dict[str, Any]:
    later = row["done_at"] is not None and row["done_at"] > at
    return {**row, "status": 0, "done_at": None, "note": None} if later else dict(row)


def _scenario(record: Record, row: Row, at: datetime) -> dict[str, Any]:
    """Return a scenario in its state of then."""
    pauses = (pause for pause in record.of(t.pauses) if pause["scenario_id"] == row["id"])
    if any(pause["paused_at"] <= at < pause["resumed_at"] for pause in pauses):
        return {**row, "state": "paused"}
    lives = [life for life in record.of(t.lifetimes) if life["scenario_id"] == row["id"]]
    for life in lives:
        if life["started_at"] <= at < life["stopped_at"]:
            paused = life["paused_at"] is not None and life["paused_at"] <= at
            return {**row, "state": "paused" if paused else "running", "started_at": life["started_at"]}
    if row["started_at"] is not None and row["started_at"] > at:
        return {**row, "state": "stopped" if any(life["stopped_at"] <= at for life in lives) else "draft"}
    if row["state"] == "paused" and row["paused_at"] is not None and row["paused_at"] > at:
        return {**row, "state": "running"}
    return dict(row)
