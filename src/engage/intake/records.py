"""Rows about things that have an id: read, and brought together where a file has several about one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from engage.intake.addresses import read_address
from engage.intake.csvfile import Row
from engage.intake.import_kind import Batch, Outcome, Task, in_column, reason
from engage.intake.mapping import Column, Matching
from engage.intake.rejects import Rejection
from engage.intake.survey import RowKey
from engage.intake.typed import Reader, Value, reader
from engage.wording import Sentence, sentence

#: So many records are held back for rows that come later in the file.
MOST_WAITING = 100_000
#: Checks a value and returns it as it is stored; raises ValueError with a sentence.
Check = Callable[[str], str]
#: Checks what a whole row says; raises ValueError with a sentence.
Whole = Callable[[Mapping[str, Value | None]], None]


@dataclass(slots=True)
class Record:
    """What the rows of a file say of one thing; None: the cell was empty."""

    key: tuple[str, ...]
    values: dict[str, Value | None]
    rows: list[Row]
    #: rows that a later one differs from
    overruled: int = 0

    def followed_by(self, later: Record) -> Record:
        """Return what both say: the later one's cells, where they are empty those before."""
        said = {name: value for name, value in later.values.items() if value is not None}
        differs = any(self.values.get(name) not in (None, value) for name, value in said.items())
        overruled = self.overruled + differs
        return Record(self.key, {**self.values, **said}, [*self.rows, *later.rows], overruled)


#: Writes records; the outcome counts their rows.
Write = Callable[[Connection, Sequence[Record]], Outcome]


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of a file that are read."""

    columns: tuple[tuple[str, int, Reader], ...]
    checks: Mapping[str, Check]
    #: the names that make the key
    keys: tuple[str, ...]
    whole: Whole | None = None

    @classmethod
    def of(cls, task: Task, checks: Mapping[str, Check], keys: tuple[str, ...], whole: Whole | None = None) -> Cells:
        """Return the columns of a task's file."""
        zone, ways, blanks = task.vocabulary.zone, task.survey.ways, task.blanks
        found = tuple(
            (column.name, place, reader(column, ways.get(column.name, "iso"), zone, blanks))
            for column, place in task.matching.places
        )
        return cls(found, checks, keys, whole)

    def read(self, row: Row, cells: list[str]) -> Record:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        values: dict[str, Value | None] = {}
        for name, place, read in self.columns:
            try:
                value = read(cells[place])
                check = self.checks.get(name)
                values[name] = check(str(value)) if check is not None and value is not None else value
            except ValueError as error:
                raise ValueError(in_column(name, error)) from None
        for name in self.keys:
            if values.get(name) is None:
                raise ValueError(sentence("there is no {column}", column=name))
        if self.whole is not None:
            self.whole(values)
        key = (read_address(str(values[name])).folded if name == "email" else str(values[name]) for name in self.keys)
        return Record(tuple(key), values, [row])


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads rows into records; one whose rows come again waits for the last of them."""

    task: Task
    cells: Cells
    key: RowKey
    write: Write
    waiting: dict[tuple[str, ...], Record] = field(default_factory=dict)

    def __call__(self, rows: Sequence[Row], last: bool) -> Batch:
        """Return what is to be written for some rows."""
        ready: dict[tuple[str, ...], Record] = {}
        rejected: list[Rejection] = []
        for row in rows:
            try:
                if row.fault is not None:
                    raise ValueError(row.fault)
                self._take(row, ready)
            except ValueError as error:
                rejected.append(Rejection(row, reason(error)))
        if last:
            ready.update(self.waiting)
            self.waiting.clear()
        records = list(ready.values())
        return Batch(lambda connection: self.write(connection, records), tuple(rejected))

    def _take(self, row: Row, ready: dict[tuple[str, ...], Record]) -> None:
        cells = self.task.matching.complete(row.cells)
        name = self.key(cells)
        again = name is not None and self.task.survey.repeats.meet(name)[1]
        record = self.cells.read(row, cells)
        before = self.waiting.pop(record.key, None) or ready.pop(record.key, None)
        if before is not None:
            record = before.followed_by(record)
        (self.waiting if again and len(self.waiting) < MOST_WAITING else ready)[record.key] = record


def key_of(*names: str) -> Callable[[Matching], RowKey]:
    """Return what makes the rows of one thing alike: the folded cells of some columns."""

    def of(matching: Matching) -> RowKey:
        places = [place for name in names if (place := matching.place(name)) is not None]

        def key(cells: list[str]) -> str | None:
            parts = [cells[place].strip().casefold() for place in places]
            return "\x1f".join(parts) if all(parts) else None

        return key

    return of


def loose(*names: str) -> list[Column]:
    """Return columns of text whose headers may be written otherwise."""
    return [Column(name, loose=True) for name in names]


def said(record: Record, names: Sequence[str], clears: Sequence[str]) -> dict[str, Value | None]:
    """Return the values that a record gives or clears."""
    return {
        name: record.values[name]
        for name in names
        if name in record.values and (record.values[name] is not None or name in clears)
    }


def unwanted(
    places: Iterable[int], old: Container[int], mode: str, there: Sentence, absent: Sentence
) -> dict[int, Sentence]:
    """Return the places of records that a mode does not allow, with the reason; ``old`` are those stored already."""
    if mode == "insert":
        return {n: there for n in places if n in old}
    if mode == "update":
        return {n: absent for n in places if n not in old}
    return {}


def refused(records: Sequence[Record], why: Mapping[int, Sentence]) -> tuple[Rejection, ...]:
    """Return the rows of records that are not imported, by their places."""
    return tuple(Rejection(row, why[n]) for n in sorted(why) for row in records[n].rows)


def counted(
    records: Sequence[Record],
    new: frozenset[int],
    changed: frozenset[int],
    gone: frozenset[int],
    why: Mapping[int, Sentence],
) -> Outcome:
    """Count the rows of records: of several, the first is new or updated, later ones updated where they differ."""
    total = sum(len(record.rows) for record in records)
    rejected = refused(records, why)
    overruled = sum(records[n].overruled for n in new | changed)
    done = len(new) + len(changed) + len(gone) + overruled
    return Outcome(
        inserted=len(new),
        updated=len(changed) + overruled,
        deleted=len(gone),
        unchanged=total - done - len(rejected),
        rejected=rejected,
    )
