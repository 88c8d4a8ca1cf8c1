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
    Column("n", BigInteger, nullable=False),
    Column("link", Text),
    UniqueConstraint("message_id", "at", "n"),
)
_FOLLOWED = ["message_id", "at", "n", "link"]


def marked(machine: str) -> str:
    """Return the properties of what a machine did."""
    return f'{{"bot":true,"machine":"{machine}"}}'


def judge(connection: Connection, clicked: int) -> None:
    """Write down why a click in ``settling`` was a machine's, where it was; ``clicked`` numbers the event."""
    run(connection, _trapped(), None)
    run(connection, _quick(), None)
    clear(connection, followed)
    run(connection, _newly(), None)
    run(connection, _before(), None, clicked=clicked)
    analyse(connection, followed)
    run(connection, _beside_trap(), None)
    run(connection, _too_many(), None)


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
    rows = select(h.c.message_id, _at(h.c.at), h.c.id, h.c.link).where(h.c.kind != int(HeardKind.OPEN), link, mine)
    return insert(followed).from_select(_FOLLOWED, rows)


@standing
def _before() -> Insert:
    """Gather what was settled in an earlier tick."""
    a, w = t.activities, t.words
    trapped = a.c.properties == marked(TRAPPED)
    near = _at(a.c.occurred_at).between(_at(settling.c.at) - WITHIN, _at(settling.c.at) + WITHIN)
    theirs = and_(
        a.c.prospect_id == settling.c.prospect_id, a.c.type_id == big("clicked"), near,
        a.c.message_id == settling.c.message_id, or_(a.c.link_id.is_not(null()), trapped),
    )  # fmt: skip
    rows = (
        select(a.c.message_id, _at(a.c.occurred_at), -a.c.id, w.c.text)
        .select_from(settling.join(a, theirs).outerjoin(w, w.c.id == a.c.link_id))
        .where(settling.c.kind == int(HeardKind.CLICK))
        .distinct()
    )
    return insert(followed).from_select(_FOLLOWED, rows)


@standing
def _beside_trap() -> Update:
    """Mark clicks beside the trap."""
    at = _at(settling.c.at)
    trap = _of(followed).where(followed.c.link.is_(null()), followed.c.at.between(at - WITHIN, at + WITHIN))
    return _told(TRAPPED).where(settling.c.kind == int(HeardKind.CLICK), exists(trap))


@standing
def _too_many() -> Update:
    """Mark clicks of a span in which too many different links were followed."""
    first, other = followed.alias("first"), followed.alias("other")
    at = _at(settling.c.at)
    together = (
        select(func.count(other.c.link.distinct()))
        .where(other.c.message_id == first.c.message_id, other.c.at.between(first.c.at, first.c.at + WITHIN))
        .correlate(first)
        .scalar_subquery()
    )
    many = _of(first).where(first.c.at.between(at - WITHIN, at), together >= MANY)
    return _told("many").where(settling.c.kind == int(HeardKind.CLICK), exists(many))


def _of(clicks: Table | Any) -> Select[Any]:
    """Select what was followed of the message that is judged."""
    return select(1).where(clicks.c.message_id == settling.c.message_id).correlate(settling)
