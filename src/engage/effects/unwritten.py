"""Handing over without writing: for forecasts, where a hundred thousand mails go nowhere and only their fate counts.

The rules are those of ``consent`` and ``results``, here for all queued messages at once; SQLite only, for a
forecast's database is private.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    LargeBinary,
    and_,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.effects.results import SOURCE
from engage.language.calendar import local_day
from engage.language.conditions import Condition
from engage.plan.moves import House
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import CHUNK, Figure, MessageKind, MessageStatus, TimerKind
from engage.sql.columns import Instant
from engage.sql.interning import word_id, word_ids
from engage.sql.packing import pack
from engage.sql.predicates import holds

_QUEUED = t.messages.c.status == int(MessageStatus.QUEUED)


def hand_over_unwritten(connection: Connection, house: House, suppress: Mapping[str, Condition], now: datetime) -> int:
    """Mark all that is queued as handed over, or cancelled where a prospect may not be written to.

    Return how many messages were handed over.
    """
    m, n = t.messages, t.notifications
    if connection.scalar(select(n.c.id).where(n.c.status == int(MessageStatus.QUEUED)).limit(1)) is not None:
        waits = n.c.status == int(MessageStatus.QUEUED)
        connection.execute(update(n).where(waits).values(status=int(MessageStatus.SENT), sent_at=now))
    span = connection.execute(select(func.min(m.c.id), func.max(m.c.id)).where(_QUEUED)).one()
    if span[0] is None:
        return 0
    mine = and_(m.c.id >= span[0], m.c.id <= span[1])
    refused = update(m).where(_QUEUED, or_(_unmailable(house), *_suppressed(house, suppress, now)))
    connection.execute(refused.values(status=int(MessageStatus.CANCELLED)))
    sent = connection.execute(update(m).where(_QUEUED).values(status=int(MessageStatus.SENT), sent_at=now)).rowcount
    went = and_(mine, m.c.status == int(MessageStatus.SENT), m.c.sent_at == now)
    _write_activities(connection, went, now)
    _write_totals(connection, went, house, now)
    settled = and_(mine, m.c.status.in_((int(MessageStatus.SENT), int(MessageStatus.CANCELLED))))
    _wake(connection, settled, now)
    return sent


def _unmailable(house: House) -> ColumnElement[bool]:
    m, s, p = t.messages, t.standings, t.prospects
    marketing = m.c.kind == int(MessageKind.MARKETING)
    why = [s.c.do_not_email, and_(marketing, s.c.opted_out)]
    if house.require_consent:
        consents = select(p.c.consent_at).where(p.c.id == m.c.prospect_id).correlate(m).scalar_subquery()
        why.append(and_(marketing, consents.is_(None)))
    return exists(select(1).where(s.c.prospect_id == m.c.prospect_id, or_(*why)).correlate(m))


def _suppressed(house: House, suppress: Mapping[str, Condition], now: datetime) -> list[ColumnElement[bool]]:
    m, s, k = t.messages, t.steps, t.scenarios
    asked = Now.of(house, now)
    return [
        and_(
            m.c.step_id.in_(select(s.c.id).join(k, k.c.id == s.c.scenario_id).where(k.c.key == key)),
            holds(condition, m.c.prospect_id, asked),
        )
        for key, condition in sorted(suppress.items())
    ]


def _write_activities(connection: Connection, went: ColumnElement[bool], now: datetime) -> None:
    m, a, w, target = t.messages, t.activities, t.words, t.words.alias("targets")
    event = word_id(connection, "event", "email_sent")
    templates = connection.scalars(select(w.c.text).join(m, m.c.template_id == w.c.id).where(went).distinct())
    word_ids(connection, "target", templates.all())
    named = and_(target.c.kind == "target", target.c.text == w.c.text)
    at, name = literal(micros(now), Instant), literal("email_sent:").concat(m.c.id)
    rows = (
        select(
            m.c.prospect_id, literal(event), target.c.id, m.c.id, at,
            cast(name, LargeBinary), literal(SOURCE), name,
        )
        .select_from(m.join(w, w.c.id == m.c.template_id).join(target, named))
        .where(went)
        .order_by(m.c.id)
    )  # fmt: skip
    before = connection.scalar(select(func.max(a.c.id))) or 0
    names = ["prospect_id", "type_id", "target_id", "message_id", "occurred_at", "key", "source", "source_id"]
    connection.execute(insert(a).from_select(names, rows))
    fresh = select(a.c.occurred_at, a.c.id).where(a.c.id > before)
    connection.execute(insert(t.unlearnt).from_select(["occurred_at", "activity_id"], fresh))


def _write_totals(connection: Connection, went: ColumnElement[bool], house: House, now: datetime) -> None:
    """Count what steps sent; a forecast hands over in the tick that queues."""
    m, s = t.messages, t.steps
    day = (local_day(now, house.hours.zone) - date(1970, 1, 1)).days
    counts: Any = (
        select(s.c.scenario_id, s.c.id, literal(day), literal(int(Figure.SENT)), literal(0), func.count())
        .join_from(m, s, s.c.id == m.c.step_id)
        .where(went)
        .group_by(s.c.scenario_id, s.c.id)
    )
    names = ["scenario_id", "step_id", "day", "figure", "bucket", "count"]
    connection.execute(insert(t.totals).from_select(names, counts))


def _wake(connection: Connection, settled: ColumnElement[bool], now: datetime) -> None:
    """Write timers that tell the engine, in chunks."""
    m = t.messages
    at = literal(micros(now), BigInteger())
    packed = pack(connection.dialect.name, m.c.id)
    values = (
        select(literal(int(TimerKind.SETTLED)), type_coerce(at, Instant), func.count(), packed)
        .where(settled)
        .group_by(m.c.id // CHUNK)
    )
    connection.execute(insert(t.timers).from_select(["kind", "due_at", "count", "ids"], values))
