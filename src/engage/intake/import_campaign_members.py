"""Members of campaigns from a CSV file, each with its status there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    and_,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.intake.addresses import read_address
from engage.intake.import_kind import Importer, ImportKind, Outcome, Task, in_column
from engage.intake.keeping import keep_campaigns
from engage.intake.mapping import Column as FileColumn
from engage.intake.records import Cells, Record, RecordReader, counted, key_of, loose, said, unwanted
from engage.intake.staging import announce, drop_rows, find_people, hold_people, load, make_people, staged
from engage.intake.typed import Value
from engage.language.lots import lot_of
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.scratch import clear
from engage.wording import sentence

members = staged("staged_campaign_members", Column("campaign_id", Integer))
_NAMES = ("status", "since")
_THERE = sentence("this person is a member of the campaign already")
_ABSENT = sentence("this person is no member of the campaign")


def columns(vocabulary: Vocabulary) -> Sequence[FileColumn]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a file of campaign members."""
    return [*loose("campaign", "email", "status"), FileColumn("since", "datetime", loose=True)]


def start(task: Task, connection: Connection) -> Importer:
    """Return what reads the rows of a file."""
    numbers = dict(connection.execute(select(t.campaigns.c.key, t.campaigns.c.id)).all())
    statuses = task.vocabulary.campaigns

    def campaign(text: str) -> str:
        if text not in numbers:
            raise ValueError(unknown("the campaign", text, numbers))
        return text

    def status_of(values: Mapping[str, Value | None]) -> None:
        status, there = values.get("status"), statuses.get(str(values["campaign"]), ())
        if status is not None and there and status not in there:
            raise ValueError(in_column("status", ValueError(unknown("the status", str(status), there))))

    checks = {"campaign": campaign, "email": lambda text: read_address(text).email}
    cells = Cells.of(task, checks, ("campaign", "email"), status_of)
    key = key_of("campaign", "email")(task.matching)
    return RecordReader(task, cells, key, lambda c, records: write_members(c, records, task, numbers))


def write_members(connection: Connection, records: Sequence[Record], task: Task, numbers: Mapping[str, int]) -> Outcome:
    """Make people members, change their status, or take them out; return what became of their rows."""
    if not records:
        return Outcome()
    clear(connection, members)
    rows = [(n, str(r.values["email"]), r.key[1], lot_of(r.key[1]), numbers[r.key[0]]) for n, r in enumerate(records)]
    load(connection, members, ("n", "email", "email_folded", "lot", "campaign_id"), rows)
    missing, made = find_people(connection, members), frozenset[int]()
    if missing and task.options.create_prospects and task.options.mode in ("upsert", "insert"):
        made, missing = make_people(connection, members, task.now), []
    drop_rows(connection, members, missing)
    why = {n: sentence("no prospect has the address {email}", email=records[n].key[1]) for n in missing}
    hold_people(connection, members)
    m = members.c
    owners = {row.n: row for row in connection.execute(select(m.n, m.prospect_id, m.campaign_id))}
    old = _stored(connection)
    if task.options.mode == "delete":
        new, changed, gone = frozenset[int](), frozenset[int](), _take_out(connection, old)
    else:
        gone = frozenset[int]()
        why |= unwanted(owners, old, task.options.mode, _THERE, _ABSENT)
        new = _insert(connection, records, [row for n, row in owners.items() if n not in old and n not in why], task)
        changed = _update(connection, records, {n: row for n, row in old.items() if n not in why})
    keep_campaigns(connection, (old[n] for n in changed | gone), task.now, there=True)
    keep_campaigns(connection, (owners[n] for n in new), task.now, there=False)
    announce(connection, made | {owners[n].prospect_id for n in new | changed | gone}, task.now)
    return counted(records, new, changed, gone, why)


def _stored(connection: Connection) -> dict[int, Any]:
    """Return the memberships that are stored, by the places of their records."""
    kept = t.campaign_members.c
    mine = and_(kept.prospect_id == members.c.prospect_id, kept.campaign_id == members.c.campaign_id)
    since = type_coerce(kept.since, BigInteger).label("since")
    chosen = select(members.c.n, kept.prospect_id, kept.campaign_id, kept.status, since)
    return {row.n: row for row in connection.execute(chosen.join_from(members, t.campaign_members, mine))}


def _take_out(connection: Connection, old: Mapping[int, Any]) -> frozenset[int]:
    kept, pairs = t.campaign_members, select(members.c.prospect_id, members.c.campaign_id)
    connection.execute(delete(kept).where(tuple_(kept.c.prospect_id, kept.c.campaign_id).in_(pairs)))
    return frozenset(old)


def _insert(connection: Connection, records: Sequence[Record], owners: Sequence[Any], task: Task) -> frozenset[int]:
    """Make members; who has no status is given the campaign's first."""
    rows = []
    for owner in owners:
        record = records[owner.n]
        first = next(iter(task.vocabulary.campaigns.get(record.key[0], ())), None)
        values = {"status": first, "since": micros(task.now), **said(record, _NAMES, ())}
        rows.append({**values, "prospect_id": owner.prospect_id, "campaign_id": owner.campaign_id})
    if rows:
        connection.execute(insert(t.campaign_members), rows)
    return frozenset(owner.n for owner in owners)


def _update(connection: Connection, records: Sequence[Record], old: Mapping[int, Any]) -> frozenset[int]:
    rows, changed = [], set()
    for n, kept in old.items():
        values = said(records[n], _NAMES, ())
        if any(getattr(kept, name) != value for name, value in values.items()):
            whole = {name: values.get(name, getattr(kept, name)) for name in _NAMES}
            rows.append({**whole, "who": kept.prospect_id, "where": kept.campaign_id})
            changed.add(n)
    if rows:
        k = t.campaign_members.c
        mine = and_(k.prospect_id == bindparam("who"), k.campaign_id == bindparam("where"))
        statement = update(t.campaign_members).where(mine)
        connection.execute(statement.values({name: bindparam(name) for name in _NAMES}), rows)
    return frozenset(changed)


CAMPAIGN_MEMBERS = ImportKind(
    columns, ("campaign", "email"), ("upsert", "insert", "update", "delete"), start, key_of("campaign", "email")
)
