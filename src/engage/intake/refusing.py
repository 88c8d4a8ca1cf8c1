"""Who is not written to any more, by what activities tell: dead addresses, many soft bounces, complaints, opt-outs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, exists, func, insert, literal, not_, null, or_, select

from engage.intake.batch import batch
from engage.intake.keeping import set_flag
from engage.sql import tables as t

#: So many soft bounces are as good as a hard one (SPEC section 11).
SOFT_BOUNCES = 5

_BOUNCED = "email_bounced"


def is_hard(activity_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether a bounce's properties say that it is for ever."""
    a = t.activities.alias()
    return exists(select(1).where(a.c.id == activity_id, func.lower(a.c.properties).like('%"hard"%')))


def _is_for_us(properties: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether a bounce's properties say that a policy refused us: that is no fault of the recipient's."""
    return func.lower(func.coalesce(properties, "")).like('%"policy"%')


def opt_out(connection: Connection, now: datetime, types: Mapping[str, int]) -> None:
    """Send no more marketing mail to whom the batch's events of some types are about."""
    _refuse(connection, now, "opted_out", "opt_out", types, not_(_taken_back()))


def _taken_back() -> ColumnElement[bool]:
    """Return whether the person has consented since an event of the batch; that consent stands."""
    c = t.consents.c
    same = (c.prospect_id == batch.c.prospect_id, c.kind == "opt_in", c.list_id.is_(null()))
    return exists(select(1).where(*same, c.at >= batch.c.occurred_at).correlate(batch))


def stop_bounced(connection: Connection, now: datetime, type_id: int) -> None:
    """Send nothing more where a message came back for ever, or softly for the fifth time."""
    a = t.activities.alias()
    times = select(func.count()).where(
        a.c.prospect_id == batch.c.prospect_id,
        a.c.type_id == type_id,
        a.c.learnt_at.is_not(null()),
        a.c.bot.is_(False),
        ~_is_for_us(a.c.properties),
    )
    gone = or_(is_hard(batch.c.activity_id), times.scalar_subquery() >= SOFT_BOUNCES)
    _refuse(connection, now, "do_not_email", "do_not_email", {_BOUNCED: type_id}, gone)


def _refuse(
    connection: Connection, now: datetime, flag: str, kind: str, types: Mapping[str, int], *wheres: ColumnElement[bool]
) -> None:
    """Set a flag where it is not set yet, and keep for ever when and why; the first event counts."""
    s = t.standings
    order = (batch.c.occurred_at, batch.c.activity_id)
    place = func.row_number().over(partition_by=batch.c.prospect_id, order_by=order)
    source = case({number: name for name, number in types.items()}, value=batch.c.type_id)
    mine = batch.c.type_id.in_(types.values())
    events = (
        select(batch.c.prospect_id, batch.c.occurred_at, source.label("source"), place.label("place"))
        .select_from(batch.join(s, s.c.prospect_id == batch.c.prospect_id))
        .where(mine, ~s.c[flag], *wheres)
        .subquery("events")
    )
    row = select(events.c.prospect_id, events.c.occurred_at, literal(kind), events.c.source)
    names = ["prospect_id", "at", "kind", "source"]
    connection.execute(insert(t.consents).from_select(names, row.where(events.c.place == 1)))
    who = select(batch.c.prospect_id).where(mine, *wheres)
    set_flag(connection, now, flag, s.c.prospect_id.in_(who))
