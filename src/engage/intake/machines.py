"""Which clicks machines made: scanners follow links at once, many at a time, and those that no person sees.

Every click of a message counts as evidence, whoever made it, those too that were settled before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Insert,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Update,
    and_,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    type_coerce,
    union,
    update,
)

from engage.sql import tables as t
from engage.sql.codes import HeardKind
from engage.sql.columns import Instant, Key
from engage.sql.scratch import analyse, clear, scratch
from engage.sql.standing import big, run, standing

#: A click so soon after the hand-over, and so long before it is noted, is none of a person's (microseconds).
QUICK, UNNOTED = 2_000_000, 10_000_000
#: So many different links of a message within so long are too many for a person (microseconds).
MANY, WITHIN = 3, 10_000_000
#: What is written of who follows the link that no person sees.
TRAPPED = "trap"

#: What is settled now, with its message; those whose message is gone have no prospect.
settling = scratch(
    "settling",
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("message_id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    Column("link", Text),
    Column("machine", Text),
    Column("prospect_id", Key),
    Column("template_id", BigInteger),
    Column("sent_at", Instant),
)
#: What was followed in the messages of those clicks, around their time; the trap has no link.
followed = scratch(
    "followed",
    Column("message_id", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("link", Text),
)
#: The same, of each link and second the first and the last: as good for asking what lies in a longer span, and never
#: many, however often somebody loads a link.
marks = scratch(
    "marks",
    Column("message_id", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("link", Text),
    UniqueConstraint("message_id", "at", "link"),
)
#: Where a span begins in which too many different links were followed.
bursts = scratch(
    "bursts",
    Column("message_id", Key, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("message_id", "at"),
)
_FOLLOWED = ["message_id", "at", "link"]
_SECOND = 1_000_000


def marked(machine: str) -> str:
    """Return the properties of what a machine did."""
    return f'{{"bot":true,"machine":"{machine}"}}'


def judge(connection: Connection, clicked: int) -> None:
    """Write down why a click in ``settling`` was a machine's, where it was; ``clicked`` numbers the event."""
    run(connection, _trapped(), None)
    run(connection, _quick(), None)
    clear(connection, followed, marks, bursts)
    run(connection, _newly(), None)
    run(connection, _before(), None, clicked=clicked)
    analyse(connection, followed)
    run(connection, _marks(), None)
    analyse(connection, marks)
    run(connection, _bursts(), None)
    analyse(connection, bursts)
    run(connection, _beside_trap(), None)
    run(connection, _in_burst(), None)


def _told(reason: str) -> Update:
    """Return the update of those of whom nothing is known yet."""
    return update(settling).values(machine=reason).where(settling.c.machine.is_(null()))


def _at(column: Any) -> Any:
    return type_coerce(column, BigInteger)


@standing
def _trapped() -> Update:
    return _told(TRAPPED).where(settling.c.kind == int(HeardKind.TRAP))


@standing
def _quick() -> Update:
    since = _at(settling.c.at) - _at(settling.c.sent_at)
    return _told("quick").where(settling.c.kind == int(HeardKind.CLICK), since.between(-UNNOTED, QUICK))


@standing
def _newly() -> Insert:
    """Gather what is in the inbox: also what cannot be settled yet."""
    h = t.heard
    mine = h.c.message_id.in_(select(settling.c.message_id).where(settling.c.kind != int(HeardKind.OPEN)))
    link = or_(h.c.kind == int(HeardKind.TRAP), h.c.link.is_not(null()))
    rows = select(h.c.message_id, _at(h.c.at), h.c.link).where(h.c.kind != int(HeardKind.OPEN), link, mine)
    return insert(followed).from_select(_FOLLOWED, rows)


@standing
def _before() -> Insert:
    """Gather what was settled in an earlier tick."""
    a, w, at = t.activities, t.words, _at(settling.c.at)
    spans = (
        select(settling.c.message_id, settling.c.prospect_id, func.min(at).label("low"), func.max(at).label("high"))
        .where(settling.c.kind == int(HeardKind.CLICK), settling.c.prospect_id.is_not(null()))
        .group_by(settling.c.message_id, settling.c.prospect_id)
        .subquery("spans")
    )
    theirs = and_(
        a.c.prospect_id == spans.c.prospect_id, a.c.type_id == big("clicked"), a.c.message_id == spans.c.message_id,
        _at(a.c.occurred_at).between(spans.c.low - WITHIN, spans.c.high + WITHIN),
        or_(a.c.link_id.is_not(null()), a.c.properties == marked(TRAPPED)),
    )  # fmt: skip
    rows = select(a.c.message_id, _at(a.c.occurred_at), w.c.text)
    joined = spans.join(a, theirs).outerjoin(w, w.c.id == a.c.link_id)
    return insert(followed).from_select(_FOLLOWED, rows.select_from(joined))


@standing
def _marks() -> Insert:
    f = followed.c
    grouped = (
        select(f.message_id, f.link, func.min(f.at).label("first"), func.max(f.at).label("last"))
        .group_by(f.message_id, f.link, f.at // _SECOND)
        .cte("grouped")
    )
    ends = (select(grouped.c.message_id, each, grouped.c.link) for each in (grouped.c.first, grouped.c.last))
    return insert(marks).from_select(_FOLLOWED, union(*ends))


@standing
def _bursts() -> Insert:
    f = followed.c
    together = (
        select(func.count(marks.c.link.distinct()))
        .where(marks.c.message_id == f.message_id, marks.c.at.between(f.at, f.at + WITHIN))
        .correlate(followed)
        .scalar_subquery()
    )
    return insert(bursts).from_select(
        ["message_id", "at"], select(f.message_id, f.at).where(together >= MANY).distinct()
    )


@standing
def _beside_trap() -> Update:
    at = _at(settling.c.at)
    trap = _of(marks).where(marks.c.link.is_(null()), marks.c.at.between(at - WITHIN, at + WITHIN))
    return _told(TRAPPED).where(settling.c.kind == int(HeardKind.CLICK), exists(trap))


@standing
def _in_burst() -> Update:
    at = _at(settling.c.at)
    begun = _of(bursts).where(bursts.c.at.between(at - WITHIN, at))
    return _told("many").where(settling.c.kind == int(HeardKind.CLICK), exists(begun))


def _of(events: Table) -> Select[Any]:
    """Select what belongs to the message that is judged."""
    return select(1).where(events.c.message_id == settling.c.message_id).correlate(settling)
