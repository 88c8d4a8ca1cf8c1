"""Noting mail that came back: activities that the next tick learns, and one row for each, so that each counts once.

Whatever is killed when: the rows and the activities stand in one transaction, a message has at most one bounce of
each kind, one complaint and one opt-out by mail, and a mail that is read again is known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from engage.intake.returned.judging import Back
from engage.intake.returned.verdict import Verdict, comparable, fitting, verdict
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Returned
from engage.sql.happened import activity_key, write_activities
from engage.sql.interning import upsert, word_ids

#: Where the activities come from.
SOURCE = "returned"
#: So long is kept what came back; the activities stay.
KEPT = timedelta(days=90)
_EVENTS: Mapping[Returned, str] = {
    Returned.HARD: "email_bounced",
    Returned.SOFT: "email_bounced",
    Returned.POLICY: "email_bounced",
    Returned.COMPLAINT: "email_complained",
    Returned.OPT_OUT: "email_unsubscribed",
}
#: Events of one sort happen once for a message: a refusal by policy is a soft bounce.
_SORTS = {Returned.POLICY: "soft"}
_FOREIGN = verdict(Returned.FOREIGN)
Counts = Counter[Returned]


@dataclass(frozen=True, slots=True)
class _Message:
    id: int
    prospect_id: int
    template: str
    email: str


def note(connection: Connection, backs: Sequence[Back], source: str, now: datetime) -> Counts:
    """Note what came back, inside the caller's transaction; return how much of each kind was new.

    ``source`` says by which way it came: lmtp, maildir, imap, or a mail service's name.
    """
    connection.execute(delete(t.returned).where(t.returned.c.at < now - KEPT))
    fresh = _unknown(connection, backs)
    messages = _messages(connection, {back.message_id for back in fresh if back.message_id is not None})
    told = [(back, message, _told(back, message)) for back in fresh for message in (_about(back, messages),)]
    rows = [_row(back, message, said, source, now) for back, message, said in told]
    if rows:
        connection.execute(upsert(connection.dialect.name, t.returned).on_conflict_do_nothing(), rows)  # type: ignore[attr-defined]
    _happen(connection, [(message, said) for _, message, said in told if message is not None], now)
    return Counter(said.kind for _, _, said in told)


def _unknown(connection: Connection, backs: Sequence[Back]) -> list[Back]:
    """Return what was not noted before, each once."""
    by_key = {back.key: back for back in backs}
    keys = sorted(by_key)
    known: set[bytes] = set()
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        known |= set(connection.scalars(select(t.returned.c.key).where(t.returned.c.key.in_(part))))
    return [back for key, back in by_key.items() if key not in known]


def _messages(connection: Connection, ids: Iterable[int]) -> dict[int, _Message]:
    """Return the messages of these numbers that were handed over, or may have been."""
    m, p, w = t.messages, t.prospects, t.words
    joined = m.join(p, p.c.id == m.c.prospect_id).join(w, w.c.id == m.c.template_id)
    handed = m.c.status.in_((int(MessageStatus.SENT), int(MessageStatus.IN_DOUBT)))
    wanted, found = sorted(key for key in ids if key < 2**63), {}
    for start in range(0, len(wanted), 500):
        asked = select(m.c.id, m.c.prospect_id, w.c.text, p.c.email).select_from(joined)
        rows = connection.execute(asked.where(m.c.id.in_(wanted[start : start + 500]), handed))
        found.update({row.id: _Message(*row) for row in rows})
    return found


def _about(back: Back, messages: Mapping[int, _Message]) -> _Message | None:
    """Return the message that something is about, if it was sent, and to whom that says."""
    message = messages.get(back.message_id or 0)
    elsewhere = message is not None and back.recipient and back.recipient != comparable(message.email)
    return None if elsewhere else message


def _told(back: Back, message: _Message | None) -> Verdict:
    """Return what came back says of a message: nothing, where none such was sent."""
    return _FOREIGN if message is None else fitting(back.verdicts, message.email)


def _row(back: Back, message: _Message | None, said: Verdict, source: str, now: datetime) -> dict[str, Any]:
    return {
        "key": back.key,
        "at": now,
        "kind": int(said.kind),
        "source": source,
        "message_id": None if message is None else message.id,
        "prospect_id": None if message is None else message.prospect_id,
        "why": None if message is None else said.why or None,
    }


def _happen(connection: Connection, told: Sequence[tuple[_Message, Verdict]], now: datetime) -> None:
    """Write the activities of what tells of a message, and have the next tick learn them."""
    telling = [(message, said) for message, said in told if said.kind in _EVENTS]
    if not telling:
        return
    types = word_ids(connection, "event", {_EVENTS[said.kind] for _, said in telling})
    targets = word_ids(connection, "target", {message.template for message, _ in telling})
    rows = [_activity(message, said, types, targets, now) for message, said in telling]
    write_activities(connection, rows)


def _activity(
    message: _Message, said: Verdict, types: Mapping[str, int], targets: Mapping[str, int], now: datetime
) -> dict[str, Any]:
    sort = _SORTS.get(said.kind, said.kind.name.lower())
    source_id = f"{sort}:{message.id}"
    return {
        "prospect_id": message.prospect_id,
        "type_id": types[_EVENTS[said.kind]],
        "target_id": targets[message.template],
        "message_id": message.id,
        "occurred_at": now,
        "key": activity_key(SOURCE, source_id),
        "source": SOURCE,
        "source_id": source_id,
        "properties": _properties(said, sort),
    }


def _properties(said: Verdict, sort: str) -> str | None:
    """Return what an activity says besides; learning reads ``hard`` and ``policy`` here, so no reason is just that."""
    if _EVENTS[said.kind] != "email_bounced":
        return None
    cause = {"cause": "policy"} if said.kind is Returned.POLICY else {}
    reason = {"reason": f"{said.why} "} if said.why else {}
    return json.dumps({"type": sort, **cause, **reason}, ensure_ascii=False)
