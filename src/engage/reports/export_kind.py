"""What an export is made of: a question, rows in spans of keys, and how values stand in cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, func, select, true

from engage.language.conditions import Condition
from engage.language.vocabulary import Vocabulary
from engage.reports.csvout import Value
from engage.sql.predicates import Now, holds

#: How many keys are read in one transaction, so that no long reader holds back SQLite's checkpoint.
SPAN = 10_000

#: One row of the file.
Values = Sequence[Value]
#: The first key of a span, excluded, and the last, included.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be exported: of whom, and as of when."""

    #: an engine that only reads
    engine: Engine
    vocabulary: Vocabulary
    now: Now
    where: Condition | None = None

    def asked_for(self, prospect_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return whether a prospect is among those asked for."""
        return true() if self.where is None else holds(self.where, prospect_id, self.now)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """Return all rows of a statement, read in a transaction of its own."""
        with self.engine.begin() as connection:
            return connection.execute(statement).all()


@dataclass(frozen=True, slots=True)
class ExportKind:
    """A kind of file that can be exported."""

    columns: Callable[[Vocabulary], Sequence[str]]
    rows: Callable[[Question], Iterator[Values]]
    #: whether ``--where`` can choose among its rows
    of_prospects: bool = True


def fixed(*names: str) -> Callable[[Vocabulary], Sequence[str]]:
    """Return columns that are the same in every workspace."""
    return lambda vocabulary: names  # noqa: ARG005


def spans(question: Question, key: ColumnElement[Any]) -> Iterator[Span]:
    """Yield spans of a key that cover all rows, some thousands each."""
    low = 0
    while True:
        ahead = select(key).where(key > low).order_by(key).offset(SPAN - 1).limit(1)
        rest = select(func.max(key)).where(key > low)
        found = question.rows(ahead) or question.rows(rest)
        high = found[0][0]
        if high is None:
            return
        yield low, high
        low = high


def within(key: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    """Return whether a key lies in a span."""
    return (key > span[0]) & (key <= span[1])


def streamed(question: Question, key: ColumnElement[Any], statement: Select[Any]) -> Iterator[Row[Any]]:
    """Yield the rows of a statement, span by span, in the order of the key."""
    for span in spans(question, key):
        yield from question.rows(statement.where(within(key, span)).order_by(key))
