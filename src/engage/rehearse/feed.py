"""CSV files in the workspace's ``data/`` folder, brought in as a user would: by the importer, batch by batch."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from engage.errors import Outside
from engage.intake.import_kind import ImportOptions, ImportSummary, Mode
from engage.intake.imports import run_import
from engage.language.vocabulary import Vocabulary
from engage.wording import sentence


@dataclass(frozen=True, slots=True)
class Feed:
    """A folder of CSV files and the database that they go into."""

    engine: Engine
    folder: Path
    vocabulary: Vocabulary
    #: how many rows each file has
    counts: dict[str, int] = field(default_factory=dict)

    def bring(
        self, kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[object]], now: datetime,
        mode: Mode = "upsert",
    ) -> None:  # fmt: skip
        """Append rows to the file ``NAME.csv`` and import them; Outside where the importer refuses one."""
        batch = [list(row) for row in rows]
        if not batch:
            return
        before = self.counts.get(name, 0)
        whole, part = self.folder / f"{name}.csv", self.folder / f".{name}.part.csv"
        _write(part, header, batch, "w")
        summary = run_import(self.engine, kind, part, ImportOptions(mode=mode), self.vocabulary, now, _nobody_listens)
        _check(summary)
        part.unlink()
        _write(whole, header, batch, "a" if before else "w")
        self.counts[name] = before + len(batch)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], way: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(way, encoding="utf-8-sig" if way == "w" else "utf-8", newline="") as file:
        writer = csv.writer(file)
        if way == "w":
            writer.writerow(header)
        writer.writerows(rows)


def _check(summary: ImportSummary) -> None:
    if summary.rejected:
        message = "{count} rows were rejected; see {file}"
        raise Outside(sentence(message, count=summary.rejected, file=summary.rejected_file))


def _nobody_listens(done: int) -> None:
    """Take no notice of how many rows are done."""
