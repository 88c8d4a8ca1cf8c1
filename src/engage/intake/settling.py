"""What the public pages heard becomes activities: whose it was, and whether a person or a machine was there.

Opens are settled at once, clicks when they are ten seconds old: only then is it known whether three different links
of the message, or the one that no person sees, were followed within ten seconds. What machines did is stored, marked,
and counts nowhere. What the prospect does not allow to be tracked (any more) is not stored at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    Insert,
    LargeBinary,
    Select,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from engage.clock import moment
from engage.intake.machines import WITHIN, judge, marked, settling
from engage.plan.models import Tracking
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import HeardKind
from engage.sql.interning import word_ids
from engage.sql.predicates import holds
from engage.sql.scratch import analyse, clear, counted
from engage.sql.standing import NOW, big, run, standing, whole

#: Where the activities come from.
SOURCE = "web"
_OPEN = int(HeardKind.OPEN)


def settle_chunk(connection: Connection, plans: Plans, now: datetime, limit: int) -> int:
    """Settle the next events that can be, inside the caller's transaction; return how many, at most ``limit``."""
    clear(connection, settling)
    asked = Now.of(plans.house, now)
    taken = run(connection, _taken(), asked, most=limit).rowcount
    if taken:
        analyse(connection, settling)
        events = word_ids(connection, "event", ("email_clicked", "email_opened"))
        word_ids(connection, "link", run(connection, _links(), None).scalars())
        word_ids(connection, "target", run(connection, _templates(), None).scalars())
        judge(connection, events["email_clicked"])
        stored = _stored(plans.house.tracking, asked.always)
        run(connection, stored, asked, clicked=events["email_clicked"], opened=events["email_opened"])
        run(connection, _unlearnt(), None)
        run(connection, _forgotten(), None)
    return taken


def is_due() -> ColumnElement[bool]:
    """Return whether something heard can be settled at the moment of a tick."""
    at = type_coerce(t.heard.c.at, BigInteger)
    return or_(and_(t.heard.c.kind == _OPEN, at <= NOW), and_(t.heard.c.kind != _OPEN, at <= NOW - WITHIN))


def settled_at(connection: Connection) -> datetime | None:
    """Return when all clicks heard so far can be settled; None where there are none."""
    last: int | None = run(connection, _latest(), None).scalar()
    return None if last is None else moment(last + WITHIN)


@standing
def _latest() -> Select[Any]:
    return select(func.max(type_coerce(t.heard.c.at, BigInteger))).where(t.heard.c.kind != _OPEN)


@standing
def _taken() -> Insert:
    h, m = t.heard, t.messages
    columns = (
        h.c.id, h.c.kind, h.c.message_id, h.c.at, h.c.link, h.c.machine, m.c.prospect_id, m.c.template_id, m.c.sent_at,
    )  # fmt: skip
    following = select(*columns).select_from(h.outerjoin(m, m.c.id == h.c.message_id)).where(is_due())
    chosen = following.order_by(h.c.id).limit(whole("most"))
    return counted(insert(settling).from_select([column.name for column in columns], chosen))


@standing
def _links() -> Select[Any]:
    return select(settling.c.link).where(settling.c.link.is_not(null())).distinct()


@standing
def _templates() -> Select[Any]:
    used = select(settling.c.template_id).where(settling.c.template_id.is_not(null()))
    return select(t.words.c.text).where(t.words.c.id.in_(used))


@standing
def _stored(tracking: Tracking, asked: Now) -> Insert:
    """Store the events of prospects who may be tracked."""
    s, template, target, link = settling.c, *(t.words.alias(name) for name in ("templates", "targets", "links"))
    name = _name()
    columns: dict[str, ColumnElement[Any]] = {
        "prospect_id": s.prospect_id,
        "type_id": case((s.kind == _OPEN, big("opened")), else_=big("clicked")),
        "target_id": target.c.id,
        "link_id": link.c.id,
        "message_id": s.message_id,
        "occurred_at": type_coerce(s.at, BigInteger),
        "key": cast(name, LargeBinary),
        "source": literal(SOURCE),
        "source_id": name,
        "properties": case((s.machine.is_not(null()), literal(_BEFORE).concat(s.machine).concat(_AFTER))),
        "bot": s.machine.is_not(null()),
    }
    joined = (
        settling.join(template, template.c.id == s.template_id)
        .join(target, and_(target.c.kind == "target", target.c.text == template.c.text))
        .outerjoin(link, and_(link.c.kind == "link", link.c.text == s.link))
    )
    rows = select(*columns.values()).select_from(joined).where(*_allowed(tracking, asked)).order_by(s.id)
    return insert(t.activities).from_select(list(columns), rows)


_BEFORE, _AFTER = marked("\0").split("\0")


def _allowed(tracking: Tracking, asked: Now) -> list[ColumnElement[bool]]:
    """Return what must hold of an event for it to be stored."""
    wheres: list[ColumnElement[bool]] = [settling.c.prospect_id.is_not(null())]
    if not tracking.opens:
        wheres.append(settling.c.kind != _OPEN)
    if not tracking.clicks:
        wheres.append(settling.c.kind == _OPEN)
    if tracking.only_where is not None:
        wheres.append(holds(tracking.only_where, settling.c.prospect_id, asked))
    return wheres


def _name() -> ColumnElement[str]:
    """Return what an event is called at its source."""
    return literal("heard:").concat(settling.c.id)


@standing
def _unlearnt() -> Insert:
    a = t.activities
    found = select(a.c.occurred_at, a.c.id).select_from(settling.join(a, a.c.key == cast(_name(), LargeBinary)))
    return insert(t.unlearnt).from_select(["occurred_at", "activity_id"], found)


@standing
def _forgotten() -> Delete:
    return delete(t.heard).where(t.heard.c.id.in_(select(settling.c.id)))
