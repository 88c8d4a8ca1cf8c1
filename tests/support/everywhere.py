"""A person of whom something stands in every place of the database, each text, number and moment one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, Table, Text, insert

from engage.reports.personal_parts import PARTS, PERSON, is_told, subject_of
from engage.sql import tables as t
from engage.sql.columns import Instant, written
from engage.sql.interning import word_id

#: Columns whose values mean something to the program, and those that they get here.
FIXED: dict[str, Any] = {
    "enrolments.state": 0, "enrolments.phase": 2, "standings.grade": 7, "score_entries.kind": 2,
    "former_entries.kind": 0, "heard.kind": 1, "returned.kind": 1, "messages.status": 2, "messages.kind": 0,
    "messages.bounce": 2, "notifications.status": 2, "calls.status": 3, "changes.kind": 0, "visits.outcome": 1,
    "scenarios.paused_total": 0,
}  # fmt: skip
#: Columns that name a row of a table by its number.
NUMBERED = {
    "enrolment_id": "enrolments", "message_id": "messages", "activity_id": "activities", "entry_id": "score_entries",
    "todo_id": "todos", "deed_id": "todo_deeds", "content_id": "call_contents", "opportunity_id": "opportunities",
    "entered_by": "activities", "list_id": "lists", "campaign_id": "campaigns", "scenario_id": "scenarios",
    "step_id": "steps", "send_id": "sends",
}  # fmt: skip
#: In which order rows are written, so that those they name are there.
ORDER = (
    t.scenarios, t.steps, t.lists, t.campaigns, t.call_contents, t.todo_deeds, t.opportunities, t.enrolments,
    t.messages, t.activities, t.score_entries, t.todos,
)  # fmt: skip


@dataclass
class Everywhere:
    """A person, and what was written of it by table and column."""

    #: stands in every text of the person
    mark: str
    #: where the person's numbers begin
    start: int
    prospect_id: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def put(self, connection: Connection) -> None:
        """Write a row of the person into every table that is about one."""
        self.prospect_id = self._row(connection, t.prospects)
        own = [part.table for part in PARTS]
        for table in (*ORDER, t.standings, *(each for each in own if each not in ORDER)):
            self._row(connection, table)

    def told(self) -> Iterator[tuple[str, Any]]:
        """Yield what was written into columns that are to be told, with the places."""
        for table in (*PERSON, *(part.table for part in PARTS)):
            for column in table.c:
                place = f"{table.name}.{column.name}"
                if is_told(column) and place in self.values:
                    yield place, self.values[place]

    def _row(self, connection: Connection, table: Table) -> int:
        row = {column.name: self._value(connection, column) for column in written(table) if not _counted(column)}
        made = connection.execute(insert(table).values(row))
        number = int(made.inserted_primary_key[0]) if "id" in table.c else 0  # type: ignore[index]
        self.numbers[table.name] = number
        for column in written(table):
            place = f"{table.name}.{column.name}"
            if _has_mark(column) and place not in FIXED:
                self.values[place] = row[column.name]
        return number

    def _value(self, connection: Connection, column: Column[Any]) -> Any:
        place, name = f"{column.table.name}.{column.name}", column.name
        text = f"{self.mark}-{place}"
        if place in FIXED:
            return FIXED[place]
        if name == "prospect_id":
            return self.prospect_id
        if name in NUMBERED:
            return self.numbers.get(NUMBERED[name], 0)  # no activity is there when the run begins
        if place == "changes.ref" or (name.endswith("_id") and not isinstance(column.type, Text)):
            self.values[place] = text
            return word_id(connection, "any", text)
        if place == "audit.subject":
            return subject_of(self.prospect_id)
        if place in ("activities.properties", "audit.detail", "call_contents.content"):
            return f'{{"own": "{text}"}}'
        return self._plain(column, text)

    def _plain(self, column: Column[Any], text: str) -> Any:
        self.start += 1
        match column.type:
            case Text():
                return text
            case Instant():
                return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.start)
            case Boolean():
                return True
            case Integer() | BigInteger():
                return self.start % 30_000
            case Float():
                return float(self.start)
            case LargeBinary():
                return blake2b(text.encode(), digest_size=16).digest()
            case other:
                raise AssertionError(other)


def _counted(column: Column[Any]) -> bool:
    """Tell whether the database numbers the rows by a column."""
    return column.name == "id" and not isinstance(column.type, LargeBinary)


def _has_mark(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | Instant | Float) and not _counted(column)
