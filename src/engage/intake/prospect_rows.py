"""What a file says of a person, before it is compared with what the database knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engage.intake.csvfile import Row
from engage.intake.mapping import Column
from engage.intake.staging import Cell
from engage.intake.typed import Value
from engage.language.fields import FieldType, fold


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns of ``prospects`` a file fills, and the types of its custom fields."""

    #: stored fields in the order of a draft's values
    fields: tuple[str, ...]
    texts: tuple[bool, ...]
    custom: dict[str, FieldType]

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Shape:
        """Return the shape of a file with these columns."""
        every = tuple(columns)
        plain = [column for column in every if not column.custom]
        return cls(
            tuple(column.name for column in plain),
            tuple(column.type == "text" for column in plain),
            {column.name: column.type for column in every if column.custom},
        )

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns of the table, folded twins included."""
        names: list[str] = []
        for name, is_text in zip(self.fields, self.texts, strict=True):
            names += (name, f"{name}_folded") if is_text else (name,)
        return tuple(names)

    def cells(self, values: Sequence[Value | None]) -> list[Cell]:
        """Return a draft's values with the folded twins of texts."""
        cells: list[Cell] = []
        for value, is_text in zip(values, self.texts, strict=True):
            cells.append(value)
            if is_text:
                cells.append(folded(value) if isinstance(value, str) else None)
        return cells


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
    #: the stored fields; None: the cell was empty
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
