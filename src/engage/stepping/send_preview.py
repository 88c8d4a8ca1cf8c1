"""Whom a one-off send would reach if its moment were now, by the very question that the tick asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engage.plan import moves
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.recipients import FULL, judged, members
from engage.stepping.one_off import audience_of, mail_of
from engage.stepping.ordering import Order

#: So many recipients are shown.
FIRST = 3


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Who would get a send."""

    #: how many would get a message at once
    count: int
    #: how many would wait for room under the frequency cap
    waiting: int
    #: how many would get none, by the reason
    reasons: Mapping[str, int]
    #: the addresses of the first who would get one
    first: tuple[str, ...]


def foresee(connection: Connection, plans: moves.Plans, order: Order, now: datetime) -> Foreseen:
    """Return whom a send would reach. Raises Refused as ``ordering.check`` does."""
    marketing = mail_of(plans, order.templates)[order.templates[0]].marketing
    rules = Now.of(plans.house, now)
    audience = audience_of(connection, plans, rules, order.lists, order.suppress, marketing=marketing)
    each = judged(members(audience), audience).cte("judged").prefix_with("MATERIALIZED")
    counted = select(each.c.reason, func.count()).group_by(each.c.reason)
    counts: dict[str | None, int] = dict(connection.execute(counted).all())
    p = t.prospects
    free = select(p.c.email).join(each, each.c.prospect_id == p.c.id).where(each.c.reason.is_(None))
    first = connection.scalars(free.order_by(p.c.id).limit(FIRST)).all()
    reasons = {reason: count for reason, count in sorted(counts.items(), key=lambda pair: pair[0] or "") if reason}
    return Foreseen(counts.get(None, 0), reasons.pop(FULL, 0), reasons, tuple(first))
