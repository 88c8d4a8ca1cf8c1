"""The first reading of a file, before anything is written: can it be parsed, how are its dates written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engage.intake.csvfile import CsvFile, rows
from engage.intake.days import DayCount
from engage.intake.mapping import Matching
from engage.intake.repeats import Repeats
from engage.intake.zeros import FIELDS, LostZeros
from engage.wording import Locale, Sentence

#: Returns what names a row's subject, from the row's cells; None: nothing does.
RowKey = Callable[[list[str]], str | None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What holds for a file as a whole."""

    #: how dates are written, by field
    ways: Mapping[str, str]
    repeats: Repeats
    #: what looks as if a spreadsheet had damaged it
    doubts: tuple[Sentence, ...] = ()


def survey(file: CsvFile, matching: Matching, key: RowKey | None, locale: Locale = "en") -> Survey:
    """Read a file through; raise Refused where it cannot be parsed, or a column's dates cannot be told."""
    zeros = _zeros(file, matching) if locale == "ja" else []
    dated = [(column.name, place, DayCount()) for column, place in matching.places if "date" in column.type]
    repeats = Repeats()
    for row in rows(file):
        if row.fault is not None:
            continue
        cells = matching.complete(row.cells)
        for _, place, count in dated:
            count.add(cells[place])
        for seen, place in zeros:
            seen.add(cells[place], row.line)
        if key is not None and (name := key(cells)) is not None:
            repeats.add(name)
    repeats.settle()
    ways = {name: count.settle(_header(file, place, name)) for name, place, count in dated}
    return Survey(ways, repeats, tuple(seen.doubt() for seen, _ in zeros if seen.count))


def _zeros(file: CsvFile, matching: Matching) -> list[tuple[LostZeros, int]]:
    """Return what watches the columns that may have lost leading zeros, with their places."""
    named = [(column.name, place) for column, place in matching.places if column.name in FIELDS]
    return [(LostZeros(name, _header(file, place, name)), place) for name, place in named]


def _header(file: CsvFile, place: int, name: str) -> str:
    """Return the header of a column; a composed text has none."""
    return file.header[place] if place < len(file.header) else name
