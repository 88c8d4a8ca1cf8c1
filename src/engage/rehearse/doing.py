"""What an action did for one prospect: the message, the ToDo, the points, the owner it gave."""

from __future__ import annotations

from collections.abc import Iterator

from engage.plan import moves
from engage.rehearse.facts import shown
from engage.rehearse.hindsight import Hindsight
from engage.reports.past import Cut, past
from engage.reports.record import Row
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, MessageStatus, Outcome

Details = tuple[tuple[str, str], ...]


def details_of(sight: Hindsight, step: moves.Step, run: Row, visit: Row) -> Details:
    """Return what a visit did, read from the rows it left behind."""
    if visit["outcome"] == Outcome.SKIPPED and isinstance(step.act, moves.SendEmail):
        return tuple(_flags(sight, run, visit))
    if visit["outcome"] == Outcome.SKIPPED and isinstance(step.act, moves.Assign):
        return (("owner", _owner(sight, visit) or "-"),)
    return tuple(_left_behind(sight, step, run, visit))


def _mine(rows: object, run: Row, visit: Row) -> Iterator[Row]:
    """Yield the rows that this visit wrote."""
    for row in rows:  # type: ignore[attr-defined]
        if row["enrolment_id"] == run["id"] and row["step_id"] == visit["step_id"]:
            yield row


def _left_behind(sight: Hindsight, step: moves.Step, run: Row, visit: Row) -> Iterator[tuple[str, str]]:
    record, house = sight.record, sight.house
    for row in _mine(record.of(t.messages), run, visit):
        parts = [record.word(row["template_id"]) or "", MessageStatus(row["status"]).name.lower()]
        parts += [shown(row["sent_at"], house)] if row["sent_at"] is not None else []
        yield "message", " ".join((*parts, *([row["reason"]] if row["reason"] else [])))
    for row in _mine(record.of(t.todos), run, visit):
        due = f" → {shown(row['due_at'], house)}" if row["due_at"] is not None else ""
        yield "ToDo", f"{row['subject']} ({row['assignee']}, {row['status']}){due}"
    for row in _mine(record.of(t.score_entries), run, visit):
        yield "points", f"{row['points']:+d}"
    for row in _mine(record.of(t.changes), run, visit):
        yield from _changed(sight, step, run, row)


def _changed(sight: Hindsight, step: moves.Step, run: Row, change: Row) -> Iterator[tuple[str, str]]:
    """Yield what a change replaced, and what came in its place where the step does not say."""
    record, was = sight.record, bool(change["whole"])
    match ChangeKind(change["kind"]):
        case ChangeKind.FIELD:
            name = record.word(change["ref"]) or ""
            old = next((change[n] for n in ("text", "number", "whole") if change[n] is not None), None)
            new = _owner(sight, change, run["id"]) if isinstance(step.act, moves.Assign) else None
            before = "-" if old is None else shown(old, sight.house)
            yield name, before if new is None else f"{before} → {new}"
        case ChangeKind.TAG:
            yield "tag", f"{'-' if was else '+'}{record.word(change['ref'])}"
        case ChangeKind.LIST:
            key = next((row["key"] for row in record.of(t.lists) if row["id"] == change["ref"]), "")
            yield "list", f"{'-' if was else '+'}{key}"
        case ChangeKind.CAMPAIGN:
            key = next((row["key"] for row in record.of(t.campaigns) if row["id"] == change["ref"]), "")
            yield "campaign", key
        case _:
            pass


def _owner(sight: Hindsight, row: Row, run: int | None = None) -> str | None:
    """Return the owner that stood after a change, or at a visit: the next change says what was before it."""
    since = row["id"] if run is not None else 0
    at = row["at"] if run is not None else row["left_at"]
    for change in sight.record.of(t.changes):
        later = change["id"] > since if run is not None else change["at"] > at
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
