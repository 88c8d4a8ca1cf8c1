"""What a user decides about a message that went wrong: send it again, or let it be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from engage.errors import Refused
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, TimerKind
from engage.wording import Sentence, sentence

#: What may be sent again, and what may be given up.
RESENT = (MessageStatus.IN_DOUBT, MessageStatus.FAILED)
DROPPED = (MessageStatus.IN_DOUBT, MessageStatus.QUEUED, MessageStatus.HELD)
#: The reason of what a user gave up.
BY_A_USER = "dropped"


def resend(connection: Connection, ids: Sequence[int]) -> int:
    """Queue messages anew, all or none; return how many. Whoever may not be written to is still left out.

    Raises Refused where one is neither in doubt nor failed.
    """
    _check(connection, ids, RESENT)
    cleared = dict.fromkeys(("sent_at", "reason", "deferred_at", "try_at"))
    values = {"status": int(MessageStatus.QUEUED), **cleared}
    return connection.execute(update(t.messages).where(t.messages.c.id.in_(ids)).values(values)).rowcount


def drop(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Give messages up, all or none; return how many. Their journeys go on as for cancelled ones.

    Raises Refused where one was sent, has failed or was cancelled before.
    """
    _check(connection, ids, DROPPED)
    values = {"status": int(MessageStatus.CANCELLED), "reason": BY_A_USER, "sent_at": None, "try_at": None}
    dropped = connection.execute(update(t.messages).where(t.messages.c.id.in_(ids)).values(values)).rowcount
    told = {"kind": int(TimerKind.SETTLED), "due_at": now, "count": len(ids), "ids": list(ids)}
    connection.execute(insert(t.timers).values(told))
    return dropped


def _check(connection: Connection, ids: Sequence[int], allowed: Sequence[MessageStatus]) -> None:
    """Lock messages, and raise Refused for the first that is not there or not as it must be."""
    m = t.messages.c
    chosen = select(m.id, m.status).where(m.id.in_(ids)).order_by(m.id).with_for_update()
    found = {key: MessageStatus(status) for key, status in connection.execute(chosen)}
    for key in ids:
        if key not in found:
            raise Refused(sentence("there is no message {id}", id=key))
        if found[key] not in allowed:
            meant = _listed([_called(status) for status in allowed])
            text = "message {id} is {status}; this is for messages that are {meant}"
            raise Refused(sentence(text, id=key, status=_called(found[key]), meant=meant))


def _called(status: MessageStatus) -> Sentence:
    return sentence(status.name.lower().replace("_", " "))


def _listed(words: Sequence[Sentence]) -> Sentence:
    first, *others = words
    return sentence("{first}, {others}", first=first, others=_listed(others)) if others else first
