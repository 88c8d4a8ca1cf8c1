"""Prospects from a CSV file: told apart by address, only what differs is written.

``tags`` and ``lists`` add and never take away. An opt-out is not touched by any column.
"""

from __future__ import annotations

from collections.abc import Sequence

from engage.intake.import_kind import ImportKind
from engage.intake.mapping import Column
from engage.intake.people import known
from engage.intake.prospect_rows import CellReader, Shape
from engage.intake.typed import reader
from engage.language.fields import STANDARD
from engage.language.vocabulary import Vocabulary

#: Columns that are no fields; their names must stand as they are in the export.
SPECIAL = ("score", "owner", "tags", "lists")
#: Rows of an address that comes again later wait for the last one; at most so many.
MOST_WAITING = 20_000
_STORED = frozenset(column.name for column in STANDARD if column.stored)
#: Larger scores are a mistake.
_HIGHEST_SCORE = 1_000_000_000


def columns(vocabulary: Vocabulary) -> Sequence[Column]:
    """Return every column of the export, and whether it can be taken back."""
    fields = [(column, place) for column, place in task.matching.places if column.custom or column.name in _STORED]
    readers = tuple(
        CellReader(column, place, reader(column, ways.get(column.name, "iso"), zone, task.matching.blanks))
        for column, place in fields
    )
    shape = Shape.of(tuple(column for column, _ in fields))
    return ProspectReader(task, known(connection, task.vocabulary), shape, readers, places, address_key(task.matching))


PROSPECTS = ImportKind(columns, ("email",), ("upsert", "insert", "update", "delete"), start, address_key)
