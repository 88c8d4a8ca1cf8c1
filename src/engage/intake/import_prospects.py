"""Prospects from a CSV file: told apart by address, only what differs is written.

``tags`` and ``lists`` add and never take away. An opt-out is not touched by any column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from engage.intake.addresses import read_address
from engage.intake.csvfile import Row
from engage.intake.delete_prospects import delete_people
from engage.intake.import_kind import Batch, Importer, ImportKind, Outcome, Task, in_column, reason
from engage.intake.mapping import Column, Matching
from engage.intake.people import Known, checked_word, known, several
from engage.intake.prospect_rows import CellReader, Draft, Shape
from engage.intake.rejects import Rejection
from engage.intake.survey import RowKey
from engage.intake.typed import cleaned, read_integer, reader
from engage.intake.write_prospects import write_people
from engage.language.fields import STANDARD
from engage.language.vocabulary import Vocabulary
from engage.wording import sentence

#: Columns that are no fields; their names must stand as they are in the export.
SPECIAL = ("score", "owner", "tags", "lists")
#: Rows of an address that comes again later wait for the last one; at most so many.
MOST_WAITING = 20_000
_STORED = frozenset(column.name for column in STANDARD if column.stored)
#: Larger scores are a mistake.
_HIGHEST_SCORE = 1_000_000_000


def columns(vocabulary: Vocabulary) -> Sequence[Column]:
    """Return every column of the export, and whether it can be taken back."""
    fields = [
        Column(f.name, f.type, f.custom, f.read_only and f.name not in SPECIAL, f.name not in SPECIAL, f.choices)
        for f in vocabulary.fields.values()
    ]
    return [*fields, *(Column(name) for name in ("tags", "lists") if name not in vocabulary.fields)]


def address_key(matching: Matching) -> RowKey:
    """Return what names the person of a row: the address, nearly as it will be folded."""
    place = matching.place("email") or 0

    def key(cells: list[str]) -> str | None:
        return cells[place].strip().lower() or None

    return key


@dataclass(slots=True)
class ProspectReader:
    """Reads rows into drafts; rows of one address become one draft, in which the later ones win."""

    task: Task
    names: Known
    shape: Shape
    #: one for each field, in the order of the shape
    plain: tuple[CellReader, ...]
    custom: tuple[CellReader, ...]
    #: columns that are no fields, with their places
    special: tuple[tuple[str, int], ...]
    #: the place of the address
    email: int
    key: RowKey
    waiting: dict[str, Draft] = field(default_factory=dict)

    def __call__(self, rows: Sequence[Row], last: bool) -> Batch:
        """Return what is to be written for some rows."""
        ready: dict[str, Draft] = {}
        rejected: list[Rejection] = []
        complete, repeats = self.task.matching.complete, self.task.survey.repeats
        for row in rows:
            if row.fault is not None:
                rejected.append(Rejection(row, row.fault))
                continue
            cells = complete(row.cells)
            again = bool(repeats) and (name := self.key(cells)) is not None and repeats.meet(name)[1]
            try:
                draft = self.draft(row, cells)
            except ValueError as error:
                rejected.append(Rejection(row, reason(error)))
                continue
            before = self.waiting.pop(draft.folded, None) or ready.pop(draft.folded, None)
            if before is not None:
                draft = before.followed_by(draft, clear=self.task.options.clear_empty)
            (self.waiting if again and len(self.waiting) < MOST_WAITING else ready)[draft.folded] = draft
        if last:
            ready.update(self.waiting)
            self.waiting.clear()
        drafts = list(ready.values())
        return Batch(self._writer(drafts), tuple(rejected))

    def _writer(self, drafts: list[Draft]) -> Callable[[Connection], Outcome]:
        if self.task.options.mode == "delete":
            return lambda connection: delete_people(connection, drafts, self.task)
        return lambda connection: write_people(connection, drafts, self.shape, self.task)

    def draft(self, row: Row, cells: list[str]) -> Draft:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        text = cleaned(cells[self.email], self.task.matching.blanks)
        email, folded = read_address(text or "")
        draft = Draft(email, folded, [row])
        values = draft.values
        for column in self.plain:
            cell = cells[column.place]
            values += column.seen.get(cell) or column.first(cell)
        for column in self.custom:
            cell = cells[column.place]
            (value,) = column.seen.get(cell) or column.first(cell)
            if value is not None or self.task.options.clear_empty:
                draft.custom[column.name] = value
        for name, place in self.special:
            self._special(draft, name, cells[place])
        return draft

    def _special(self, draft: Draft, name: str, cell: str) -> None:
        """Read a column that is no field."""
        try:
            text = cleaned(cell, self.task.matching.blanks)
            if text is None:
                draft.clear_owner = draft.clear_owner or (name == "owner" and self.task.options.clear_empty)
            elif name == "score":
                draft.score = _score(text)
            elif name == "owner":
                draft.owner = self.names.addressee(text)
            elif name == "tags":
                draft.tags = frozenset(checked_word(tag) for tag in several(text))
            else:
                draft.lists = frozenset(self.names.static_list(part) for part in several(text))
        except ValueError as error:
            raise ValueError(in_column(name, error)) from None


def _score(text: str) -> int:
    score = read_integer(text)
    if abs(score) > _HIGHEST_SCORE:
        raise ValueError(sentence("{text} is too large", text=text))
    return score


def start(task: Task, connection: Connection) -> Importer:
    """Return what reads the rows of a file."""
    zone, ways, blanks = task.vocabulary.zone, task.survey.ways, task.matching.blanks
    fields = [(column, place) for column, place in task.matching.places if column.custom or column.name in _STORED]
    readers = [
        CellReader(column, place, reader(column, ways.get(column.name, "iso"), zone, blanks))
        for column, place in fields
    ]
    return ProspectReader(
        task,
        known(connection, task.vocabulary),
        Shape.of(tuple(column for column, _ in fields)),
        tuple(each for each in readers if not each.custom),
        tuple(each for each in readers if each.custom),
        tuple((name, place) for name in SPECIAL if (place := task.matching.place(name)) is not None),
        task.matching.place("email") or 0,
        address_key(task.matching),
    )


PROSPECTS = ImportKind(columns, ("email",), ("upsert", "insert", "update", "delete"), start, address_key)
