"""Rows brought in as the importer does it, without a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from engage.intake.csvfile import Row
from engage.intake.import_kind import ImportOptions, Mode, Task
from engage.intake.imports import KINDS
from engage.intake.mapping import match
from engage.intake.repeats import Repeats
from engage.intake.survey import Survey
from engage.language.scalars import Plain
from engage.language.vocabulary import Vocabulary
from engage.wording import Sentence


def bring(
    connection: Connection,
    kind: str,
    cells: Mapping[str, str],
    vocabulary: Vocabulary,
    now: datetime,
    *,
    mode: Mode = "upsert",
    clear_empty: bool = False,
) -> Sentence | None:
    """Import one row, its cells by the names of their columns; return why it was rejected, if it was."""
    chosen = KINDS[kind]
    matching = match(tuple(cells), chosen.columns(vocabulary), ())
    options = ImportOptions(mode=mode, clear_empty=clear_empty)
    importer = chosen.start(Task(options, vocabulary, now, matching, Survey({}, Repeats())), connection)
    batch = importer([Row(1, list(cells.values()))], True)
    rejected = (*batch.rejected, *batch.write(connection).rejected)
    return rejected[0].why if rejected else None


def cell(value: Plain) -> str:
    """Return a value of YAML as a cell of a file; nothing is an empty cell.

    >>> cell(True), cell(None), cell(3)
    ('true', '', '3')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
