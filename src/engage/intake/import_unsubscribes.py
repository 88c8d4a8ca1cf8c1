"""Opt-outs from a CSV file: of everything, or of one list. No import lifts one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    and_,
    exists,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
)

from engage.clock import micros
from engage.intake.addresses import Address, read_address
from engage.intake.csvfile import Row
from engage.intake.import_kind import Importer, ImportKind, Outcome, RowReader, Task, in_column
from engage.intake.keeping import set_flag
from engage.intake.mapping import Column as FileColumn
from engage.intake.people import Known, known
from engage.intake.rejects import Rejection
from engage.intake.staging import announce, drop_rows, find_people, hold_people, load, make_people, staged
from engage.intake.typed import cleaned, read_instant
from engage.language.lots import lot_of
from engage.language.vocabulary import Vocabulary
from engage.sql import tables as t
from engage.sql.scratch import clear
from engage.wording import sentence

opt_outs = staged("staged_opt_outs", Column("list_id", Integer), Column("at", BigInteger))


def columns(vocabulary: Vocabulary) -> Sequence[FileColumn]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a file of opt-outs; list and moment may be missing."""
    return [FileColumn("email", loose=True), FileColumn("list", loose=True), FileColumn("at", "datetime", loose=True)]


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person who wants no more mail, of one list or at all."""

    row: Row
    address: Address
    list_id: int | None
    at: int


@dataclass(frozen=True, slots=True)
class OptOutReader:
    """Reads rows into opt-outs."""

    task: Task
    names: Known

    def read(self, row: Row) -> OptOut:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        cells = self.task.matching.complete(row.cells)
        address = read_address(self._text(cells, "email") or "")
        try:
            name = self._text(cells, "list")
            list_id = None if name is None else self.names.static_list(name)
        except ValueError as error:
            raise ValueError(in_column("list", error)) from None
        return OptOut(row, address, list_id, self._at(cells))

    def _at(self, cells: list[str]) -> int:
        try:
            text = self._text(cells, "at")
            if text is None:
                return micros(self.task.now)
            at = read_instant(text, self.task.survey.ways["at"], self.task.vocabulary.zone)
        except ValueError as error:
            raise ValueError(in_column("at", error)) from None
        return min(at, micros(self.task.now))

    def _text(self, cells: list[str], name: str) -> str | None:
        place = self.task.matching.place(name)
        return None if place is None else cleaned(cells[place], self.task.matching.blanks)


def start(task: Task, connection: Connection) -> Importer:
    """Return what reads the rows of a file."""
    read = OptOutReader(task, known(connection, task.vocabulary)).read
    return RowReader(read, lambda c, found: write_opt_outs(c, found, task))


def write_opt_outs(connection: Connection, found: Sequence[OptOut], task: Task) -> Outcome:
    """Store the opt-outs that are new; return what became of their rows."""
    if not found:
        return Outcome()
    latest = {(each.address.folded, each.list_id): n for n, each in enumerate(found)}
    clear(connection, opt_outs)
    rows = [
        (n, each.address.email, each.address.folded, lot_of(each.address.folded), each.list_id, each.at)
        for n, each in enumerate(found)
        if latest[each.address.folded, each.list_id] == n
    ]
    load(connection, opt_outs, ("n", "email", "email_folded", "lot", "list_id", "at"), rows)
    unknown = {found[n].address.folded for n in find_people(connection, opt_outs)}
    made: frozenset[int] = frozenset()
    if task.options.create_prospects:
        made, unknown = make_people(connection, opt_outs, task.now), set()
    missing = [n for n, each in enumerate(found) if each.address.folded in unknown]
    drop_rows(connection, opt_outs, missing)
    hold_people(connection, opt_outs)
    changed = _store(connection, task.now)
    announce(connection, made | {prospect for prospect, _ in changed}, task.now)
    why = "no prospect has the address {email}; --create-prospects keeps it, opted out"
    rejected = tuple(Rejection(found[n].row, sentence(why, email=found[n].address.email)) for n in missing)
    unchanged = len(found) - len(changed) - len(rejected)
    return Outcome(inserted=len(changed), unchanged=unchanged, rejected=rejected)


def _store(connection: Connection, now: datetime) -> list[tuple[int, int | None]]:
    """Write who opted out and had not; return prospects with the list, None for all mail."""
    c, s = t.consents, t.standings
    joined = opt_outs.join(s, s.c.prospect_id == opt_outs.c.prospect_id)
    whole = opt_outs.c.list_id.is_(null())
    new = or_(and_(whole, not_(s.c.opted_out)), and_(not_(whole), not_(_opted_out())))
    rows = (
        select(opt_outs.c.prospect_id, opt_outs.c.at, literal("opt_out"), opt_outs.c.list_id, literal("import"))
        .select_from(joined)
        .where(new, not_(_taken_back(opt_outs.c.at)))
        .order_by(opt_outs.c.n)
    )
    into = insert(c).from_select(["prospect_id", "at", "kind", "list_id", "source"], rows)
    changed = [(prospect, name) for prospect, name in connection.execute(into.returning(c.c.prospect_id, c.c.list_id))]
    keys = [{"key": prospect} for prospect, name in changed if name is None]
    if keys:
        out = select(opt_outs.c.prospect_id).where(whole, not_(_taken_back(opt_outs.c.at)))
        set_flag(connection, now, "opted_out", s.c.prospect_id.in_(out))
    return changed


def _of_same(kind: str) -> ColumnElement[bool]:
    """Return whether a row of consents is of this kind, for the same person and list."""
    c = t.consents.c
    return and_(
        c.prospect_id == opt_outs.c.prospect_id,
        c.kind == kind,
        c.list_id.is_not_distinct_from(opt_outs.c.list_id),
    )


def _taken_back(at: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether the person consented after an opt-out of this moment; that consent stands."""
    return exists(select(1).where(_of_same("opt_in"), type_coerce(t.consents.c.at, BigInteger) > at))


def _opted_out() -> ColumnElement[bool]:
    """Return whether the person's last word on the list was an opt-out."""
    out, later = t.consents, t.consents.alias()
    back = exists(
        select(1).where(
            later.c.prospect_id == out.c.prospect_id,
            later.c.kind == "opt_in",
            later.c.list_id.is_not_distinct_from(out.c.list_id),
            later.c.at >= out.c.at,
        )
    )
    return exists(select(1).where(_of_same("opt_out"), not_(back)))


UNSUBSCRIBES = ImportKind(columns, ("email",), ("upsert", "insert"), start)
