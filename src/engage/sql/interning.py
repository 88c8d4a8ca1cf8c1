"""Texts that stand in many rows are kept once, in ``words``, under a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, ScalarSelect, Select, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from engage.language.fields import fold
from engage.sql.standing import run, standing
from engage.sql.tables import words

#: The kinds of words.
KINDS = ("event", "target", "link", "tag", "field", "category", "template", "rule")


def upsert(database: str, table: object) -> Insert:
    """Return an INSERT of a database's own dialect, which knows ``on_conflict_do_nothing``.

    ``database`` is the name of its kind: sqlite or postgresql.
    """
    insert = postgresql.insert if database == "postgresql" else sqlite.insert
    return insert(table)  # type: ignore[arg-type]


def word_ids(connection: Connection, kind: str, texts: Iterable[str]) -> dict[str, int]:
    """Return the number of each text, making those that are new. Writes; call inside a transaction."""
    wanted = sorted(set(texts))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found.update(_known(connection, kind, part))
        missing = [{"kind": kind, "text": text, "folded": fold(text)} for text in part if text not in found]
        if missing:
            connection.execute(upsert(connection.dialect.name, words).on_conflict_do_nothing(), missing)  # type: ignore[attr-defined]
            found.update(_known(connection, kind, part))
    return found


def _known(connection: Connection, kind: str, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    rows = run(connection, _called(), None, kind=kind, texts=texts)
    return ((row.text, row.id) for row in rows)


@standing
def _called() -> Select[Any]:
    chosen = words.c.text.in_(bindparam("texts", type_=Text(), expanding=True))
    return select(words.c.text, words.c.id).where(words.c.kind == bindparam("kind", type_=Text()), chosen)


def word_id(connection: Connection, kind: str, text: str) -> int:
    """Return the number of one text, making it if it is new."""
    return word_ids(connection, kind, (text,))[text]


def word(kind: str, text: str) -> ScalarSelect[int]:
    """Return the number of a text as a part of a statement; NULL where it was never met."""
    return select(words.c.id).where(words.c.kind == kind, words.c.text == text).scalar_subquery()
