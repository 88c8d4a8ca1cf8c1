"""Handing a batch over: to a channel that takes it twice without harm, or one by one to any other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from engage.effects.channel import Channel, Envelope, Rejected
from engage.effects.composing import Composed, Office, reason
from engage.effects.consent import ask
from engage.effects.queued import still_queued
from engage.effects.results import Result, write_results
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.wording import sentence


def hand_over_together(connection: Connection, office: Office, batch: Sequence[Composed]) -> list[Result]:
    """Hand a batch over and mark it, in the caller's transaction; for repeatable channels.

    A crash before the commit leaves all of it queued, and the same mails are handed over again.
    """
    results = [
        result if result.status != MessageStatus.QUEUED else _handed_over(office.desk.post.channel, one)
        for one, result in _asked(connection, office, batch)
    ]
    office.desk.post.channel.flush()
    _write(connection, office, results)
    return results


def hand_over_singly(engine: Engine, office: Office, one: Composed) -> list[Result]:
    """Hand one message over to a channel that is not repeatable: intention, act, result.

    The intention is committed as ``in_doubt``, so that after a crash nobody sends the mail again without a
    user's word. Nothing is returned for a message that was no longer queued.
    """
    with engine.begin() as connection:
        intended = [_intention(result) for _, result in _asked(connection, office, [one])]
        _write(connection, office, intended)
    if not intended or intended[0].status != MessageStatus.IN_DOUBT:
        return intended
    try:
        result = _handed_over(office.desk.post.channel, one)
    except Outside:
        _write_after(engine, office, Result(one.message, MessageStatus.QUEUED))
        raise
    except Exception as error:
        doubtful = Result(one.message, MessageStatus.IN_DOUBT, one.subject, reason(error))
        _write_after(engine, office, doubtful)
        raise _in_doubt(office.desk.post.channel, one, error) from error
    _write_after(engine, office, result)
    return [result]


def _asked(connection: Connection, office: Office, batch: Sequence[Composed]) -> list[tuple[Composed, Result]]:
    """Return the messages that are still queued, each refused, failed, or (QUEUED) free to go."""
    waiting = still_queued(connection, t.messages, [one.message.id for one in batch])
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


def _intention(result: Result) -> Result:
    if result.status != MessageStatus.QUEUED:
        return result
    return Result(result.message, MessageStatus.IN_DOUBT, result.subject)


def _handed_over(channel: Channel, one: Composed) -> Result:
    assert isinstance(one.envelope, Envelope)
    try:
        channel.hand_over(one.envelope)
    except Rejected as refusal:
        return Result(one.message, MessageStatus.FAILED, one.subject, reason(refusal))
    return Result(one.message, MessageStatus.SENT, one.subject)


def _write(connection: Connection, office: Office, results: Sequence[Result]) -> None:
    desk = office.desk
    write_results(connection, results, now=desk.now, house=desk.post.house, words=office.words)


def _write_after(engine: Engine, office: Office, result: Result) -> None:
    desk = office.desk
    with engine.begin() as connection:
        write_results(
            connection,
            [result],
            now=desk.now,
            house=desk.post.house,
            words=office.words,
            was=MessageStatus.IN_DOUBT,
        )


def _in_doubt(channel: Channel, one: Composed, error: Exception) -> Outside:
    return Outside(
        sentence(
            "message {id} is in doubt: {channel} failed while taking it: {why}",
            id=one.message.id,
            channel=channel.name,
            why=reason(error),
        )
    )
