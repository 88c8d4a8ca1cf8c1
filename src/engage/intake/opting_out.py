"""Readers who want no more mail: what many of them said in the same moment is written at once.

Mail providers unsubscribe in bursts, so this is set-based: a few statements, however many have gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from engage.clock import micros
from engage.intake.staging import announce
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.happened import activity_key, write_activities
from engage.sql.interning import word_id, word_ids
from engage.sql.standing import big, many, run, run_each, standing, whole

#: Where the activities of the public pages come from.
SOURCE = "web"


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants no more mail, by a link of a message."""

    message_id: int
    #: aware
    at: datetime
    #: the way it was said: one_click, unsubscribe_page, preferences
    source: str


def opt_out(connection: Connection, wishes: Sequence[Wish]) -> None:
    """Stop all marketing mail to those whose messages are named, inside the caller's transaction.

    Who had opted out before stays so, once. An activity names the message, whose report counts it once; the next tick
    learns it. A message that is not known any more does no harm.
    """
    to = {row[0]: (row[1], row[2]) for row in run(connection, _sent(), None, ids=[w.message_id for w in wishes])}
    known = [wish for wish in wishes if wish.message_id in to]
    if not known:
        return
    who = {wish.message_id: to[wish.message_id][0] for wish in known}
    still_in = {row[0] for row in run(connection, _held(), None, who=sorted(set(who.values()))) if not row[1]}
    first = {who[wish.message_id]: wish for wish in reversed(known) if who[wish.message_id] in still_in}
    _write_consents(connection, first)
    _write_activities(connection, known, to)


def _write_consents(connection: Connection, first: Mapping[int, Wish]) -> None:
    """Write who opts out now, keep that it was not so before, and tell the engine."""
    if not first:
        return
    rows = [{"who": who, "at": micros(wish.at), "source": wish.source} for who, wish in first.items()]
    run_each(connection, _consents(), rows)
    flag = word_id(connection, "field", "opted_out")
    run_each(connection, _kept(), [{"who": row["who"], "at": row["at"], "flag": flag} for row in rows])
    run(connection, _opted_out(), None, who=sorted(first))
    announce(connection, first.keys(), max(wish.at for wish in first.values()))


def _write_activities(connection: Connection, wishes: Sequence[Wish], to: Mapping[int, tuple[int, str | None]]) -> None:
    event = word_id(connection, "event", "email_unsubscribed")
    targets = word_ids(connection, "target", {name for _, name in to.values() if name is not None})
    rows = [_activity(wish, *to[wish.message_id], event, targets) for wish in wishes]
    write_activities(connection, rows)


def _activity(wish: Wish, who: int, template: str | None, event: int, targets: Mapping[str, int]) -> dict[str, object]:
    source_id = f"email_unsubscribed:{wish.message_id}"
    return {
        "prospect_id": who,
        "type_id": event,
        "target_id": None if template is None else targets[template],
        "message_id": wish.message_id,
        "occurred_at": wish.at,
        "key": activity_key(SOURCE, source_id),
        "source": SOURCE,
        "source_id": source_id,
        "properties": None,
    }


@standing
def _sent() -> Select[Any]:
    """Select whom messages went to, and their templates."""
    m, s, w = t.messages.c, t.standings.c, t.words.c
    joined = t.messages.join(t.standings, s.prospect_id == m.prospect_id).outerjoin(t.words, w.id == m.template_id)
    return select(m.id, m.prospect_id, w.text).select_from(joined).where(m.id.in_(many("ids")))


@standing
def _held() -> Select[Any]:
    """Lock prospects in the order of their keys, so that no mail is handed over to them beside this."""
    s = t.standings.c
    chosen = select(s.prospect_id, type_coerce(s.opted_out, Integer)).where(s.prospect_id.in_(many("who")))
    return chosen.order_by(s.prospect_id).with_for_update(key_share=True)


@standing
def _consents() -> Insert:
    source = bindparam("source", type_=Text())
    return insert(t.consents).values(prospect_id=big("who"), at=big("at"), kind=literal("opt_out"), source=source)


@standing
def _kept() -> Insert:
    kind = literal(int(ChangeKind.FIELD))
    return insert(t.changes).values(
        prospect_id=big("who"), at=big("at"), kind=kind, ref=whole("flag"), whole=literal(0)
    )


@standing
def _opted_out() -> Update:
    return update(t.standings).where(t.standings.c.prospect_id.in_(many("who"))).values(opted_out=True)
