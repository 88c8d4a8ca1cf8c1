"""Delivery: what is queued is rendered, asked for consent once more, and handed over, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, Engine

from engage.effects.calling import run_actions
from engage.effects.composing import Composed, Office, compose
from engage.effects.handing import hand_over_singly, hand_over_together
from engage.effects.letter import Desk
from engage.effects.mime import mail_address
from engage.effects.notices import notice_batches
from engage.effects.post import Delivered, Post, Progress
from engage.effects.queued import Queued, queued_ids, read_messages
from engage.effects.rendering import Press
from engage.effects.results import Result, read_words
from engage.effects.team import read_team
from engage.errors import EngageError, Refused
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading
from engage.wording import sentence

#: How many messages one transaction settles.
BATCH = 200


def deliver(engine: Engine, post: Post, now: datetime, progress: Progress | None = None) -> Delivered:
    """Hand over what is queued and return what was done; several deliveries at once share the work.

    Raises Refused where the workspace names no sender, and Outside where the channel is away: what was not
    handed over stays queued.
    """
    done = Delivered()
    fault: EngageError | None = None
    parts = chain(_mails(engine, post, now), run_actions(engine, post, now))
    while True:
        try:
            part = next(parts, None)
        except EngageError as error:
            # Actions wait for no mail server: they are run, then it is told.
            if fault is not None:
                raise
            fault, parts = error, chain(run_actions(engine, post, now))
            continue
        if part is None:
            break
        done += part
        if progress is not None:
            progress(done)
    if fault is not None:
        raise fault
    return done


def _mails(engine: Engine, post: Post, now: datetime) -> Iterator[Delivered]:
    """Hand over messages and notifications, where any wait; give the counts of each batch."""
    if _is_waiting(engine):
        office = _open(engine, post, now)
        yield from _message_batches(engine, office)
        yield from notice_batches(engine, office, BATCH)


def _is_waiting(engine: Engine) -> bool:
    with reading(engine).begin() as connection:
        return any(queued_ids(connection, table, 0, 1, claim=False) for table in (t.messages, t.notifications))


def _open(engine: Engine, post: Post, now: datetime) -> Office:
    """Return all that writing mails takes. Raises Refused where nobody can be named as the sender."""
    sender = post.company.sender
    address = mail_address(sender.email) if sender is not None else None
    if sender is None or address is None:
        raise Refused(sentence("engage.yaml names no sender with a mail address; nothing was sent"))
    with engine.begin() as connection:
        words = read_words(connection, sorted(post.templates))
        team = read_team(connection)
    return Office(Desk(post, sender, address, now), Press(post, sender), team, words)


def _message_batches(engine: Engine, office: Office) -> Iterator[Delivered]:
    """Hand all queued messages over; give the counts of each batch."""
    after = 0
    while True:
        messages, results = _batch(engine, office, after)
        if not messages:
            return
        yield _counted(results)
        after = messages[-1].id


def _batch(engine: Engine, office: Office, after: int) -> tuple[list[Queued], list[Result]]:
    """Deliver the next messages after a key; return which they were and what became of them."""
    repeatable = office.desk.post.channel.repeatable
    if repeatable and engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            messages = _next(connection, office, after, claim=True)
            return messages, hand_over_together(connection, office, _composed(office, messages))
    # SQLite has one writer: render before the lock is taken, and look again under it.
    with reading(engine).begin() as connection:
        messages = _next(connection, office, after, claim=False)
    batch = _composed(office, messages)
    if not repeatable:
        return messages, [result for one in batch for result in hand_over_singly(engine, office, one)]
    if not batch:
        return messages, []
    with engine.begin() as connection:
        return messages, hand_over_together(connection, office, batch)


def _next(connection: Connection, office: Office, after: int, *, claim: bool) -> list[Queued]:
    ids = queued_ids(connection, t.messages, after, BATCH, claim=claim)
    return read_messages(connection, office.desk.post, ids) if ids else []


def _composed(office: Office, messages: Sequence[Queued]) -> list[Composed]:
    return [compose(office, message) for message in messages]


def _counted(results: Sequence[Result]) -> Delivered:
    counts = Counter(result.status for result in results)
    return Delivered(
        sent=counts[MessageStatus.SENT],
        cancelled=counts[MessageStatus.CANCELLED],
        failed=counts[MessageStatus.FAILED],
    )
