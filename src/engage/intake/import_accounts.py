"""Accounts from a CSV file: companies as the CRM knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from engage.clock import micros
from engage.intake.import_kind import Importer, ImportKind, Outcome, Task
from engage.intake.import_users import ident
from engage.intake.mapping import Column
from engage.intake.people import known
from engage.intake.records import Cells, Record, RecordReader, counted, key_of, loose, said
from engage.language.vocabulary import Vocabulary
from engage.sql import tables as t
from engage.wording import Sentence, sentence

#: The columns, as in an export.
TEXTS = ("name", "industry", "website", "phone", "country", "prefecture", "city", "address", "zip")
NAMES = (*TEXTS, "employees", "annual_revenue", "owner")
_CLEARED = NAMES[1:]
_PART = 500


def columns(vocabulary: Vocabulary) -> Sequence[Column]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a file of accounts."""
    numbers = [Column("employees", "integer", loose=True), Column("annual_revenue", "number", loose=True)]
    return [*loose("id", *TEXTS, "owner"), *numbers]


def start(task: Task, connection: Connection) -> Importer:
    """Return what reads the rows of a file."""
    cells = Cells.of(task, {"id": ident, "owner": known(connection, task.vocabulary).addressee}, ("id",))
    return RecordReader(task, cells, key_of("id")(task.matching), lambda c, records: write_accounts(c, records, task))


def write_accounts(connection: Connection, records: Sequence[Record], task: Task) -> Outcome:
    """Store accounts that are new or differ; return what became of their rows."""
    old = _stored(connection, [record.key[0] for record in records])
    there = {n: old[record.key[0]] for n, record in enumerate(records) if record.key[0] in old}
    a, mode = t.accounts, task.options.mode
    why: dict[int, Sentence] = {}
    if mode == "delete":
        for row in there.values():
            connection.execute(delete(a).where(a.c.id == row.id))
        return counted(records, frozenset(), frozenset(), frozenset(there), why)
    clears = _CLEARED if task.options.clear_empty else ()
    new, changed = [], []
    for n, record in enumerate(records):
        kept = there.get(n)
        if kept is None and mode == "update":
            why[n] = sentence("there is no account {id}", id=record.key[0])
        elif kept is not None and mode == "insert":
            why[n] = sentence("there is an account {id} already", id=record.key[0])
        elif kept is None:
            new.append(n)
        elif any(getattr(kept, name) != value for name, value in said(record, NAMES, clears).items()):
            changed.append(n)
    _insert(connection, [records[n] for n in new], task)
    _update(connection, [(records[n], there[n]) for n in changed], clears)
    return counted(records, frozenset(new), frozenset(changed), frozenset(), why)


def _stored(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    a = t.accounts
    found: dict[str, Any] = {}
    for place in range(0, len(keys), _PART):
        some = select(a).where(a.c.key.in_(keys[place : place + _PART]))
        found.update((row.key, row) for row in connection.execute(some))
    return found


def _insert(connection: Connection, records: Sequence[Record], task: Task) -> None:
    if records:
        rows = [
            {
                **{name: record.values.get(name) for name in NAMES}, "key": record.key[0],
                "name": record.values.get("name") or record.key[0], "created_at": micros(task.now),
            }
            for record in records
        ]  # fmt: skip
        connection.execute(insert(t.accounts), rows)


def _update(connection: Connection, changed: Sequence[tuple[Record, Any]], clears: Sequence[str]) -> None:
    if changed:
        rows = [
            {**{name: getattr(kept, name) for name in NAMES}, **said(record, NAMES, clears), "this": kept.id}
            for record, kept in changed
        ]
        statement = update(t.accounts).where(t.accounts.c.id == bindparam("this"))
        connection.execute(statement.values({name: bindparam(name) for name in NAMES}), rows)


ACCOUNTS = ImportKind(columns, ("id",), ("upsert", "insert", "update", "delete"), start, key_of("id"))
