"""What a file says of a person, before it is compared with what the database knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engage.intake.csvfile import Row
from engage.intake.import_kind import in_column
from engage.intake.mapping import Column
from engage.intake.typed import Reader, Value
from engage.language.fields import FieldType, fold

#: How many different cells of a column are remembered.
REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns of ``prospects`` a file fills, and the types of its custom fields."""

    fields: tuple[str, ...]
    #: the columns of the table in the order of a draft's values: each text is followed by its folded twin
    stored: tuple[str, ...]
    custom: dict[str, FieldType]

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Shape:
        """Return the shape of a file with these columns."""
        every = tuple(columns)
        plain = [column for column in every if not column.custom]
        stored: list[str] = []
        for column in plain:
            stored += (column.name, f"{column.name}_folded") if column.type == "text" else (column.name,)
        return cls(
            tuple(column.name for column in plain),
            tuple(stored),
            {column.name: column.type for column in every if column.custom},
        )


class CellReader:
    """Reads the cells of one column into what is stored; what comes often is read once."""

    __slots__ = ("custom", "name", "place", "read", "seen", "twin")

    def __init__(self, column: Column, place: int, read: Reader) -> None:
        self.name, self.place, self.read, self.custom = column.name, place, read, column.custom
        self.twin = column.type == "text" and not column.custom
        self.seen: dict[str, tuple[Value | None, ...]] = {}

    def first(self, cell: str) -> tuple[Value | None, ...]:
        """Return the value of a cell not met before, a text with its folded twin; raise ValueError if it has none."""
        try:
            value = self.read(cell)
        except ValueError as error:
            raise ValueError(in_column(self.name, error)) from None
        values: tuple[Value | None, ...] = (value,)
        if self.twin:
            values = (value, folded(value) if isinstance(value, str) else None)
        if len(self.seen) < REMEMBERED:
            self.seen[cell] = values
        return values


def folded(text: str) -> str:
    """Return a text folded; plain ASCII, which most are, needs no tables."""
    return text.lower() if text.isascii() else fold(text)


@dataclass(slots=True)
class Draft:
    """What one or several rows say of one person."""

    email: str
    folded: str
    #: the rows, the first first
    rows: list[Row]
    #: the stored columns in the order of the shape; None: the cell was empty
    values: list[Value | None] = field(default_factory=list)
    custom: dict[str, Value | None] = field(default_factory=dict)
    score: int | None = None
    owner: str | None = None
    clear_owner: bool = False
    tags: frozenset[str] = frozenset()
    lists: frozenset[int] = frozenset()
    #: how many later rows of the file changed what the earlier ones said
    overruled: int = 0

    def followed_by(self, later: Draft, *, clear: bool) -> Draft:
        """Return both rows as one: what the later one says wins; its empty cells do so only if they clear."""
        merged = Draft(
            self.email,
            self.folded,
            [*self.rows, *later.rows],
            later.values if clear else _over(self.values, later.values),
            {**self.custom, **later.custom},
            self.score if later.score is None else later.score,
            later.owner if later.owner is not None or later.clear_owner else self.owner,
            later.clear_owner or (self.clear_owner and later.owner is None),
            self.tags | later.tags,
            self.lists | later.lists,
        )
        merged.overruled = self.overruled + (merged.said() != self.said())
        return merged

    def said(self) -> tuple[object, ...]:
        """Return all that is said of the person, for comparison."""
        return (self.values, self.custom, self.score, self.owner, self.clear_owner, self.tags, self.lists)


def _over(before: list[Value | None], later: list[Value | None]) -> list[Value | None]:
    return [old if new is None else new for old, new in zip(before, later, strict=True)]
