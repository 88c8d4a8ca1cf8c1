"""Which column of a file goes into which field: by its name, or as ``--map`` says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engage.errors import Refused
from engage.language.fields import FieldType, fold
from engage.problem import nearest, unknown
from engage.wording import Sentence, sentence

_PLACE = re.compile(r"\{([^{}]*)\}")
_PARTS = re.compile(r",(?![^{}]*\})")


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a kind of import knows."""

    name: str
    type: FieldType = "text"
    custom: bool = False
    #: named in the summary, never imported
    read_only: bool = False
    #: its header may be written in another case, with spaces or hyphens
    loose: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column of the file that is not imported, and why."""

    column: str
    why: Sentence


@dataclass(frozen=True, slots=True)
class Composed:
    """A text made of several cells: plain text and the places of columns in turn."""

    texts: tuple[str, ...]
    places: tuple[int, ...]

    def write(self, cells: Sequence[str], blanks: frozenset[str]) -> str:
        """Return the text for a row; it is empty where all its columns are."""
        values = [cells[place].strip() for place in self.places]
        values = ["" if value in blanks else value for value in values]
        if self.places and not any(values):
            return ""
        return self.texts[0] + "".join(value + text for value, text in zip(values, self.texts[1:], strict=True))


@dataclass(frozen=True, slots=True)
class Matching:
    """Where each field stands in a row; composed texts are put after the row's own cells."""

    #: each field with the place of its cell
    places: tuple[tuple[Column, int], ...]
    composed: tuple[Composed, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    blanks: frozenset[str] = frozenset()

    def complete(self, cells: list[str]) -> list[str]:
        """Return a row's cells with the composed texts after them."""
        if not self.composed:
            return cells
        return cells + [text.write(cells, self.blanks) for text in self.composed]

    def place(self, name: str) -> int | None:
        """Return the place of a field's cell, or None where the file does not give it."""
        return next((place for column, place in self.places if column.name == name), None)


def match(
    header: tuple[str, ...],
    columns: Iterable[Column],
    maps: Iterable[str],
    blanks: frozenset[str] = frozenset(),
) -> Matching:
    """Return which cell fills which field; raise Refused where that is not clear."""
    matcher = _Matcher(header, {column.name: column for column in columns})
    for text in maps:
        for left, right in _assignments(text):
            matcher.assign(left, right)
    matcher.assign_by_name()
    return Matching(tuple(matcher.places.values()), tuple(matcher.composed), tuple(matcher.ignored), blanks)


def _assignments(text: str) -> Iterable[tuple[str, str]]:
    """Yield the two sides of each ``LEFT=RIGHT`` of a --map; commas may stand in names and in braces."""
    found: list[str] = []
    for part in _PARTS.split(text):
        if found and ("=" not in found[-1] or "=" not in part):
            found[-1] += f",{part}"
        else:
            found.append(part)
    for assignment in found:
        left, sign, right = assignment.partition("=")
        if not sign or not left.strip():
            raise Refused(sentence("--map is written as COLUMN=field, not as {text}", text=repr(assignment)))
        yield left.strip(), right.strip()


class _Matcher:
    """Gathers what fills each field, and what is left over."""

    def __init__(self, header: tuple[str, ...], columns: Mapping[str, Column]) -> None:
        self.header, self.columns = header, columns
        self.places: dict[str, tuple[Column, int]] = {}
        self.composed: list[Composed] = []
        self.ignored: list[Ignored] = []
        self._mapped: dict[int, str] = {}

    def assign(self, left: str, right: str) -> None:
        """Take one ``COLUMN=field`` or ``field=TEXT with {COLUMN}``."""
        if "{" in right:
            self._fill(self._field(left), len(self.header) + len(self.composed), right)
            pieces = _PLACE.split(right)
            places = tuple(self._place(name.strip()) for name in pieces[1::2])
            self.composed.append(Composed(tuple(pieces[::2]), places))
            return
        place = self._place(left)
        self._mapped[place] = right
        if not right:
            self.ignored.append(Ignored(self.header[place], sentence("not mapped")))
            return
        field = self._field(right)
        if field.read_only:
            self.ignored.append(Ignored(self.header[place], sentence("{field} is read-only", field=field.name)))
            return
        self._fill(field, place, left)

    def assign_by_name(self) -> None:
        """Give each column that is not mapped to the field of its name; note what is ignored."""
        loose = {_plain(name): column for name, column in self.columns.items() if column.loose}
        counts = Counter(self.header)
        for place, name in enumerate(self.header):
            field = self.columns.get(name) or loose.get(_plain(name))
            if place in self._mapped or (field is None and self._composes(place)):
                continue
            if field is not None and not field.read_only and field.name not in self.places:
                if counts[name] > 1:
                    raise Refused(sentence("{count} columns are called {name}", count=counts[name], name=name))
                self.places[field.name] = (field, place)
                continue
            self.ignored.append(
                Ignored(name or sentence("column {number}", number=place + 1).read(), self._why(name, field))
            )

    def _composes(self, place: int) -> bool:
        """Tell whether a column stands in a composed text."""
        return any(place in text.places for text in self.composed)

    def _why(self, name: str, field: Column | None) -> Sentence:
        if not name:
            return sentence("it has no name")
        if field is None:
            known = tuple(column.name for column in self.columns.values() if not column.read_only)
            near = nearest(_plain(name), known)
            if near is None:
                return sentence("unknown column")
            return sentence("unknown; if {near} is meant: --map {map}", near=near, map=repr(f"{name}={near}"))
        if field.read_only:
            return sentence("{field} is read-only", field=field.name)
        return sentence("not mapped: {field} is filled from another column", field=field.name)

    def _fill(self, field: Column, place: int, source: str) -> None:
        if field.read_only:
            raise Refused(sentence("{field} is read-only; it cannot be mapped", field=field.name))
        if field.name in self.places:
            raise Refused(
                sentence(
                    "{field} is mapped twice; the second time from {source}", field=field.name, source=repr(source)
                )
            )
        self.places[field.name] = (field, place)

    def _field(self, name: str) -> Column:
        if name not in self.columns:
            names = (column.name for column in self.columns.values() if not column.read_only)
            raise Refused(sentence("--map: {why}", why=unknown("the field", name, names)))
        return self.columns[name]

    def _place(self, name: str) -> int:
        found = [place for place, header in enumerate(self.header) if header == name]
        if len(found) > 1:
            raise Refused(sentence("--map: {count} columns are called {name}", count=len(found), name=repr(name)))
        if not found:
            raise Refused(sentence("--map: {why}", why=unknown("the column", name, self.header)))
        return found[0]


def _plain(name: str) -> str:
    """Return a header as loose names are compared.

    >>> _plain("First Name"), _plain("E-mail")
    ('first_name', 'email')
    """
    plain = re.sub(r"[\s_-]+", "_", fold(name))
    return "email" if plain in ("e_mail", "email_address", "e_mail_address", "mail") else plain
