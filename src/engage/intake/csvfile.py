"""A CSV file read row by row: its delimiter, its header, and what is wrong with a row as a whole."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from engage.errors import Refused
from engage.intake.charset import encoding_of
from engage.language.cells import unguarded
from engage.wording import Sentence, sentence

#: A cell with more characters is refused with its row.
LONGEST_CELL = 128 * 1024
#: More is not even read: it is a quote that was never closed.
_MOST = 16 * 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
#: What is left of bytes that the encoding does not have.
_UNREADABLE = re.compile("[\ud800-\udfff]")
_REPLACED = re.compile("[\ud800-\udfff\ufffd]")
#: In these, what cannot be read is replaced by U+FFFD.
_WIDE = ("utf-16", "utf-32")
#: A first line that names the delimiter, for spreadsheets; it is no row.
_NAMED = re.compile(r'"?sep=([^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that can be read as CSV."""

    path: Path
    encoding: str
    delimiter: str
    #: the names of the columns, without spaces around them
    header: tuple[str, ...]
    #: how many lines stand above the header
    above: int = 0


class Row(NamedTuple):
    """A row of a file, with the number of the line on which it begins."""

    line: int
    cells: list[str]
    #: why the row as a whole cannot be used
    fault: Sentence | None = None


@contextmanager
def wide_cells() -> Iterator[None]:
    """Let the csv module read long cells inside this block, so that a row is refused and not the file."""
    before = csv.field_size_limit(_MOST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def open_csv(path: Path, encoding: str = "auto") -> CsvFile:
    """Return what is needed to read a file; raise Refused where it cannot be read."""
    if not path.is_file():
        raise Refused(sentence("{file} is not a file that can be read", file=path))
    try:
        codec = encoding_of(path, encoding)
        delimiter, above = _delimiter(path, codec)
        file = CsvFile(path, codec, delimiter, (), above)
        first = next(_records(file), None)
    except OSError as error:
        raise Refused(sentence("{file} cannot be read: {why}", file=path, why=error.strerror)) from None
    if first is None:
        raise Refused(sentence("{file} is empty; its first line names the columns", file=path.name))
    if first.fault is not None:
        raise Refused(sentence("line {line} of {file}: {why}", line=first.line, file=path.name, why=first.fault))
    return replace(file, header=_header(path, first))


def rows(file: CsvFile) -> Iterator[Row]:
    """Yield the rows after the header; blank lines are passed over.

    Raises Refused where the file as a whole cannot be parsed, as with a quote that is never closed.
    """
    try:
        yield from islice(_records(file), 1, None)
    except OSError as error:
        raise Refused(sentence("{file} cannot be read: {why}", file=file.path, why=error.strerror)) from None


def _open(file: CsvFile) -> TextIO:
    errors = "replace" if file.encoding.startswith(_WIDE) else "surrogateescape"
    return file.path.open(encoding=file.encoding, errors=errors, newline="")


def _records(file: CsvFile) -> Iterator[Row]:
    """Yield every record that is not a blank line, the header first."""
    width = len(file.header)
    strange = _REPLACED if file.encoding.startswith(_WIDE) else _UNREADABLE
    with _open(file) as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=file.delimiter, strict=True)
        first = 1 + sum(1 for _ in islice(lines, file.above))
        while True:
            line = first + reader.line_num
            try:
                for cells in reader:
                    if cells:
                        yield Row(line, cells, _fault(cells, width, strange, file.encoding))
                    line = first + reader.line_num
                return
            except csv.Error as error:
                # A mistake inside one line spoils its row. One that spans lines may have swallowed others.
                if first + reader.line_num > line + 1 or str(error).startswith("unexpected end"):
                    raise Refused(_unclosed(file, line)) from None
                cells = lines.last.rstrip("\r\n").split(file.delimiter)
                yield Row(line, cells, sentence("the row cannot be parsed: {why}", why=error))


class _Lines:
    """The lines of a file, the last of which is kept as it stands there."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = iter(partial(stream.readline, _MOST), "")
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = next(self._lines)
        return self.last


def _fault(cells: list[str], width: int, strange: re.Pattern[str], encoding: str) -> Sentence | None:
    """Return what is wrong with a row as a whole; a width of 0 is that of a header, which sets it."""
    if len(cells) != width > 0:
        return sentence("the row has {count} cells, the header {width}", count=len(cells), width=width)
    text = "".join(cells)
    if "\0" in text:
        return sentence("a cell holds the character NUL")
    if len(text) > LONGEST_CELL and max(map(len, cells)) > LONGEST_CELL:
        return sentence("a cell is longer than {limit} characters", limit=LONGEST_CELL)
    if not text.isascii() and strange.search(text):
        return sentence("a cell holds bytes that are not {encoding}", encoding=encoding)
    return None


def _delimiter(path: Path, encoding: str) -> tuple[str, int]:
    """Return the sign that parts the columns, and how many lines name it.

    Where none does, it is the one that gives most rows as many cells as the header.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        lines = stream.read(64 * 1024).splitlines(keepends=True)[:50]
    if lines and (named := _NAMED.fullmatch(lines[0])):
        return named[1], 1

    def fitness(delimiter: str) -> tuple[bool, float, int]:
        found = [row for row in csv.reader(lines, delimiter=delimiter) if row][:40]
        widths = [len(row) for row in found] or [1]
        return widths[0] > 1, widths.count(widths[0]) / len(widths), widths[0]

    return max(_DELIMITERS, key=fitness), 0


def _header(path: Path, first: Row) -> tuple[str, ...]:
    names = tuple(" ".join(unguarded(cell.strip()).split()) for cell in first.cells)
    if address := next((name for name in names if _ADDRESS.fullmatch(name)), None):
        message = "line {line} of {file} holds the address {address}, not the names of columns; write them there"
        raise Refused(sentence(message, line=first.line, file=path.name, address=address))
    if not any(names):
        raise Refused(sentence("line {line} of {file} names no columns", line=first.line, file=path.name))
    return names


def _unclosed(file: CsvFile, start: int) -> Sentence:
    """Return the sentence for a quote that is not closed, with the line on which it was opened."""
    with _open(file) as stream:
        lines = islice(iter(partial(stream.readline, _MOST), ""), start - 1, None)
        line = _opening(lines, start, file.delimiter)
    message = "{file} cannot be parsed: the quote opened on line {line} is not closed as it should be"
    return sentence(message, file=file.path.name, line=line)


def _opening(lines: Iterator[str], number: int, delimiter: str) -> int:
    """Return the line of the quote that spoils a record: the last opened, and never closed before a delimiter."""
    opened, line = number, number
    inside = False
    for line, text in enumerate(lines, start=number):
        place = 0
        while place < len(text):
            if not inside:
                starts = text[place] == '"'
                if starts:
                    inside, opened, place = True, line, place + 1
                    continue
                end = text.find(delimiter, place)
                if end < 0:
                    break
                place = end + 1
                continue
            end = text.find('"', place)
            if end < 0:
                break
            following = text[end + 1 : end + 2]
            if following == '"':
                place = end + 2
            elif following == delimiter or following in "\r\n":
                inside, place = False, end + 2
            else:
                return opened
    return opened
