"""What becomes of a message by what its channel said of it."""

from __future__ import annotations

from datetime import datetime

from engage.effects.channel import Bounced, Closed, Deferred, Refusal
from engage.effects.composing import Composed, reason
from engage.effects.results import Result
from engage.effects.waiting import next_try
from engage.errors import Outside
from engage.sql.codes import MessageStatus


def fate(one: Composed, error: Exception | None, now: datetime) -> Result:
    """Return what became of a message that was handed over, with the exception that this ended in, if any."""
    message = one.message
    match error:
        case None:
            return Result(message, MessageStatus.SENT, one.subject)
        case Bounced():
            return Result(message, MessageStatus.SENT, one.subject, reason(error), bounced=True)
        case Deferred():
            return _later(one, reason(error), now)
        case Refusal():
            return Result(message, MessageStatus.FAILED, one.subject, reason(error))
        case Closed(waits=True):
            return _later(one, reason(error), now)
        case Outside():
            return Result(message, MessageStatus.QUEUED, deferred_at=message.deferred_at, try_at=message.try_at)
        case _:
            return Result(message, MessageStatus.IN_DOUBT, one.subject, reason(error))


def _later(one: Composed, why: str, now: datetime) -> Result:
    """Return a message to the queue for a while, or let it fail when that has lasted too long."""
    first = one.message.deferred_at or now
    again = next_try(first, now)
    if again is None:
        return Result(one.message, MessageStatus.FAILED, one.subject, why)
    return Result(one.message, MessageStatus.QUEUED, one.subject, why, deferred_at=first, try_at=again)
