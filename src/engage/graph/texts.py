"""Checks of the expressions in the texts of steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from engage.graph.build import Journey
from engage.language.expressions import BadExpression, Merge, read_text
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.language.steps import CreateTodo, Notify, SetField, StepWord
from engage.problem import Place, Problem, unknown
from engage.wording import Sentence, sentence

_BLOCK = re.compile(r"(?:[&!]\S+ +)*[|>][-+0-9]* *(?:#.*)?$")


def texts(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield the mistakes in every text that may hold expressions."""
    reader = Reader(workspace.vocabulary, journey.file.source, journey.file.id)
    lines = journey.file.text.splitlines()
    for placed in journey.steps.values():
        if placed.path not in journey.file.broken:
            for path, text in _texts(placed.word, placed.path):
                yield from _text(text, path, lines, reader)


def _texts(word: StepWord, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the texts of a step that may hold expressions."""
    match word:
        case CreateTodo(create_todo=todo):
            yield (*path, "create_todo", "subject"), todo.subject
            yield (*path, "create_todo", "comments"), todo.comments or ""
        case Notify(notify=notice):
            yield (*path, "notify", "subject"), notice.subject
            yield (*path, "notify", "text"), notice.text
        case SetField(set_field=values):
            yield from (((*path, "set_field", name), text) for name, text in values.items() if isinstance(text, str))
        case _:
            return


def _text(text: str, path: Path, lines: list[str], reader: Reader) -> Iterator[Problem]:
    place = reader.source.place(path)
    try:
        parts = read_text(text)
    except BadExpression as bad:
        yield Problem(_line(place, bad.line, lines), bad.message)
        return
    merges = [part for part in parts if isinstance(part, Merge)]
    for number, merge in enumerate(merges):
        if why := _wrong(merge, reader):
            before = sum((other.thing, other.field) == (merge.thing, merge.field) for other in merges[:number])
            yield Problem(_found(place, merge, before, lines), why)


def _wrong(merge: Merge, reader: Reader) -> Sentence | None:
    """Return what is wrong with a merge field."""
    if merge.thing != "prospect":
        return None if not merge.as_date else _no_date(f"{merge.thing}.{merge.field}")
    fields = reader.vocabulary.fields
    if not reader.vocabulary.knows("field", merge.field, fields):
        return unknown("field", merge.field, fields)
    if merge.as_date and merge.field in fields and fields[merge.field].type not in ("date", "datetime"):
        return _no_date(f"prospect.{merge.field}")
    return None


def _no_date(name: str) -> Sentence:
    return sentence("{name} is no date, so the filter date does not fit", name=name)


def _line(place: Place, number: int, lines: list[str]) -> Place:
    """Return where a line of a text begins; only a block (``|``) keeps its lines as they are in the file."""
    if not _is_block(place, lines) or place.line + number > len(lines):
        return place
    line = lines[place.line + number - 1]
    return Place(place.file, place.line + number, max(line.find("{"), len(line) - len(line.lstrip())) + 1)


def _found(place: Place, merge: Merge, before: int, lines: list[str]) -> Place:
    """Return where a merge field stands in a block, ``before`` equal ones passed; else the text's own place."""
    if _is_block(place, lines):
        pattern = re.compile(rf"\b{merge.thing}\s*\.\s*{re.escape(merge.field)}\b")
        numbered = enumerate(lines[place.line :], place.line + 1)
        found = ((number, match.start() + 1) for number, line in numbered for match in pattern.finditer(line))
        for number, column in islice(found, before, before + 1):
            return Place(place.file, number, column)
    return place


def _is_block(place: Place, lines: list[str]) -> bool:
    return place.line <= len(lines) and bool(_BLOCK.match(lines[place.line - 1][place.column - 1 :]))
