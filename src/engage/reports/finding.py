"""A promise that the database does not keep, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from engage.wording import Sentence, sentence

#: Rows of a span.
SPAN = 50_000
#: No key is greater.
LAST = 2**62
#: The first key of a span, excluded, and the last, included.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold."""

    #: which, by a name that stays
    check: str
    #: how many rows break it
    count: int
    message: Sentence


def offenders(connection: Connection, found: Select[Any]) -> tuple[int, Row[Any] | None]:
    """Return how many rows a statement has, and the first; it is read once."""
    rows = found.subquery("found")
    first = next(iter(rows.c))
    row = connection.execute(select(rows, func.count().over().label("number")).order_by(first).limit(1)).one_or_none()
    return (row.number, row) if row is not None else (0, None)


def spans(connection: Connection, key: ColumnElement[Any]) -> Iterator[Span]:
    """Yield spans of a key, some ten thousand rows each, that cover every key there can be.

    What is summed up span by span needs little memory, however large the table.
    """
    low = 0
    while True:
        ahead = select(key).where(key > low).order_by(key).offset(SPAN - 1).limit(1)
        high = connection.scalar(ahead)
        yield low, LAST if high is None else high
        if high is None:
            return
        low = high


def within(key: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    """Return whether a key lies in a span."""
    return and_(key > span[0], key <= span[1])


def finding(connection: Connection, check: str, template: str, *found: Select[Any]) -> Iterator[Finding]:
    """Yield a finding if statements that are alike have rows.

    The sentence may name ``count`` and the columns of the first row.
    """
    count, first = 0, None
    for each in found:
        more, row = offenders(connection, each)
        count, first = count + more, first if first is not None else row
    if first is not None:
        values = {name: value for name, value in first._mapping.items() if name != "number"}
        yield Finding(check, count, sentence(template, count=f"{count:,}", **values))
