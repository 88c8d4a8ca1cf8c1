"""Who gets a one-off send: the members of its lists, each judged, and the rows that are queued for them.

Each member has one row, also who must not be written to: it is cancelled with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Update,
    case,
    exists,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
    union_all,
    update,
)

from engage.language.conditions import Condition
from engage.language.lots import PRIME
from engage.plan.models import Cap
from engage.sql import tables as t
from engage.sql.asked import Near, Now
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.cohort import keys_of, looked
from engage.sql.leaving import LEFT, Lists, has_left
from engage.sql.predicates import holds
from engage.sql.room import mails_counted
from engage.sql.standing import NOW, big, near, near_in, standing, whole

#: The reason of who waits for room under the frequency cap, or found none.
FULL = "cap"
#: What becomes of one for whom there is no room: held until there is, left for later, or cancelled.
IfFull = Literal["hold", "leave", "cancel"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a send is for, and by which rules."""

    #: the numbers of its lists, where all are static
    list_ids: tuple[int, ...]
    #: being on any of the lists, where one is dynamic
    on_lists: Condition | None
    suppress: Condition | None
    marketing: bool
    rules: Now
    cap: Cap | None
    #: its lists with what it means to be on each, where anybody has left one of them
    lists: Lists = ()


def members(audience: Audience) -> FromClause:
    """Return everybody who may be asked about, as ``prospect_id``."""
    m, s = t.list_members, t.standings
    if audience.on_lists is not None:
        return select(s.c.prospect_id).subquery("members")
    return select(m.c.prospect_id).where(m.c.list_id.in_(audience.list_ids)).distinct().subquery("members")


@standing
def next_members(list_ids: tuple[int, ...]) -> Insert:
    """Fill ``looked`` with the next members of static lists after a key, each once."""
    m = t.list_members
    parts = []
    for key in list_ids:
        mine = select(m.c.prospect_id).where(m.c.list_id == key, m.c.prospect_id > big("after"))
        parts.append(select(mine.order_by(m.c.prospect_id).limit(whole("most")).subquery()))
    every = union_all(*parts).subquery("every")
    chosen = select(every.c.prospect_id).distinct().order_by(every.c.prospect_id).limit(whole("most"))
    return insert(looked).from_select(["prospect_id"], chosen)


def judged(rows: FromClause, audience: Audience, near: Near | None = None) -> Select[Any]:
    """Select who of some rows is meant, with the lot and with why he or she gets no message now.

    ``near`` tells of a prospect's key whether it is one of a chunk's (see ``standing.near``).
    """
    s, p, who, rules = t.standings, t.prospects, rows.c.prospect_id, audience.rules
    joined = rows.join(s, s.c.prospect_id == who)
    wheres = [] if near is None else [near(s.c.prospect_id)]
    whens: list[tuple[ColumnElement[bool], Any]] = [(s.c.do_not_email, literal("do_not_email"))]
    if audience.marketing:
        whens.append((s.c.opted_out, literal("opted_out")))
        if rules.require_consent:
            joined = joined.join(p, p.c.id == who)
            wheres += [] if near is None else [near(p.c.id)]
            whens.append((p.c.consent_at.is_(null()), literal("no_consent")))
        if audience.lists:
            whens.append((has_left(audience.lists, who, rules, near=near), literal(LEFT)))
        if audience.cap is not None:
            taken = mails_counted(audience.cap, rules, rows, who, near=near)
            whens.append((taken >= audience.cap.count, literal(FULL)))
    if audience.on_lists is not None:
        wheres.append(holds(audience.on_lists, who, rules, near=near))
    if audience.suppress is not None:
        wheres.append(not_(holds(audience.suppress, who, rules, near=near)))
    return select(who, s.c.lot, case(*whens, else_=null()).label("reason")).select_from(joined).where(*wheres)


@standing
def queueing(database: str, audience: Audience, full: IfFull, from_owner: bool) -> Insert:
    """Write the rows of those in ``looked`` whose mixed lots lie from ``first`` on and before ``end``."""
    m, s = t.messages, t.standings
    lot = type_coerce(s.c.lot, BigInteger()) * big("factor") + big("shift")
    mixed = lot % literal(PRIME, BigInteger())
    known = exists(select(1).where(m.c.send_id == whole("send"), m.c.prospect_id == looked.c.prospect_id))
    by_key = near if database == "postgresql" else None
    part = (mixed >= big("first"), mixed < big("end"), not_(known.correlate(looked)))
    mine = judged(looked, audience, by_key).where(*part)
    each = mine.cte("judged").prefix_with("MATERIALIZED")
    no_room = MessageStatus.HELD if full == "hold" else MessageStatus.CANCELLED
    status = case(
        (each.c.reason.is_(null()), int(MessageStatus.QUEUED)),
        (each.c.reason == FULL, int(no_room)),
        else_=int(MessageStatus.CANCELLED),
    )
    kind = MessageKind.MARKETING if audience.marketing else MessageKind.OPERATIONAL
    values = {
        "prospect_id": each.c.prospect_id, "send_id": whole("send"), "queued_at": NOW, "template_id": whole("template"),
        "status": status, "kind": literal(int(kind)), "from_owner": literal(from_owner), "reason": each.c.reason,
    }  # fmt: skip
    chosen = select(*values.values()).order_by(each.c.prospect_id)
    if full == "leave":
        chosen = chosen.where(or_(each.c.reason.is_(null()), each.c.reason != FULL))
    return insert(m).from_select(list(values), chosen)


@standing
def just_queued() -> Select[Any]:
    """Select the prospects of a span for whom a message of the send was queued at this moment."""
    m = t.messages
    mine = (m.c.send_id == whole("send"), m.c.prospect_id.between(big("low_who"), big("high_who")))
    return select(m.c.prospect_id).where(*mine, m.c.status == int(MessageStatus.QUEUED), m.c.queued_at == NOW)


@standing
def lock_standings() -> Select[Any]:
    """Lock the standings of those in ``looked``, so that nobody else counts their e-mails meanwhile (PostgreSQL)."""
    key = t.standings.c.prospect_id
    return select(key).where(near(key), key.in_(keys_of(looked))).order_by(key).with_for_update()


@standing
def next_held() -> Insert:
    """Fill ``looked`` with the next prospects after a key whose message of the send waits for room."""
    who = t.messages.c.prospect_id
    chosen = select(who).where(*_held(), who > big("after")).order_by(who).limit(whole("most"))
    return insert(looked).from_select(["prospect_id"], chosen)


def _held() -> tuple[ColumnElement[bool], ...]:
    m = t.messages
    return m.c.send_id == whole("send"), m.c.status == int(MessageStatus.HELD)


@standing
def any_held() -> Select[Any]:
    """Select one message of the send that waits for room."""
    return select(t.messages.c.id).where(*_held()).limit(1)


@standing
def let_go(database: str, cap: Cap | None, rules: Now) -> Update:
    """Queue the held messages of those in ``looked`` for whom there is room now."""
    m = t.messages
    freed = update(m).where(*_held(), m.c.prospect_id.in_(keys_of(looked)), near_in(database, m.c.prospect_id))
    if cap is not None:
        freed = freed.where(mails_counted(cap, rules, m, m.c.prospect_id, held=False) < cap.count)
    return freed.values(status=int(MessageStatus.QUEUED), reason=None, queued_at=NOW)


@standing
def given_up() -> Update:
    """Cancel the held messages of those in ``looked``; their reason stays."""
    m = t.messages
    held = update(m).where(*_held(), m.c.prospect_id.in_(keys_of(looked)))
    return held.values(status=int(MessageStatus.CANCELLED))
