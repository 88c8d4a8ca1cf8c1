"""Who reads a message: what the public pages know of the prospect whose link was followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, literal, select

from engage.clock import micros
from engage.language.conditions import Condition
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.predicates import holds
from engage.sql.standing import big, run, standing


@dataclass(frozen=True, slots=True)
class Recipient:
    """The prospect that a message went to."""

    prospect_id: int
    message_id: int
    email: str
    #: the prospect's own language, as it stands in the field
    language: str | None
    opted_out: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A public list, and whether its mail is wanted."""

    list_id: int
    name: str
    static: bool
    wanted: bool


def recipient(connection: Connection, message_id: int) -> Recipient | None:
    """Return whom a message went to; None where message or prospect is gone."""
    m, p, s = t.messages, t.prospects, t.standings
    chosen = (
        select(p.c.id, m.c.id, p.c.email, p.c.language, s.c.opted_out)
        .select_from(m.join(p, p.c.id == m.c.prospect_id).join(s, s.c.prospect_id == p.c.id))
        .where(m.c.id == message_id)
    )
    row = connection.execute(chosen).one_or_none()
    return None if row is None else Recipient(row[0], row[1], row[2], row[3], bool(row[4]))


def choices(connection: Connection, prospect_id: int, lists: Mapping[str, Condition], now: Now) -> tuple[Choice, ...]:
    """Return lists, given by their keys and meanings, and which of them a prospect wants mail of.

    The last word counts; who has said nothing wants the mail of the lists that he or she is on. A dynamic list is
    shown to those only who are on it.
    """
    if not lists:
        return ()
    known, s = t.lists.c, t.standings.c
    rows = {row.key: row for row in connection.execute(select(*known).where(known.key.in_(lists)))}
    keys = [key for key in lists if key in rows]
    asked = [case((holds(lists[key], s.prospect_id, now), 1), else_=0) for key in keys]
    found = connection.execute(select(literal(1), *asked).where(s.prospect_id == prospect_id)).one_or_none()
    on = dict(zip(keys, found[1:], strict=True)) if found is not None else {}
    said = _last_words(connection, prospect_id)
    return tuple(
        Choice(row.id, row.name, not row.dynamic, bool(on.get(key)) and said.get(row.id, True))
        for key, row in ((key, rows[key]) for key in keys)
        if not row.dynamic or on.get(key)
    )


def _last_words(connection: Connection, prospect_id: int) -> dict[int, bool]:
    """Return of each list that a prospect spoke of whether its mail is wanted."""
    c = t.consents.c
    mine = (c.prospect_id == prospect_id, c.list_id.is_not(None), c.kind.in_(("opt_in", "opt_out")))
    # Of two at one moment the consent is the later, as imports have it.
    said = connection.execute(select(c.list_id, c.kind).where(*mine).order_by(c.at, c.kind.desc(), c.id))
    return {list_id: kind == "opt_in" for list_id, kind in said}


def is_in_hand(connection: Connection, message_id: int, since: datetime) -> bool:
    """Tell whether a marketing mail to a message's prospect is being handed over now, begun after ``since``."""
    return run(connection, _in_hand(), None, message=message_id, since=micros(since)).first() is not None


@standing
def _in_hand() -> Select[Any]:
    m, own = t.messages, t.messages.alias()
    who = select(own.c.prospect_id).where(own.c.id == big("message")).scalar_subquery()
    begun = (m.c.status == int(MessageStatus.IN_DOUBT), m.c.sent_at > big("since"))
    return select(m.c.id).where(m.c.prospect_id == who, *begun, m.c.kind == int(MessageKind.MARKETING)).limit(1)
