"""Changed rules score history again: what rules gave is taken away and earned anew (SPEC section 8)."""

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
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    not_,
    null,
    select,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.intake.ledger import (
    begin_earning,
    earn,
    earned,
    entry,
    gained,
    lock_ledger,
    lock_standings,
    sums_of,
    write_entries,
)
from engage.intake.scoring import earn_by_rules, numbered
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.sql.codes import EntryKind
from engage.sql.columns import Instant, Key
from engage.sql.scratch import analyse, clear, scratch, update_from

#: Entries that follow from the rules. All others stay.
_BY_RULES = (EntryKind.RULE, EntryKind.EXPIRY)
#: Entries that today's rules give too, beside what was just earned, and when that expires.
staying = scratch(
    "staying",
    Column("entry_id", Key, primary_key=True, autoincrement=False),
    Column("earned_id", Key, nullable=False),
    Column("expires_at", Instant),
)


def rescore(
    connection: Connection, plans: Plans, now: datetime, after_prospect: int = 0, limit: int = 50_000
) -> int | None:
    """Score the next prospects' learnt activities by today's rules; return the last one's key, None if none.

    Limits and expiries fall as if these rules had been there from the first. Points whose time is over stand
    beside the entry that takes them back, so that they still count for their limit.
    """
    s = t.standings.c.prospect_id
    some = select(s).where(s > after_prospect).order_by(s).limit(limit).subquery()
    last: int | None = connection.scalar(select(func.max(some.c.prospect_id)))
    if last is None:
        return None
    span = (after_prospect, last)
    lock_ledger(connection)
    lock_standings(connection, select(s).where(_within(t.standings, span)))
    score_anew(connection, plans, now, span)
    return last


def score_anew(
    connection: Connection, plans: Plans, now: datetime, span: tuple[int, int], *, keep: bool = True
) -> None:
    """Score the prospects of a span of keys by today's rules; the caller holds their scores and the ledger.

    Entries that are earned again as they were stay; of the others is kept what they were, unless ``keep`` is False.
    """
    _earn_anew(connection, plans, now, span)
    _stay(connection, span)
    if keep:
        connection.execute(_kept(span, now))
    _forget(connection, span)
    write_entries(connection, now)
    _add_up(connection, span)


def _within(table: FromClause, span: tuple[int, int]) -> ColumnElement[bool]:
    """Tell whether a row is of one of the prospects."""
    return (table.c.prospect_id > span[0]) & (table.c.prospect_id <= span[1])


def _stay(connection: Connection, span: tuple[int, int]) -> None:
    """Let entries stay that are earned again as they were; only their expiry may be another."""
    e = t.score_entries
    clear(connection, staying)
    analyse(connection, earned)
    alike = and_(
        e.c.prospect_id == earned.c.prospect_id, e.c.activity_id == earned.c.activity_id, e.c.kind == earned.c.kind,
        e.c.rule_id == earned.c.rule_id, e.c.points == earned.c.points, e.c.at == earned.c.at,
        e.c.category_id.is_not_distinct_from(earned.c.category_id), e.c.kind.in_(_BY_RULES),
    )  # fmt: skip
    pairs = select(e.c.id, func.min(earned.c.id), func.min(earned.c.expires_at))
    pairs = pairs.select_from(earned.join(e, alike)).where(_within(e, span)).group_by(e.c.id)
    connection.execute(insert(staying).from_select(["entry_id", "earned_id", "expires_at"], pairs))
    analyse(connection, staying)
    connection.execute(delete(earned).where(earned.c.id.in_(select(staying.c.earned_id))))
    x = t.expiries
    connection.execute(delete(x).where(x.c.entry_id.in_(select(staying.c.entry_id))))
    later = select(staying.c.expires_at, staying.c.entry_id).where(staying.c.expires_at.is_not(null()))
    connection.execute(insert(x).from_select(["at", "entry_id"], later))


def _gone(span: tuple[int, int]) -> tuple[ColumnElement[bool], ...]:
    """Tell which entries changed rules take away."""
    e = t.score_entries
    return _within(e, span), e.c.kind.in_(_BY_RULES), e.c.id.not_in(select(staying.c.entry_id))


def _kept(span: tuple[int, int], now: datetime) -> Insert:
    """Keep what the entries were that go, for whoever asks for the past."""
    names = ("prospect_id", "at", "made_at", "points", "kind", "category_id", "rule_id", "activity_id")
    rows = select(literal(micros(now), BigInteger), *(t.score_entries.c[name] for name in names)).where(*_gone(span))
    return insert(t.former_entries).from_select(["gone_at", *names], rows)


def _forget(connection: Connection, span: tuple[int, int]) -> None:
    e = t.score_entries
    keys = select(e.c.id).where(*_gone(span))
    connection.execute(delete(t.expiries).where(t.expiries.c.entry_id.in_(keys)))
    connection.execute(delete(e).where(*_gone(span)))


def _earn_anew(connection: Connection, plans: Plans, now: datetime, span: tuple[int, int]) -> None:
    a = t.activities
    names = (a.c.prospect_id, a.c.type_id, a.c.target_id, a.c.occurred_at, a.c.learnt_at)
    learnt = select(a.c.id.label("activity_id"), *names)
    source = learnt.where(_within(a, span), a.c.learnt_at.is_not(null()), not_(a.c.bot)).subquery("learnt")
    begin_earning(connection)
    rules = numbered(connection, plans.scoring)
    earn_by_rules(connection, rules, source, plans.house.hours.zone, anew=True)
    over = earned.c.expires_at <= now
    back = entry(
        earned.c.prospect_id, earned.c.expires_at, -earned.c.points, EntryKind.EXPIRY,
        earned.c.category_id, earned.c.rule_id, earned.c.activity_id,
    )  # fmt: skip
    if earn(connection, back.where(over)):
        connection.execute(update(earned).where(over).values(expires_at=None))


def _add_up(connection: Connection, span: tuple[int, int]) -> None:
    """Make the sums of the ledger the scores."""
    mine = select(t.score_entries).where(_within(t.score_entries, span)).subquery("mine")
    connection.execute(delete(t.category_scores).where(_within(t.category_scores, span)))
    _categories(connection, mine)
    s, sums = t.standings, sums_of(mine).subquery("sums")
    points = func.coalesce(sums.c.points, 0)
    both = s.outerjoin(sums, sums.c.prospect_id == s.c.prospect_id)
    new = select(s.c.prospect_id, points).select_from(both).where(_within(s, span), s.c.score != points)
    clear(connection, gained)
    connection.execute(insert(gained).from_select(["prospect_id", "points"], new))
    analyse(connection, gained)
    connection.execute(update_from(connection.dialect.name, s, gained, {"score": gained.c.points}))


def _categories(connection: Connection, mine: FromClause) -> None:
    points: ColumnElement[Any] = type_coerce(func.sum(mine.c.points), BigInteger)
    sums = select(mine.c.prospect_id, mine.c.category_id, points).where(mine.c.category_id.is_not(null()))
    each = sums.group_by(mine.c.prospect_id, mine.c.category_id)
    table: Table = t.category_scores
    connection.execute(insert(table).from_select(["prospect_id", "category_id", "points"], each))
