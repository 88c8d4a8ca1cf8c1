"""Opportunities from a CSV file: what may be sold to whom, and how far that is.

A row is one prospect's part in an opportunity: several rows may share an id. A new one is also the activity
``opportunity_created``, and one that is won or lost ``opportunity_won`` or ``opportunity_lost``; the target is its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    select,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.intake.addresses import read_address
from engage.intake.import_kind import Importer, ImportKind, Outcome, Task
from engage.intake.import_users import ident
from engage.intake.keeping import keep_deals
from engage.intake.mapping import Column as FileColumn
from engage.intake.people import checked_word
from engage.intake.records import Cells, Record, RecordReader, counted, key_of, loose, said, unwanted
from engage.intake.staging import announce, drop_rows, find_people, hold_people, load, make_people, staged
from engage.intake.typed import Value
from engage.language.fields import fold
from engage.language.lots import lot_of
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.happened import activity_key
from engage.sql.interning import upsert, word_ids
from engage.sql.scratch import clear
from engage.wording import Sentence, sentence

deals = staged("staged_opportunities", Column("key", Text))

STATUSES = ("open", "won", "lost")
#: What the activities of opportunities have as their source.
SOURCE = "opportunity"
_NAMES = ("name", "status", "stage", "amount", "account", "campaign", "created_at", "closed_at")
_CLEARED = ("name", "stage", "amount", "account", "campaign", "closed_at")
_THERE = sentence("there is an opportunity with this id and address already")
_ABSENT = sentence("there is no opportunity with this id and address")

#: A prospect, the event, its target, its moment in microseconds.
Event = tuple[int, str, str, int]


def columns(vocabulary: Vocabulary) -> Sequence[FileColumn]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a file of opportunities."""
    return [
        *loose("id", "email", "name", "stage", "account", "campaign"),
        FileColumn("status", loose=True, choices=STATUSES),
        FileColumn("amount", "number", loose=True),
        FileColumn("created_at", "datetime", loose=True),
        FileColumn("closed_at", "datetime", loose=True),
    ]


def start(task: Task, connection: Connection) -> Importer:  # noqa: ARG001
    """Return what reads the rows of a file."""
    campaigns = task.vocabulary.campaigns

    def campaign(text: str) -> str:
        if text not in campaigns:
            raise ValueError(unknown("the campaign", text, campaigns))
        return text

    checks = {
        "id": checked_word, "email": lambda text: read_address(text).email, "account": ident, "campaign": campaign,
    }  # fmt: skip
    cells = Cells.of(task, checks, ("id", "email"))
    key = key_of("id", "email")(task.matching)
    return RecordReader(task, cells, key, lambda c, records: write_deals(c, records, task))


def write_deals(connection: Connection, records: Sequence[Record], task: Task) -> Outcome:
    """Store opportunities that are new or differ; return what became of their rows."""
    if not records:
        return Outcome()
    clear(connection, deals)
    rows = [(n, str(r.values["email"]), r.key[1], lot_of(r.key[1]), r.key[0]) for n, r in enumerate(records)]
    load(connection, deals, ("n", "email", "email_folded", "lot", "key"), rows)
    why, made = _people(connection, records, task)
    hold_people(connection, deals)
    old = _stored(connection)
    if task.options.mode == "delete":
        gone = frozenset(old)
        keep_deals(connection, old.values(), task.now, there=True)
        connection.execute(delete(t.opportunities).where(t.opportunities.c.id.in_([row.id for row in old.values()])))
        announce(connection, {row.prospect_id for row in old.values()}, task.now)
        return counted(records, frozenset(), frozenset(), gone, why)
    owners = {row.n: row.prospect_id for row in connection.execute(select(deals.c.n, deals.c.prospect_id))}
    why |= unwanted(owners, old, task.options.mode, _THERE, _ABSENT)
    new, events = _insert(connection, records, owners, [n for n in owners if n not in old and n not in why], task)
    changed, more = _update(connection, records, {n: row for n, row in old.items() if n not in why}, task)
    keep_deals(connection, (old[n] for n in changed), task.now, there=True)
    if new:
        keep_deals(connection, (row for n, row in _stored(connection).items() if n in new), task.now, there=False)
    happened(connection, [*events, *more])
    announce(connection, made | {owners[n] for n in new | changed}, task.now)
    return counted(records, new, changed, frozenset(), why)


def _people(
    connection: Connection, records: Sequence[Record], task: Task
) -> tuple[dict[int, Sentence], frozenset[int]]:
    """Find or make the people; return the records that have none, and the keys of those made."""
    missing = find_people(connection, deals)
    if missing and task.options.create_prospects and task.options.mode in ("upsert", "insert"):
        return {}, make_people(connection, deals, task.now)
    drop_rows(connection, deals, missing)
    why = {n: sentence("no prospect has the address {email}", email=records[n].key[1]) for n in missing}
    return why, frozenset()


def _stored(connection: Connection) -> dict[int, Any]:
    """Return the opportunities that are stored, by the places of their records."""
    o = t.opportunities
    mine = and_(o.c.prospect_id == deals.c.prospect_id, o.c.key == deals.c.key)
    kept = [type_coerce(c, BigInteger).label(c.name) if c.name.endswith("_at") else c for c in o.c]
    return {row.n: row for row in connection.execute(select(deals.c.n, *kept).join_from(deals, o, mine))}


def _insert(
    connection: Connection, records: Sequence[Record], owners: Mapping[int, int], places: Sequence[int], task: Task
) -> tuple[frozenset[int], list[Event]]:
    now = micros(task.now)
    rows, events = [], []
    for n in places:
        values = {"status": "open", "created_at": now, **said(records[n], _NAMES, ())}
        row = {
            **dict.fromkeys((*_NAMES, "stage_folded")),
            **_whole(values),
            "prospect_id": owners[n],
            "key": records[n].key[0],
        }
        rows.append(row)
        events.append((owners[n], "opportunity_created", row["key"], min(int(row["created_at"]), now)))
        if row["status"] != "open":
            events.append(_ended(owners[n], row, now))
    if rows:
        connection.execute(insert(t.opportunities), rows)
    return frozenset(places), events


def _update(
    connection: Connection, records: Sequence[Record], old: Mapping[int, Any], task: Task
) -> tuple[frozenset[int], list[Event]]:
    now, clears = micros(task.now), _CLEARED if task.options.clear_empty else ()
    rows, events, changed = [], [], set()
    for n, kept in old.items():
        values = _whole(said(records[n], _NAMES, clears))
        if all(getattr(kept, name) == value for name, value in values.items()):
            continue
        row = {name: values.get(name, getattr(kept, name)) for name in (*_NAMES, "stage_folded")}
        rows.append({**row, "this": kept.id})
        changed.add(n)
        if row["status"] not in ("open", kept.status):
            events.append(_ended(kept.prospect_id, {**row, "key": kept.key}, now))
    if rows:
        statement = update(t.opportunities).where(t.opportunities.c.id == bindparam("this"))
        connection.execute(statement.values({name: bindparam(name) for name in (*_NAMES, "stage_folded")}), rows)
    return frozenset(changed), events


def _whole(values: dict[str, Value | None]) -> dict[str, Any]:
    """Return values with the folded twin of the stage."""
    if "stage" not in values:
        return values
    stage = values["stage"]
    return {**values, "stage_folded": None if stage is None else fold(str(stage))}


def _ended(prospect: int, row: Mapping[str, Any], now: int) -> Event:
    at = row["closed_at"]
    return prospect, f"opportunity_{row['status']}", row["key"], now if at is None else min(int(at), now)


def happened(connection: Connection, events: Sequence[Event]) -> None:
    """Write activities of opportunities and put them before the next tick; each is stored once."""
    if not events:
        return
    types = word_ids(connection, "event", {kind for _, kind, _, _ in events})
    targets = word_ids(connection, "target", {target for _, _, target, _ in events})
    a, rows = t.activities, []
    for prospect, kind, target, at in events:
        name = f"{prospect}:{target}:{kind}:{at}"
        digest = activity_key(SOURCE, name)
        rows.append({
            "prospect_id": prospect, "type_id": types[kind], "target_id": targets[target], "occurred_at": at,
            "source": SOURCE, "source_id": name, "key": digest, "bot": False,
        })  # fmt: skip
    made = upsert(connection.dialect.name, a).on_conflict_do_nothing()  # type: ignore[attr-defined]
    stored = connection.execute(made.returning(a.c.id, type_coerce(a.c.occurred_at, BigInteger).label("at")), rows)
    unlearnt = [{"activity_id": row.id, "occurred_at": row.at} for row in stored]
    if unlearnt:
        connection.execute(insert(t.unlearnt), unlearnt)


OPPORTUNITIES = ImportKind(
    columns, ("id", "email"), ("upsert", "insert", "update", "delete"), start, key_of("id", "email")
)
