"""What an import is made of: its options, its task, a batch of rows, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, Literal, TypeVar

from sqlalchemy import Connection

from engage.intake.csvfile import Row
from engage.intake.mapping import Column, Ignored, Matching
from engage.intake.rejects import Rejection
from engage.intake.survey import RowKey, Survey
from engage.language.vocabulary import Vocabulary
from engage.wording import Sentence, sentence

Mode = Literal["insert", "update", "upsert", "delete"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be imported."""

    mode: Mode = "upsert"
    #: everything is done and counted, nothing is kept
    dry_run: bool = False
    #: ``auto``, or the name of an encoding
    encoding: str = "auto"
    #: ``COLUMN=field,…`` or ``field=TEXT with {COLUMN}``
    maps: tuple[str, ...] = ()
    #: texts that mean an empty cell
    blanks: tuple[str, ...] = ()
    #: an empty cell clears its field
    clear_empty: bool = False
    #: unknown addresses become prospects (activities, list members, unsubscribes)
    create_prospects: bool = False
    #: where rejected rows go; default: FILE.rejected.csv
    rejected: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of rows."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were read and wait to be written."""

    #: writes them inside a transaction
    write: Callable[[Connection], Outcome]
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """What an importer has to do, and what it may know."""

    options: ImportOptions
    vocabulary: Vocabulary
    now: datetime
    matching: Matching
    survey: Survey

    @property
    def blanks(self) -> frozenset[str]:
        """Texts that mean an empty cell."""
        return frozenset(self.options.blanks)


#: Reads rows, without writing; True: these are the last.
Importer = Callable[[Sequence[Row], bool], Batch]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowReader(Generic[T]):
    """Reads rows of which each stands for itself."""

    #: returns what a row says; raises ValueError with a sentence where a cell cannot be used
    read: Callable[[Row], T]
    #: stores what some rows said
    write: Callable[[Connection, Sequence[T]], Outcome]

    def __call__(self, rows: Sequence[Row], last: bool) -> Batch:  # noqa: ARG002 - none waits for a later row
        """Return what is to be written for some rows."""
        found: list[T] = []
        rejected: list[Rejection] = []
        for row in rows:
            try:
                if row.fault is not None:
                    raise ValueError(row.fault)
                found.append(self.read(row))
            except ValueError as error:
                rejected.append(Rejection(row, reason(error)))
        return Batch(lambda connection: self.write(connection, found), tuple(rejected))


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of file that can be imported."""

    columns: Callable[[Vocabulary], Sequence[Column]]
    required: tuple[str, ...]
    modes: tuple[Mode, ...]
    start: Callable[[Task, Connection], Importer]
    #: what names a row's subject; rows that share it are told apart or brought together
    key: Callable[[Matching], RowKey] | None = None


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did; ``read`` is the sum of the counts after it."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0
    #: columns that were not imported, and why
    ignored: tuple[Ignored, ...] = ()
    #: which column went into which field
    matched: Mapping[str, str] = field(default_factory=dict)
    rejected_file: Path | None = None
    encoding: str = "utf-8"
    #: what looks as if a spreadsheet had damaged it; it was imported as it is
    doubts: tuple[Sentence, ...] = ()

    def plus(self, outcome: Outcome, rejected: int) -> ImportSummary:
        """Return the summary with a batch added."""
        done = outcome.inserted + outcome.updated + outcome.unchanged + outcome.deleted + rejected
        return replace(
            self,
            read=self.read + done,
            inserted=self.inserted + outcome.inserted,
            updated=self.updated + outcome.updated,
            unchanged=self.unchanged + outcome.unchanged,
            deleted=self.deleted + outcome.deleted,
            rejected=self.rejected + rejected,
        )


def reason(error: ValueError) -> Sentence:
    """Return the sentence of a ValueError."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Sentence) else sentence("{why}", why=said)


def in_column(column: str, error: ValueError) -> Sentence:
    """Return the sentence of a ValueError with the field it speaks of."""
    return sentence("{column}: {why}", column=column, why=reason(error))
