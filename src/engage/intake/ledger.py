"""The score ledger: rows are earned, written, and added up into scores; its sum always equals the score."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Integer,
    Select,
    SmallInteger,
    Update,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
)

from engage.clock import micros
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import EntryKind
from engage.sql.columns import Instant, Key
from engage.sql.interning import upsert
from engage.sql.packing import is_postgres
from engage.sql.scratch import analyse, clear, counted, keyless, scratch, update_from
from engage.sql.standing import NOW, big, run, standing

#: Names the lock that keeps two learners of one database apart.
_LOCK = 0x656E6761

#: Ledger rows on their way; they stay until the transaction's end, so that one can ask who earned.
#: ``id`` becomes the entry's own on PostgreSQL, and its distance from the last one on SQLite.
earned = keyless(
    scratch(
        "earned",
        Column("id", Key, primary_key=True, autoincrement=False),
        Column("prospect_id", Key, nullable=False),
        Column("at", Instant, nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("category_id", Integer),
        Column("rule_id", Integer),
        Column("activity_id", Key),
        Column("expires_at", Instant),
    )
)
#: Each prospect's sum of them.
gained = keyless(
    scratch(
        "gained",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("points", BigInteger, nullable=False),
    )
)
#: What a ledger row takes over from ``earned``.
_COPIED = ("prospect_id", "at", "points", "kind", "category_id", "rule_id", "activity_id")
_NAMES = (*_COPIED, "expires_at")


def lock_ledger(connection: Connection) -> None:
    """Wait until no other transaction learns, expires or rescores; SQLite has one writer anyway."""
    if is_postgres(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def lock_standings(connection: Connection, who: Select[Any]) -> None:
    """Hold the scores of prospects until the transaction ends, taken in order of their keys."""
    if is_postgres(connection):
        s = t.standings
        held = select(s.c.prospect_id).where(s.c.prospect_id.in_(who)).order_by(s.c.prospect_id)
        connection.execute(select(func.count()).select_from(held.with_for_update(key_share=True).subquery()))


def entry(
    prospect_id: ColumnElement[Any],
    at: ColumnElement[Any],
    points: ColumnElement[Any],
    kind: EntryKind,
    *rest: ColumnElement[Any],
) -> Select[Any]:
    """Return a SELECT of ledger rows for ``earn``: the rest is category, rule, activity, moment of expiry."""
    given = (prospect_id, at, points, literal(int(kind), SmallInteger), *rest)
    missing = (null() for _ in range(len(_NAMES) - len(given)))
    return select(*(column.label(name) for column, name in zip((*given, *missing), _NAMES, strict=True)))


def earn(connection: Connection, rows: Select[Any], asked: Now | None = None, **values: object) -> int:
    """Put ledger rows on their way and return how many; the columns are those of ``entry``.

    ``asked`` and the values are those of a standing SELECT.
    """
    if asked is None:
        return connection.execute(_earning(connection.dialect.name, rows)).rowcount
    return run(connection, _standing_earning(connection.dialect.name, rows), asked, **values).rowcount


def _earning(database: str, rows: Select[Any]) -> Insert:
    each = rows.subquery("each")
    names = list(_NAMES)
    chosen: list[ColumnElement[Any]] = [cast(each.c[name], earned.c[name].type) for name in names]
    if database == "postgresql":
        names.append("id")
        chosen.append(literal_column("nextval('score_entries_id_seq'::regclass)"))
    return counted(insert(earned).from_select(names, select(*chosen)))


_standing_earning = standing(_earning)


def write_entries(connection: Connection, now: datetime) -> None:
    """Write what was earned into the ledger, with its expiries and the sums of categories.

    ``now`` is the moment of the tick, import or edit that does it.
    """
    analyse(connection, earned)
    last = 0
    if not is_postgres(connection):
        last = connection.scalar(_last_entry()) or 0
    connection.execute(_entries(), {"last": last, "now": micros(now)})
    connection.execute(_expiries(), {"last": last})
    connection.execute(_category_sums(connection.dialect.name))


@standing
def _last_entry() -> Select[Any]:
    return select(func.max(t.score_entries.c.id))


@standing
def _entries() -> Insert:
    rows = select(earned.c.id + big("last"), NOW, *(earned.c[name] for name in _COPIED))
    return insert(t.score_entries).from_select(["id", "made_at", *_COPIED], rows)


@standing
def _expiries() -> Insert:
    due = select(earned.c.expires_at, earned.c.id + big("last")).where(earned.c.expires_at.is_not(null()))
    return insert(t.expiries).from_select(["at", "entry_id"], due)


@standing
def _category_sums(database: str) -> Insert:
    sums = (
        select(earned.c.prospect_id, earned.c.category_id, func.sum(earned.c.points))
        .where(earned.c.category_id.is_not(null()))
        .group_by(earned.c.prospect_id, earned.c.category_id)
        .order_by(earned.c.prospect_id, earned.c.category_id)
    )
    kept = t.category_scores.c
    into: Any = upsert(database, t.category_scores).from_select(["prospect_id", "category_id", "points"], sums)
    points = {"points": kept.points + into.excluded.points}
    made: Insert = into.on_conflict_do_update(index_elements=[kept.prospect_id, kept.category_id], set_=points)
    return made


def sums_of(rows: FromClause) -> Select[Any]:
    """Return each prospect's sum of points."""
    return select(rows.c.prospect_id, func.sum(rows.c.points).label("points")).group_by(rows.c.prospect_id)


def post(connection: Connection, now: datetime) -> None:
    """Write what was earned and add it to the scores."""
    write_entries(connection, now)
    clear(connection, gained)
    connection.execute(_gains())
    analyse(connection, gained)
    connection.execute(_added(connection.dialect.name))


@standing
def _gains() -> Insert:
    return insert(gained).from_select(["prospect_id", "points"], sums_of(earned))


@standing
def _added(database: str) -> Update:
    return update_from(database, t.standings, gained, {"score": t.standings.c.score + gained.c.points})


def begin_earning(connection: Connection) -> None:
    """Forget what was earned before."""
    clear(connection, earned)
