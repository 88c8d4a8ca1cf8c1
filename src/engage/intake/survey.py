"""The first reading of a file, before anything is written: can it be parsed, how are its dates written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engage.intake.csvfile import CsvFile, rows
from engage.intake.days import DayCount
from engage.intake.mapping import Matching
from engage.intake.repeats import Repeats

#: Returns what names a row's subject, from the row's cells; None: nothing does.
RowKey = Callable[[list[str]], str | None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What holds for a file as a whole."""

    #: how dates are written, by field
    ways: Mapping[str, str]
    repeats: Repeats


def survey(file: CsvFile, matching: Matching, key: RowKey | None) -> Survey:
    """Read a file through; raise Refused where it cannot be parsed, or a column's dates cannot be told."""
    dated = [(column.name, place, DayCount()) for column, place in matching.places if "date" in column.type]
    repeats = Repeats()
    for row in rows(file):
        if row.fault is not None:
            continue
        cells = matching.complete(row.cells)
        for _, place, count in dated:
            count.add(cells[place])
        if key is not None and (name := key(cells)) is not None:
            repeats.add(name)
    repeats.settle()
    ways = {
        name: count.settle(file.header[place] if place < len(file.header) else name) for name, place, count in dated
    }
    return Survey(ways, repeats)
