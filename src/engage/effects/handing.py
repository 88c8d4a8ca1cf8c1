"""Handing a batch over to a channel that takes it twice without harm; what each message's fate is called."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from engage.effects.channel import Channel, Envelope, Rejected
from engage.effects.composing import Composed, Office, reason
from engage.effects.consent import ask
from engage.effects.queued import still_queued
from engage.effects.results import Result, write_results
from engage.sql import tables as t
from engage.sql.codes import MessageStatus


def hand_over_together(connection: Connection, office: Office, batch: Sequence[Composed]) -> list[Result]:
    """Hand a batch over and mark it, in the caller's transaction; for repeatable channels.

    A crash before the commit leaves all of it queued, and the same mails are handed over again.
    """
    results = [
        result if result.status != MessageStatus.QUEUED else _handed_over(office.desk.post.channel, one)
        for one, result in asked(connection, office, batch)
    ]
    office.desk.post.channel.flush()
    desk = office.desk
    write_results(connection, results, now=desk.now, house=desk.post.house, words=office.words)
    return results


def asked(connection: Connection, office: Office, batch: Sequence[Composed]) -> list[tuple[Composed, Result]]:
    """Return the messages that are still queued and due, each refused, failed, or (QUEUED) free to go."""
    waiting = still_queued(connection, t.messages, [one.message.id for one in batch], office.desk.now)
    here = [one for one in batch if one.message.id in waiting]
    if not here:
        return []
    consent = ask(connection, office.desk.post, [one.message for one in here], office.desk.now)
    return [
        (one, _verdict(one, consent.refused.get(one.message.id))) for one in here if one.message.id not in consent.busy
    ]


def _verdict(one: Composed, refusal: str | None) -> Result:
    if refusal is not None:
        return Result(one.message, MessageStatus.CANCELLED, reason=refusal)
    if one.envelope is None:
        return Result(one.message, MessageStatus.FAILED, reason=one.failure)
    return Result(one.message, MessageStatus.QUEUED, one.subject)


def _handed_over(channel: Channel, one: Composed) -> Result:
    assert isinstance(one.envelope, Envelope)
    try:
        channel.hand_over(one.envelope)
    except Rejected as refusal:
        return Result(one.message, MessageStatus.FAILED, one.subject, reason(refusal))
    return Result(one.message, MessageStatus.SENT, one.subject)
