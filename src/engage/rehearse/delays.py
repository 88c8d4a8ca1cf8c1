"""What kept a run waiting longer at a step than the step says: it was held, or the scenario was paused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engage.rehearse.facts import shown
from engage.rehearse.hindsight import Hindsight
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import ChangeKind

Span = tuple[datetime, datetime | None]


def delays_of(sight: Hindsight, run: Row, arrived_at: datetime, left_at: datetime) -> Iterator[tuple[str, str]]:
    """Yield when a run was held, and its scenario paused, between its arrival at a step and its leaving."""
    for name, spans in (("held", _held(sight, run)), ("paused", _paused(sight, run))):
        for begun, ended in spans:
            if begun <= left_at and (ended is None or ended > arrived_at):
                until = "" if ended is None else f" {shown(ended, sight.zone)}"
                yield name, f"{shown(begun, sight.zone)} →{until}"


def _held(sight: Hindsight, run: Row) -> Iterator[Span]:
    """Yield when a run was held: each change says what was before it."""
    since: datetime | None = None
    for change in sight.record.of(t.changes):
        if change["kind"] != ChangeKind.HELD or change["ref"] != run["id"]:
            continue
        if not change["whole"]:
            since = change["at"]
        elif since is not None:
            yield since, change["at"]
            since = None
    if since is not None:
        yield since, None


def _paused(sight: Hindsight, run: Row) -> Iterator[Span]:
    for row in sight.record.of(t.pauses):
        if row["scenario_id"] == run["scenario_id"]:
            yield row["paused_at"], row["resumed_at"]
