"""The rows that could not be imported, written beside the file with the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from engage.errors import Outside, Refused
from engage.intake.csvfile import CsvFile, Row
from engage.language.cells import guarded, unguarded
from engage.wording import Locale, Sentence, sentence


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that is not imported, and why."""

    row: Row
    why: Sentence


class RejectedFile:
    """``FILE.rejected.csv``: line number, reason, and the cells as they were; made when the first row comes."""

    def __init__(self, file: CsvFile, path: Path | None, locale: Locale) -> None:
        self.path = path or file.path.with_suffix(".rejected.csv")
        if self.path.resolve() == file.path.resolve():
            raise Refused(sentence("{file} cannot be read and written at once", file=file.path))
        self._header, self._locale = file.header, locale
        self._stack = ExitStack()
        self._stream: TextIO | None = None

    def __enter__(self) -> RejectedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def written(self) -> Path | None:
        """The path, if there is anything in the file."""
        return None if self._stream is None else self.path

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Add rows, in the order of their lines."""
        ordered = sorted(rejections, key=lambda rejection: rejection.row.line)
        if not ordered:
            return
        try:
            if self._stream is None:
                self._stream = self._stack.enter_context(
                    self.path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
                )
                csv.writer(self._stream).writerow(["line", "reason", *map(_safe, self._header)])
            csv.writer(self._stream).writerows(
                [r.row.line, guarded(r.why.read(self._locale)), *map(_safe, r.row.cells)] for r in ordered
            )
            self._stream.flush()
        except OSError as error:
            raise Outside(sentence("{file} cannot be written: {why}", file=self.path, why=error.strerror)) from None


def _safe(cell: str) -> str:
    """Return a cell as it was, guarded once if it needs to be."""
    return guarded(unguarded(cell))
