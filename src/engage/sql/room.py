"""Room under the frequency cap: how many marketing messages count against a prospect's limit."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, func, or_, select, type_coerce

from engage.plan.models import Cap
from engage.sql import tables as t
from engage.sql.asked import Near, Now
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.moving import moving


def mails_counted(
    cap: Cap,
    rules: Now,
    rows: FromClause,
    who: ColumnElement[int],
    *,
    held: bool = True,
    near: Near | None = None,
) -> ColumnElement[int]:
    """Return how many marketing messages were queued or sent in the cap's days, or are still to be sent.

    ``who`` is the prospect of each of some ``rows``. ``held``: those count too that wait for room themselves. ``near``
    tells of a prospect's key whether it is one of a chunk's (see ``standing.near``).
    """
    m = t.messages.alias("counted")
    start = moving("back", cap.days, rules.at, rules.zone)
    recent = or_(type_coerce(m.c.queued_at, BigInteger) >= start, type_coerce(m.c.sent_at, BigInteger) >= start)
    coming = (MessageStatus.QUEUED, MessageStatus.HELD) if held else (MessageStatus.QUEUED,)
    gone = and_(m.c.status.in_((MessageStatus.SENT, MessageStatus.IN_DOUBT)), recent)
    mine = [m.c.prospect_id == who, m.c.kind == int(MessageKind.MARKETING)]
    if near is not None:
        mine.append(near(m.c.prospect_id))
    counted = select(func.count()).select_from(m).where(*mine, or_(m.c.status.in_(coming), gone))
    return counted.correlate(rows).scalar_subquery()
