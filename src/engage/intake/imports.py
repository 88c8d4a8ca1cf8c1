"""CSV files become rows: read in batches, each batch one transaction, bad rows set aside."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine

from engage.errors import Refused
from engage.intake.csvfile import Row, open_csv, rows, wide_cells
from engage.intake.import_accounts import ACCOUNTS
from engage.intake.import_activities import ACTIVITIES
from engage.intake.import_campaign_members import CAMPAIGN_MEMBERS
from engage.intake.import_kind import Batch, ImportKind, ImportOptions, ImportSummary, Outcome, Task
from engage.intake.import_members import LIST_MEMBERS
from engage.intake.import_opportunities import OPPORTUNITIES
from engage.intake.import_prospects import PROSPECTS
from engage.intake.import_unsubscribes import UNSUBSCRIBES
from engage.intake.import_users import USERS
from engage.intake.mapping import Matching, match
from engage.intake.rejects import RejectedFile
from engage.intake.survey import survey
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.wording import sentence

#: Every kind of file that can be imported. Other kinds are handed in beside these.
KINDS: Mapping[str, ImportKind] = {
    "prospects": PROSPECTS,
    "activities": ACTIVITIES,
    "list-members": LIST_MEMBERS,
    "opportunities": OPPORTUNITIES,
    "accounts": ACCOUNTS,
    "campaign-members": CAMPAIGN_MEMBERS,
    "users": USERS,
    "unsubscribes": UNSUBSCRIBES,
}

#: How many rows are one transaction.
BATCH = 10_000
#: Fewer rows are one if they hold more characters than this, so that memory stays flat.
_VOLUME = 8_000_000
#: How many rows are counted at a time.
_PART = 100
#: How many objects are made before cycles are looked for: rows are many, small, and form none.
_COLLECT = 200_000


def run_import(
    engine: Engine,
    kind: str,
    path: Path,
    options: ImportOptions,
    vocabulary: Vocabulary,
    now: datetime,
    progress: Callable[[int], None],
    kinds: Mapping[str, ImportKind] = KINDS,
    noted: Callable[[Connection], object] = lambda _: None,
) -> ImportSummary:
    """Import a file and return what was done; ``progress`` is told how many rows are done after each batch.

    ``noted`` writes down, before the first row and not in a dry run, that an import begins.

    Raises Refused, with nothing written, where the file as a whole cannot be used.
    """
    if kind not in kinds:
        raise Refused(unknown("the kind of import", kind, kinds))
    chosen = kinds[kind]
    if options.mode not in chosen.modes:
        message = "{kind} cannot be imported by --mode {mode}; there are: {modes}"
        raise Refused(sentence(message, kind=kind, mode=options.mode, modes=", ".join(chosen.modes)))
    with wide_cells(), _fewer_collections():
        file = open_csv(path, options.encoding)
        matching = match(file.header, chosen.columns(vocabulary), options.maps, frozenset(options.blanks))
        _check_required(chosen, matching, file.header)
        locale: Literal["en", "ja"] = "ja" if vocabulary.locale == "ja" else "en"
        found = survey(file, matching, chosen.key and chosen.key(matching), locale)
        task = Task(options, vocabulary, now, matching, found)
        summary = ImportSummary(
            ignored=matching.ignored,
            matched=_matched(matching, file.header),
            encoding=file.encoding,
            doubts=found.doubts,
        )
        with engine.connect() as connection, RejectedFile(file, options.rejected, locale) as rejects:
            with connection.begin():
                importer = chosen.start(task, connection)
                if not options.dry_run:
                    noted(connection)
            for some, last in _batches(rows(file)):
                batch = importer(some, last)
                outcome = _write(connection, batch, options.dry_run)
                rejected = (*batch.rejected, *outcome.rejected)
                rejects.write(rejected)
                summary = summary.plus(outcome, len(rejected))
                progress(summary.read)
            return replace(summary, rejected_file=rejects.written)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Let the garbage collector run seldom inside this block; it costs a third of the reading else."""
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _write(connection: Connection, batch: Batch, dry_run: bool) -> Outcome:
    """Write a batch in its own transaction, which a dry run takes back."""
    with connection.begin() as transaction:
        outcome = batch.write(connection)
        if dry_run:
            transaction.rollback()
    return outcome


def _batches(all_rows: Iterator[Row]) -> Iterator[tuple[list[Row], bool]]:
    """Yield rows by the batch, each with whether it is the last; at least one, which may be empty."""
    some: list[Row] = []
    volume = 0
    for part in iter(lambda: list(islice(all_rows, _PART)), []):
        characters = sum(len(cell) for row in part for cell in row.cells)
        if some and (len(some) + len(part) > BATCH or volume + characters > _VOLUME):
            yield some, False
            some, volume = [], 0
        some += part
        volume += characters
    yield some, True


def _check_required(kind: ImportKind, matching: Matching, header: tuple[str, ...]) -> None:
    for name in kind.required:
        if matching.place(name) is None:
            message = "no column gives {field}; say which does by --map {example} (there are: {columns})"
            there = ", ".join(name for name in header if name)
            raise Refused(sentence(message, field=name, example=repr(f"COLUMN={name}"), columns=there))


def _matched(matching: Matching, header: tuple[str, ...]) -> dict[str, str]:
    """Return which field each column fills; composed texts have no column of their own."""
    return {header[place]: column.name for column, place in matching.places if place < len(header)}
