"""Everything that is kept of one prospect, read at once: the present rows, what changed, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from engage.sql import tables as t

#: A row as it is stored.
Row = Mapping[str, Any]

#: Tables whose rows belong to one prospect, in the order in which they were written where that tells something.
_OWN: tuple[Table, ...] = (
    t.standings, t.field_values, t.list_members, t.prospect_tags, t.campaign_members, t.opportunities, t.activities,
    t.score_entries, t.former_entries, t.messages, t.todos, t.todo_changes, t.notifications, t.calls,
    t.enrolments, t.changes,
)  # fmt: skip
#: Tables of a run's passages.
_PASSED: tuple[Table, ...] = (t.visits, t.reasons)
#: Tables that hold few rows and belong to nobody.
_SHARED: tuple[Table, ...] = (t.lists, t.campaigns, t.scenarios, t.pauses, t.lifetimes)
#: Columns that hold a number of ``words``.
_WORDS = frozenset(("type_id", "target_id", "link_id", "tag_id", "field_id", "category_id", "rule_id", "template_id"))


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one prospect, by table, and the words its rows name."""

    prospect_id: int
    rows: Mapping[str, Sequence[Row]]

    def of(self, table: Table) -> Sequence[Row]:
        """Return the rows of a table."""
        return self.rows[table.name]

    def word(self, number: int | None) -> str | None:
        """Return the text of a word's number."""
        return next((row["text"] for row in self.of(t.words) if row["id"] == number), None)


def read_record(connection: Connection, prospect_id: int) -> Record:
    """Return what is kept of a prospect; all of it, so that any past moment can be told from it."""
    rows: dict[str, Sequence[Row]] = {}
    rows["prospects"] = _read(connection, t.prospects, t.prospects.c.id == prospect_id)
    for table in _OWN:
        rows[table.name] = _read(connection, table, table.c.prospect_id == prospect_id)
    runs = [row["id"] for row in rows["enrolments"]]
    for table in _PASSED:
        rows[table.name] = _read(connection, table, table.c.enrolment_id.in_(runs))
    deeds = {row["deed_id"] for row in rows["todo_changes"]}
    rows["todo_deeds"] = _read(connection, t.todo_deeds, t.todo_deeds.c.id.in_(deeds))
    for table in _SHARED:
        rows[table.name] = _read(connection, table)
    rows["steps"] = _steps(connection, rows)
    named = t.outcome_names.c.step_id.in_([row["id"] for row in rows["steps"]])
    rows["outcome_names"] = _read(connection, t.outcome_names, named)
    rows["words"] = _words(connection, rows)
    return Record(prospect_id, rows)


def _read(connection: Connection, table: Table, *wheres: Any) -> Sequence[Row]:
    chosen = select(table).where(*wheres).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(chosen).mappings()]


def _steps(connection: Connection, rows: Mapping[str, Sequence[Row]]) -> Sequence[Row]:
    """Return the steps of the scenarios that the prospect entered, and what else the rows name."""
    entered = {row["scenario_id"] for row in rows["enrolments"]}
    named = {row.get("step_id") for table in rows.values() for row in table}
    s = t.steps.c
    return _read(connection, t.steps, or_(s.scenario_id.in_(entered), s.id.in_(each for each in named if each)))


def _words(connection: Connection, rows: Mapping[str, Sequence[Row]]) -> Sequence[Row]:
    """Return the words that the rows name, and those of kinds that conditions look up by their text."""
    numbers = {row[name] for table in rows.values() for row in table for name in _WORDS & row.keys()}
    numbers.update(row["ref"] for row in rows["changes"])
    named = sorted(number for number in numbers if number is not None)
    w = t.words
    return _read(connection, w, or_(w.c.id.in_(named), w.c.kind.in_(("field", "event", "category"))))
