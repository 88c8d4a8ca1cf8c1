"""Rows become CSV that spreadsheets open: UTF-8 with BOM, CRLF, RFC 4180, formulas guarded."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from engage.language.cells import guarded, instant_text, number_text, truth_text

#: What a cell can hold before it is written.
Value = str | int | float | bool | datetime | None


def cell(value: Value, zone: ZoneInfo) -> str:
    """Return a value as it stands in the file; moments have the offset of a zone."""
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case bool():
            return truth_text(value)
        case int() | float():
            return number_text(value)
        case datetime():
            return instant_text(value, zone)


def write_csv(out: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[Value]], zone: ZoneInfo) -> int:
    """Write a header and rows as they come, and return how many rows; ``out`` stays open."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow([cell(name, zone) for name in columns])
        count = 0
        for values in rows:
            writer.writerow([cell(value, zone) for value in values])
            count += 1
        text.flush()
    finally:
        text.detach()
    return count


#: So many rows are handed on at once.
_ROWS = 1_000


def csv_parts(columns: Sequence[str], rows: Iterable[Sequence[Value]], zone: ZoneInfo) -> Iterator[bytes]:
    """Yield a file like that of ``write_csv`` part by part, for who sends it on while it is made."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([cell(name, zone) for name in columns])
    yield codecs.BOM_UTF8
    for number, values in enumerate(rows, 1):
        writer.writerow([cell(value, zone) for value in values])
        if number % _ROWS == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
