"""What a prospect was like at a past moment: the present, less every change that came later.

Nothing is copied when something is decided; a decision is explained by the values it saw, told backwards from the
kept changes, the ledger and the activities learnt until then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from engage.clock import moment
from engage.language.events import PASSIVE
from engage.language.fields import STANDARD, fold
from engage.reports.record import Record, Row
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, MessageStatus, RunState

#: Rows by table, as a database holds them.
State = dict[str, list[dict[str, Any]]]
_TYPES = {each.name: each.type for each in STANDARD}
#: Tables whose rows are told backwards, and those that are as they are at any time: their rows are never copied.
_CHANGING = (
    t.prospects, t.standings, t.field_values, t.list_members, t.prospect_tags, t.campaign_members, t.opportunities,
)  # fmt: skip
_LASTING = (t.words, t.lists, t.campaigns, t.scenarios, t.steps)


@dataclass(frozen=True, slots=True)
class Cut:
    """A point in the order of what happened: the tick, and within it a run's passage.

    Of what other runs did in the same tick no order is kept: scenarios step by priority, then id, so those earlier
    in that order had done their part; ``others`` and ``outside`` ask it another way.
    """

    at: datetime
    #: the run that decides, and its number of passages so far; None: everything of the tick has happened
    enrolment_id: int | None = None
    move: int = 0
    #: each step's place among the passages of that run, by its number
    moves: Mapping[int, int] = field(default_factory=dict)
    #: the other runs that had stepped before, by their numbers
    earlier: frozenset[int] = frozenset()
    #: what other runs did in the same tick: in the order of their scenarios, all of it, or none
    others: Literal["ordered", "before", "after"] = "ordered"
    #: whether what no run did in that tick (imports, grading) had been done
    outside: bool = True
    #: of the changes that no run made in that tick (grading, in every round), the last that had been made; None: all
    until: int | None = None

    def before(self, at: datetime, enrolment_id: int | None = None, step_id: int | None = None) -> bool:
        """Tell whether something written at a moment, by a run's step or by none, had happened."""
        if at != self.at or self.enrolment_id is None:
            return at <= self.at
        if enrolment_id is None:
            return self.outside
        if enrolment_id == self.enrolment_id:
            return step_id is None or self.moves.get(step_id, self.move) < self.move
        return self.others == "before" or (self.others == "ordered" and enrolment_id in self.earlier)


def past(record: Record, cut: Cut) -> State:
    """Return the rows that the database held of a prospect when a decision was made.

    >>> empty = Record(1, {name: [] for name in t.metadata.tables})
    >>> past(empty, Cut(datetime(2026, 12, 1)))["prospects"]
    []
    """
    state: State = {table.name: [dict(row) for row in record.of(table)] for table in _CHANGING}
    state |= {table.name: cast("list[dict[str, Any]]", list(record.of(table))) for table in _LASTING}
    state["activities"] = [dict(row) for row in record.of(t.activities) if _learnt(row, cut)]
    state["messages"] = [_message(row, cut) for row in record.of(t.messages) if _made(row, row["queued_at"], cut)]
    state["todos"] = [_todo(row, record, cut) for row in record.of(t.todos) if _made(row, row["created_at"], cut)]
    state["enrolments"] = [_run(row, record, cut) for row in record.of(t.enrolments) if began_at(record, row) <= cut.at]
    state["score_entries"] = [dict(row) for row in entries(record, cut)]
    for change in reversed(record.of(t.changes)):
        if not _made(change, change["at"], cut) or _in_a_later_round(change, cut):
            _undo(state, record, change)
    _settle(state, record, cut)
    return state


def began_at(record: Record, run: Row) -> datetime:
    """Return the tick that began a run: one that an event let begin was entered at the event's moment."""
    visits = (visit for visit in record.of(t.visits) if visit["enrolment_id"] == run["id"])
    first = min(visits, key=lambda visit: int(visit["move"]), default=run)
    arrived: datetime = first["arrived_at"]
    return arrived


def entries(record: Record, cut: Cut) -> Sequence[Row]:
    """Return the rows of the ledger that stood in it; changed rules have taken some away since."""
    former = [
        {**row, "id": -row["id"], "enrolment_id": None, "step_id": None, "note": None}
        for row in record.of(t.former_entries)
        if row["gone_at"] > cut.at
    ]
    rows = (*former, *record.of(t.score_entries))
    return [row for row in rows if _made(row, row["made_at"] or row["at"], cut)]


def _made(row: Row, at: datetime, cut: Cut) -> bool:
    return cut.before(at, row["enrolment_id"], row["step_id"])


def _in_a_later_round(change: Row, cut: Cut) -> bool:
    """Tell whether a change that no run made came after the decision, in a later round of its tick."""
    apart = change["enrolment_id"] is None and change["at"] == cut.at and cut.enrolment_id is not None
    return apart and cut.until is not None and change["id"] > cut.until


def _learnt(row: Row, cut: Cut) -> bool:
    return row["learnt_at"] is not None and row["learnt_at"] <= cut.at


def _message(row: Row, cut: Cut) -> dict[str, Any]:
    """Return a message as it was: what became of it later is not known yet."""
    later = row["sent_at"] is not None and row["sent_at"] > cut.at
    return {**row, "status": int(MessageStatus.QUEUED), "sent_at": None} if later else dict(row)


def _todo(row: Row, record: Record, cut: Cut) -> dict[str, Any]:
    """Return a ToDo as it was: each change says what was before it."""
    deeds = {deed["id"]: deed["at"] for deed in record.of(t.todo_deeds)}
    mine = (each for each in record.of(t.todo_changes) if each["todo_id"] == row["id"] and each["number"] > 0)
    for turn in sorted(mine, key=lambda each: int(each["number"])):
        if deeds[turn["deed_id"]] > cut.at:
            before = ("status", "assignee", "due_at", "completed_at", "outcome")
            return {**row, **{name: turn[name] for name in before}}
    return dict(row)


def _run(row: Row, record: Record, cut: Cut) -> dict[str, Any]:
    """Return a run as it was: ended, held or active."""
    ended = row["ended_at"] is not None and row["id"] != cut.enrolment_id and cut.before(row["ended_at"], row["id"])
    if ended:
        return dict(row)
    state = int(RunState.HELD if _held(row, record, cut) else RunState.ACTIVE)
    return {**row, "state": state, "ended_at": None}


def _held(row: Row, record: Record, cut: Cut) -> bool:
    """Tell whether a run was held: each change says what was before it."""
    turns = [c for c in record.of(t.changes) if c["kind"] == ChangeKind.HELD and c["ref"] == row["id"]]
    for turn in turns:
        if turn["at"] > cut.at:
            return bool(turn["whole"])
    return not turns[-1]["whole"] if turns else row["state"] == RunState.HELD


def _undo(state: State, record: Record, change: Row) -> None:
    """Bring back what was before a change."""
    ref, there = change["ref"], bool(change["whole"])
    own: dict[str, Any] = {"prospect_id": record.prospect_id}
    match ChangeKind(change["kind"]):
        case ChangeKind.FIELD:
            _undo_field(state, record, change)
        case ChangeKind.LIST:
            _put(state["list_members"], {**own, "list_id": ref}, there, since=change["at"])
        case ChangeKind.TAG:
            _put(state["prospect_tags"], {**own, "tag_id": ref}, there)
        case ChangeKind.CAMPAIGN:
            rest = {"status": change["text"], "since": change["at"]}
            _put(state["campaign_members"], {**own, "campaign_id": ref}, there, **rest)
        case ChangeKind.OPPORTUNITY:
            stage = change["detail"]
            folded = None if stage is None else fold(stage)
            rest = {"status": change["text"], "stage": stage, "stage_folded": folded}
            _put(state["opportunities"], {**own, "id": ref}, there, **rest, amount=change["number"])
            for row in state["opportunities"]:
                row.setdefault("key", str(row["id"]))
        case ChangeKind.HELD:
            pass


def _put(rows: list[dict[str, Any]], its: dict[str, Any], there: bool, **rest: Any) -> None:
    """Put a row in place of the one of the same key, or take that away."""
    present = [row for row in rows if all(row[name] == value for name, value in its.items())]
    rows[:] = [row for row in rows if row not in present]
    if there:
        rows.append({**(present[0] if present else {}), **its, **rest})


def _undo_field(state: State, record: Record, change: Row) -> None:
    name = record.word(change["ref"]) or ""
    if name not in _TYPES:
        kept = {each: change[each] for each in ("text", "number", "whole")}
        folded = None if kept["text"] is None else fold(kept["text"])
        there = any(value is not None for value in kept.values())
        key = {"prospect_id": record.prospect_id, "field_id": change["ref"]}
        _put(state["field_values"], key, there, **kept, folded=folded)
        return
    rows = state["standings"] if name in t.standings.c else state["prospects"]
    for row in rows:
        row.update(_field(name, change))


def _field(name: str, change: Row) -> dict[str, Any]:
    """Return the columns of a standard field as they were."""
    column = (t.standings if name in t.standings.c else t.prospects).c[name]
    found = {str: change["text"], float: change["number"]}
    kind = _TYPES[name] if name not in ("grade", "owner") else {"grade": "integer", "owner": "text"}[name]
    value = found[str] if kind == "text" else found[float] if kind == "number" else change["whole"]
    if kind == "datetime" and value is not None:
        value = moment(value)
    if kind == "boolean" and value is not None:
        value = bool(value)
    twin = f"{name}_folded"
    if twin in column.table.c:
        return {name: value, twin: None if value is None else fold(value)}
    return {name: value}


def _settle(state: State, record: Record, cut: Cut) -> None:
    """Bring to their values of then what follows from other rows: score, categories, last activity."""
    categories: dict[int, int] = {}
    for entry in state["score_entries"]:
        if entry["category_id"] is not None:
            categories[entry["category_id"]] = categories.get(entry["category_id"], 0) + entry["points"]
    own = record.prospect_id
    state["category_scores"] = [
        {"prospect_id": own, "category_id": number, "points": points} for number, points in categories.items()
    ]
    moments = [
        row["occurred_at"]
        for row in state["activities"]
        if not row["bot"] and record.word(row["type_id"]) not in PASSIVE
    ]
    for row in state["standings"]:
        row["score"] = sum(entry["points"] for entry in state["score_entries"])
        row["last_activity_at"] = max(moments, default=None)
    if any(row["created_at"] > cut.at for row in state["standings"]):
        state["standings"], state["prospects"] = [], []
