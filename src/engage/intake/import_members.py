"""Members of static lists from a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Integer, delete, literal, select, tuple_

from engage.clock import micros
from engage.intake.addresses import Address, read_address
from engage.intake.csvfile import Row
from engage.intake.import_kind import Importer, ImportKind, Outcome, RowReader, Task, in_column
from engage.intake.keeping import keep_memberships
from engage.intake.mapping import Column as FileColumn
from engage.intake.people import Known, known
from engage.intake.rejects import Rejection
from engage.intake.staging import announce, drop_rows, find_people, load, make_people, staged
from engage.intake.typed import cleaned
from engage.language.lots import lot_of
from engage.language.vocabulary import Vocabulary
from engage.sql import tables as t
from engage.sql.columns import Instant
from engage.sql.interning import upsert
from engage.sql.scratch import clear
from engage.wording import sentence

members = staged("staged_members", Column("list_id", Integer))


def columns(vocabulary: Vocabulary) -> Sequence[FileColumn]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a file of list members."""
    return [FileColumn("list", loose=True), FileColumn("email", loose=True)]


@dataclass(frozen=True, slots=True)
class Membership:
    """A person and a list."""

    row: Row
    address: Address
    list_id: int


@dataclass(frozen=True, slots=True)
class MemberReader:
    """Reads rows into memberships."""

    task: Task
    names: Known

    def read(self, row: Row) -> Membership:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        matching = self.task.matching
        cells = matching.complete(row.cells)
        address = read_address(cleaned(cells[matching.place("email") or 0], matching.blanks) or "")
        name = cleaned(cells[matching.place("list") or 0], matching.blanks)
        if name is None:
            raise ValueError(sentence("there is no list"))
        try:
            return Membership(row, address, self.names.static_list(name))
        except ValueError as error:
            raise ValueError(in_column("list", error)) from None


def start(task: Task, connection: Connection) -> Importer:
    """Return what reads the rows of a file."""
    read = MemberReader(task, known(connection, task.vocabulary)).read
    return RowReader(read, lambda c, found: write_members(c, found, task))


def write_members(connection: Connection, found: Sequence[Membership], task: Task) -> Outcome:
    """Put people on lists, or take them off; return what became of their rows."""
    if not found:
        return Outcome()
    clear(connection, members)
    rows = [(n, m.address.email, m.address.folded, lot_of(m.address.folded), m.list_id) for n, m in enumerate(found)]
    load(connection, members, ("n", "email", "email_folded", "lot", "list_id"), rows)
    missing = find_people(connection, members)
    new: frozenset[int] = frozenset()
    if task.options.create_prospects and task.options.mode != "delete":
        new, missing = make_people(connection, members, task.now), []
    drop_rows(connection, members, missing)
    rejected = tuple(
        Rejection(found[n].row, sentence("no prospect has the address {email}", email=found[n].address.email))
        for n in missing
    )
    delete_ = task.options.mode == "delete"
    keep_memberships(connection, members, task.now, add=not delete_)
    changed = _take_off(connection) if delete_ else _put_on(connection, task)
    announce(connection, new | frozenset(changed), task.now)
    unchanged = len(found) - len(changed) - len(rejected)
    if delete_:
        return Outcome(deleted=len(changed), unchanged=unchanged, rejected=rejected)
    return Outcome(inserted=len(changed), unchanged=unchanged, rejected=rejected)


def _put_on(connection: Connection, task: Task) -> list[int]:
    kept = t.list_members
    who = select(members.c.prospect_id, members.c.list_id, literal(micros(task.now), Instant)).distinct()
    names = ["prospect_id", "list_id", "since"]
    into = upsert(connection.dialect.name, kept).from_select(names, who.where(members.c.n >= 0))
    return list(connection.scalars(into.on_conflict_do_nothing().returning(kept.c.prospect_id)))  # type: ignore[attr-defined]


def _take_off(connection: Connection) -> list[int]:
    kept = t.list_members
    pairs = select(members.c.prospect_id, members.c.list_id)
    gone = delete(kept).where(tuple_(kept.c.prospect_id, kept.c.list_id).in_(pairs))
    return list(connection.scalars(gone.returning(kept.c.prospect_id)))


LIST_MEMBERS = ImportKind(columns, ("list", "email"), ("upsert", "insert", "delete"), start)
