"""What an action did for one prospect: the message, the ToDo, the points, the owner it gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from engage.clock import moment
from engage.language.fields import STANDARD
from engage.plan import moves
from engage.rehearse.facts import shown
from engage.rehearse.hindsight import Hindsight
from engage.reports.past import Cut, past
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, MessageStatus, Outcome

Details = tuple[tuple[str, str], ...]
#: The types of the standard fields, and of what is kept like one.
FIELDS = {field.name: field.type for field in STANDARD} | {"opted_out": "boolean", "do_not_email": "boolean"}


def details_of(sight: Hindsight, step: moves.Step, run: Row, visit: Row) -> Details:
    """Return what a visit did, read from the rows it left behind, and what a step without any says itself."""
    if visit["outcome"] == Outcome.SKIPPED and isinstance(step.act, moves.SendEmail):
        return tuple(_flags(sight, run, visit))
    if visit["outcome"] == Outcome.SKIPPED and isinstance(step.act, moves.Assign):
        return (("owner", _owner(sight, visit) or "-"),)
    return (*_said(step), *_left_behind(sight, step, run, visit))


def _said(step: moves.Step) -> Details:
    """Return where a step leads that leaves no row behind."""
    match step.act:
        case moves.Enrol(scenario=scenario) | moves.Leave(scenario=scenario):
            return (("scenario", scenario),)
        case moves.GoTo():
            return (("goes on at", step.way() or "end"),)
        case _:
            return ()


def _mine(rows: Sequence[Row], run: Row, visit: Row) -> Iterator[Row]:
    """Yield the rows that this visit wrote."""
    for row in rows:
        if row["enrolment_id"] == run["id"] and row["step_id"] == visit["step_id"]:
            yield row


def _left_behind(sight: Hindsight, step: moves.Step, run: Row, visit: Row) -> Iterator[tuple[str, str]]:
    record = sight.record
    for row in _mine(record.of(t.messages), run, visit):
        yield "message", record.word(row["template_id"]) or ""
        yield from _went(sight, row, row["sent_at"], row["reason"])
    for row in _mine(record.of(t.todos), run, visit):
        due = f" → {shown(row['due_at'], sight.zone)}" if row["due_at"] is not None else ""
        yield "ToDo", f"{row['subject']} ({row['assignee']}, {row['status']}){due}"
    for row in _mine(record.of(t.notifications), run, visit):
        yield "notification", f"{row['subject']} ({row['addressee']})"
        yield from _went(sight, row, row["sent_at"], row["reason"])
    for row in _mine(record.of(t.calls), run, visit):
        if row["move"] == visit["move"]:
            yield _called(step)
            yield from _went(sight, row, row["done_at"], row["note"])
    for row in _mine(record.of(t.score_entries), run, visit):
        yield "points", f"{row['points']:+d}"
    for row in _mine(record.of(t.changes), run, visit):
        yield from _changed(sight, row)


def _went(sight: Hindsight, row: Row, at: datetime | None, note: str | None) -> Iterator[tuple[str, str]]:
    """Yield what became of a message or a call: when it went, or since when it is queued; and why not."""
    status = MessageStatus(row["status"])
    yield status.name.lower(), shown(at or row["queued_at"], sight.zone)
    if note:
        yield "answer" if status == MessageStatus.SENT else "reason", note


def _called(step: moves.Step) -> tuple[str, str]:
    """Return what a webhook or an action calls."""
    assert isinstance(step.act, moves.Call)
    content = json.loads(step.act.content)
    return step.act.kind, content["url"] if step.act.kind == "webhook" else content["name"]


def _changed(sight: Hindsight, change: Row) -> Iterator[tuple[str, str]]:
    """Yield what a change replaced, and what came in its place."""
    record, was = sight.record, bool(change["whole"])
    match ChangeKind(change["kind"]):
        case ChangeKind.FIELD:
            name = record.word(change["ref"]) or ""
            yield name, f"{_value(sight, change, name)} → {_became(sight, change, name)}"
        case ChangeKind.TAG:
            yield "tag", f"{'-' if was else '+'}{record.word(change['ref'])}"
        case ChangeKind.LIST:
            key = next((row["key"] for row in record.of(t.lists) if row["id"] == change["ref"]), "")
            yield "list", f"{'-' if was else '+'}{key}"
        case ChangeKind.CAMPAIGN:
            yield "campaign", next((row["key"] for row in record.of(t.campaigns) if row["id"] == change["ref"]), "")
        case _:
            pass


def _value(sight: Hindsight, change: Row, name: str) -> str:
    """Return the value that stood before a change."""
    old = next((change[n] for n in ("text", "number", "whole") if change[n] is not None), None)
    return "-" if old is None else _as_read(sight, name, old)


def _became(sight: Hindsight, change: Row, name: str) -> str:
    """Return the value that stood after a change: the next change of it says what was before, else the present."""
    for later in sight.record.of(t.changes):
        if later["id"] > change["id"] and (later["kind"], later["ref"]) == (change["kind"], change["ref"]):
            return _value(sight, later, name)
    for row in (*sight.record.of(t.standings), *sight.record.of(t.prospects)):
        if name in row:
            return "-" if row[name] is None else shown(row[name], sight.zone)
    for row in sight.record.of(t.field_values):
        if row["field_id"] == change["ref"]:
            return _value(sight, row, name)
    return "-"


def _as_read(sight: Hindsight, name: str, value: object) -> str:
    """Return a kept value as people read it: truths and moments are kept as numbers."""
    kind = FIELDS.get(name)
    if kind == "boolean":
        return shown(bool(value), sight.zone)
    if kind == "datetime" and isinstance(value, int):
        return shown(moment(value), sight.zone)
    return shown(value, sight.zone)


def _owner(sight: Hindsight, visit: Row) -> str | None:
    """Return the owner that stood at a visit: the next change says what was before it."""
    for change in sight.record.of(t.changes):
        later = change["at"] > visit["left_at"]
        if later and change["kind"] == ChangeKind.FIELD and sight.record.word(change["ref"]) == "owner":
            owner: str | None = change["text"]
            return owner
    return next((standing["owner"] for standing in sight.record.of(t.standings)), None)


def _flags(sight: Hindsight, run: Row, visit: Row) -> Iterator[tuple[str, str]]:
    """Yield the flags that kept a mail from going."""
    cut: Cut = next(sight.step(run, int(visit["move"]), visit["left_at"]))
    for row in past(sight.record, cut)["standings"]:
        for name in ("opted_out", "do_not_email"):
            if row[name]:
                yield name, "true"
