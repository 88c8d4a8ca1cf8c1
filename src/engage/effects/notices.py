"""Notifications: plain mail to the team, written by ``notify`` steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, select, update

from engage.accounts.invitations import come_in
from engage.clock import pause, system_clock
from engage.effects.channel import Closed, Deferred, Envelope, Refusal, Unwanted
from engage.effects.composing import Office, reason
from engage.effects.doubt import Doubt
from engage.effects.lane import go_on, stop, take_turns
from engage.effects.letter import notice
from engage.effects.mime import mail_address, one_line
from engage.effects.post import Delivered
from engage.effects.queued import queued_ids, still_queued
from engage.effects.text_part import without_controls
from engage.effects.waiting import next_try
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.wording import sentence


@dataclass(frozen=True, slots=True)
class Notice:
    """A queued notification and its mail; no envelope where nobody can be told."""

    id: int
    envelope: Envelope | None
    failure: str | None = None
    deferred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a notification."""

    id: int
    status: MessageStatus
    reason: str | None = None
    deferred_at: datetime | None = None
    try_at: datetime | None = None


def notice_batches(engine: Engine, office: Office, size: int) -> Iterator[Delivered]:
    """Hand all queued notifications over; give the counts of each batch."""
    after, doubt = 0, Doubt()
    while True:
        with engine.begin() as connection:
            ids = queued_ids(connection, t.notifications, after, size, office.desk.now, claim=True)
            notices = _read(connection, office, ids) if ids else []
            repeatable = office.desk.post.channel.repeatable
            done = _hand_over(connection, office, notices) if repeatable else []
        if not ids:
            return
        if not repeatable:
            done = [outcome for one in notices for outcome in _hand_over_singly(engine, office, one, doubt)]
        sent = sum(outcome.status == MessageStatus.SENT for outcome in done)
        failed = sum(outcome.status == MessageStatus.FAILED for outcome in done)
        yield Delivered(notifications=sent, failed=failed)
        after = ids[-1]


def _read(connection: Connection, office: Office, ids: Sequence[int]) -> list[Notice]:
    n, s = t.notifications, t.standings
    chosen = (
        select(n.c.id, n.c.addressee, n.c.subject, n.c.text, s.c.owner, n.c.deferred_at, n.c.invitation)
        .select_from(n.outerjoin(s, s.c.prospect_id == n.c.prospect_id))
        .where(n.c.id.in_(ids))
        .order_by(n.c.id)
    )
    return [_written(office, *row) for row in connection.execute(chosen)]


def _written(
    office: Office,
    notice_id: int,
    addressee: str,
    subject: str,
    text: str,
    owner: str | None,
    deferred_at: datetime | None,
    invitation: bytes | None,
) -> Notice:
    people = recipients(office, addressee, owner)
    if not people:
        nobody = sentence("nobody to tell: {addressee} has no mail address", addressee=addressee)
        return Notice(notice_id, None, str(nobody))
    said = text if invitation is None else f"{text}\n\n{_link(office, invitation)}"
    envelope = notice(office.desk, notice_id, people, one_line(subject), without_controls(said))
    return Notice(notice_id, envelope, deferred_at=deferred_at)


def _link(office: Office, number: bytes) -> str:
    """Return the address of a link that works once: it is signed here, and stands in no table."""
    post = office.desk.post
    return come_in(post.base_url, post.secret_key or "", number)


def recipients(office: Office, addressee: str, owner: str | None) -> tuple[tuple[str, str], ...]:
    """Return the names and addresses that an addressee stands for; ``owner`` is the prospect's.

    Without an owner the first queue is told.
    """
    if "@" in addressee:
        address = mail_address(addressee)
        return (("", address),) if address else ()
    if addressee == "owner":
        queue = office.desk.post.house.first_queue
        addressee = owner or (f"queue:{queue}" if queue else "")
    found = ((person.name, mail_address(person.email)) for person in office.team.members(addressee))
    return tuple(dict.fromkeys((name, address) for name, address in found if address is not None))


def _hand_over(connection: Connection, office: Office, notices: Sequence[Notice]) -> list[Outcome]:
    """Hand over and mark in the caller's transaction."""
    done = [_outcome(office, one, Doubt()) for one in notices]
    office.desk.post.channel.flush()
    _mark(connection, office, done, MessageStatus.QUEUED)
    return done


def _hand_over_singly(engine: Engine, office: Office, one: Notice, doubt: Doubt) -> list[Outcome]:
    """Commit the intention, hand over, commit the result (see engage.effects.hands)."""
    _prepare(engine, office)
    with engine.begin() as connection:
        if not still_queued(connection, t.notifications, [one.id], office.desk.now):
            return []
        _mark(connection, office, [Outcome(one.id, MessageStatus.IN_DOUBT)], MessageStatus.QUEUED)
    try:
        outcome = _outcome(office, one, doubt)
    except Outside as error:
        waits = isinstance(error, Closed) and error.waits
        kept = Outcome(one.id, MessageStatus.QUEUED, None, one.deferred_at)
        _settle(engine, office, _later(office, one, reason(error)) if waits else kept, error)
        raise
    except Exception as error:
        message = Outside(sentence("notification {id} is in doubt: {why}", id=one.id, why=reason(error)))
        _settle(engine, office, Outcome(one.id, MessageStatus.IN_DOUBT, reason(error)), message)
        raise message from error
    _settle(engine, office, outcome)
    return [outcome]


def _prepare(engine: Engine, office: Office) -> None:
    """Wait for a turn, where a rate is set, and have a connection ready.

    Raises Outside where there is none to be had.
    """
    channel = office.desk.post.channel
    if channel.per_second is not None:
        with engine.begin() as connection:
            seconds = take_turns(connection, 1, channel.per_second, system_clock())
        pause(seconds)
    try:
        channel.prepare(1)
    except Outside as error:
        with engine.begin() as connection:
            stop(connection, str(error), office.desk.now)
        raise


def _outcome(office: Office, one: Notice, doubt: Doubt) -> Outcome:
    if one.envelope is None:
        return Outcome(one.id, MessageStatus.FAILED, one.failure)
    try:
        office.desk.post.channel.hand_over(one.envelope)
    except Unwanted as refusal:
        if (sure := doubt.heard(one.envelope.recipients, refusal)) is not None:
            raise sure from refusal
        return _later(office, one, reason(refusal))
    except Deferred as refusal:
        return _later(office, one, reason(refusal))
    except Refusal as refusal:
        return Outcome(one.id, MessageStatus.FAILED, reason(refusal))
    doubt.heard(one.envelope.recipients, None)
    return Outcome(one.id, MessageStatus.SENT)


def _later(office: Office, one: Notice, why: str) -> Outcome:
    first = one.deferred_at or office.desk.now
    again = next_try(first, office.desk.now)
    if again is None:
        return Outcome(one.id, MessageStatus.FAILED, why)
    return Outcome(one.id, MessageStatus.QUEUED, why, first, again)


def _settle(engine: Engine, office: Office, outcome: Outcome, fault: Outside | None = None) -> None:
    """Commit what became of a notification, and what that says of the way out."""
    with engine.begin() as connection:
        _mark(connection, office, [outcome], MessageStatus.IN_DOUBT)
        if fault is not None:
            stop(connection, str(fault), office.desk.now)
        elif outcome.status == MessageStatus.SENT:
            go_on(connection)


def _mark(connection: Connection, office: Office, done: Sequence[Outcome], was: MessageStatus) -> None:
    n = t.notifications
    handed_over = (MessageStatus.SENT, MessageStatus.IN_DOUBT)
    rows = [
        {
            "key": outcome.id,
            "status": int(outcome.status),
            "sent_at": office.desk.now if outcome.status in handed_over else None,
            "reason": outcome.reason,
            "deferred_at": outcome.deferred_at,
            "try_at": outcome.try_at,
        }
        for outcome in done
    ]
    if rows:
        connection.execute(update(n).where(n.c.id == bindparam("key"), n.c.status == int(was)), rows)
