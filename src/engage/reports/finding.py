"""A promise that the database does not keep, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from engage.wording import Sentence, sentence


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


def finding(connection: Connection, check: str, found: Select[Any], template: str) -> Iterator[Finding]:
    """Yield a finding if a statement has rows; the sentence may name ``count`` and the first row's columns."""
    count, row = offenders(connection, found)
    if row is not None:
        values = {name: value for name, value in row._mapping.items() if name != "number"}
        yield Finding(check, count, sentence(template, count=f"{count:,}", **values))
