"""Activities are learnt in the order in which they happened: they score, and say how messages fared.

Phase (1) of a tick's round (SPEC section 7). What is not learnt yet, no step sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Select,
    Subquery,
    Update,
    case,
    func,
    insert,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from engage.clock import FOREVER, MICROSECOND
from engage.intake.batch import batch, take, types_present
from engage.intake.inactivity import time_inactivity
from engage.intake.ledger import begin_earning, earned, lock_ledger, write_entries
from engage.intake.mail import note_mail
from engage.intake.scoring import earn_by_rules, numbered
from engage.language.events import PASSIVE
from engage.plan.moves import Plans, Scoring
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.columns import Instant, Key
from engage.sql.scratch import analyse, clear, keyless, scratch, update_from
from engage.sql.standing import NOW, run, standing

#: What the batch means for each prospect: points, and the latest moment that was not passive (microseconds).
news = keyless(
    scratch(
        "news",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("points", BigInteger, nullable=False),
        Column("last_at", BigInteger),
    )
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one chunk of learning came to."""

    #: activities taken, those of bots included; fewer than the limit: none are left
    taken: int
    #: those that count, which stand in ``batch`` until the transaction ends
    counted: int
    #: whether a rule gave or took points; who got them stands in ``ledger.earned``
    scored: bool = False
    #: whether somebody may have become unmailable: an opt-out, a complaint or a bounce
    mailable: bool = False

    @property
    def anything(self) -> bool:
        """Whether somebody's data may have changed."""
        return self.counted > 0


def learn_chunk(connection: Connection, plans: Plans, now: datetime, limit: int = 50_000) -> Learnt:
    """Learn the next activities that happened at or before now, inside the caller's transaction.

    The temporary table ``batch`` holds them until the transaction ends, without those of bots, which are
    marked as learnt and count nowhere.
    """
    lock_ledger(connection)
    begin_earning(connection)
    taken, counted = take(connection, Now.of(plans.house, now), limit)
    if not counted:
        return Learnt(taken, counted)
    types = types_present(connection)
    mailable = note_mail(connection, now, plans.house.hours.zone, types)
    scored = _earn(connection, plans, now, types)
    if scored:
        write_entries(connection, now)
    _bring_up_to_date(connection, plans, now, types)
    return Learnt(taken, counted, scored, mailable)


def _earn(connection: Connection, plans: Plans, now: datetime, types: dict[str, int]) -> bool:
    """Put the points that rules give for the batch on their way."""
    asked = Scoring(tuple(rule for rule in plans.scoring.rules if rule.event in types))
    if not asked.rules:
        return False
    rules = numbered(connection, asked)
    at = Now.of(plans.house, now)
    return earn_by_rules(connection, rules, _source(), plans.house.hours.zone, anew=False, asked=at) > 0


@standing
def _source() -> Subquery:
    """Return the batch as scoring rules read it."""
    return select(batch, type_coerce(NOW, Instant).label("learnt_at")).subquery("source")


def _bring_up_to_date(connection: Connection, plans: Plans, now: datetime, types: dict[str, int]) -> None:
    """Add the points to the scores and move the moments of last activity, each prospect touched once."""
    asked, inactivity = Now.of(plans.house, now), plans.scoring.inactivity
    clear(connection, news)
    run(connection, _gathered(frozenset(number for name, number in types.items() if name in PASSIVE)), asked)
    analyse(connection, news)
    every = inactivity.every.length // MICROSECOND if inactivity else None
    if every is not None:
        time_inactivity(connection, _older(every), now)
    run(connection, _updated(connection.dialect.name, every), asked)


@standing
def _updated(database: str, every: int | None) -> Update:
    s = t.standings
    last = type_coerce(s.c.last_activity_at, BigInteger)
    moved = news.c.last_at > func.coalesce(last, -FOREVER)
    values: dict[str, ColumnElement[Any]] = {
        "score": s.c.score + news.c.points,
        "last_activity_at": case((moved, news.c.last_at), else_=last),
        "inactive_periods": case((moved, _periods_left(every)), else_=s.c.inactive_periods),
    }
    return update_from(database, s, news, values)


@standing
def _gathered(passive: frozenset[int]) -> Insert:
    """Fill ``news`` with what the batch and the ledger rows earned by it mean for each prospect."""
    at = type_coerce(batch.c.occurred_at, BigInteger).label("at")
    points = select(earned.c.prospect_id, earned.c.points, literal(None, BigInteger).label("at"))
    moments = select(batch.c.prospect_id, literal(0, BigInteger), at).where(batch.c.type_id.not_in(sorted(passive)))
    both = union_all(points, moments).subquery("both")
    sums = select(both.c.prospect_id, func.sum(both.c.points), func.max(both.c.at)).group_by(both.c.prospect_id)
    return insert(news).from_select([column.name for column in news.c], sums)


def _periods_left(every: int | None) -> ColumnElement[Any]:
    """Return how many of the inactive periods counted so far lie after the new moment of last activity.

    None, as a rule. An activity learnt late leaves those that ended after it: nobody pays twice for a time.
    """
    if every is None:
        return literal(0, Integer)
    s = t.standings
    base = type_coerce(func.coalesce(s.c.last_activity_at, s.c.created_at), BigInteger)
    ended = (news.c.last_at - base) // literal(every, BigInteger)
    return case(
        (news.c.last_at <= base, s.c.inactive_periods),
        (ended >= s.c.inactive_periods, 0),
        else_=s.c.inactive_periods - ended,
    )


@standing
def _older(every: int) -> Select[Any]:
    """Select those whose first activity lies before their creation: imported history, counted again."""
    s = t.standings
    created = type_coerce(s.c.created_at, BigInteger)
    due = news.c.last_at + (s.c.inactive_periods + 1) * literal(every, BigInteger)
    return select(s.c.prospect_id, due.label("due_at")).where(
        s.c.prospect_id == news.c.prospect_id, s.c.last_activity_at.is_(null()), news.c.last_at < created
    )
