"""Delivery: what is queued is rendered, asked for consent once more, and handed over, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from engage.effects.ahead import Ahead
from engage.effects.calling import run_actions
from engage.effects.composing import Office, compose
from engage.effects.handing import hand_over_together
from engage.effects.hands import Hands
from engage.effects.home import read_home
from engage.effects.lane import make_lane, read_stop
from engage.effects.letter import Desk
from engage.effects.mime import mail_address
from engage.effects.notices import notice_batches
from engage.effects.post import Delivered, Post, Progress
from engage.effects.press import Press
from engage.effects.queued import Queued, fields_for, queued_ids, read_messages, untried_id
from engage.effects.results import Result, read_words
from engage.effects.team import read_team
from engage.errors import EngageError, Outside, Refused
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading
from engage.wording import sentence

#: Above all keys.
_TOP = 2**62
#: How many messages one transaction settles; how many are made together while others are handed over.
BATCH, AHEAD = 200, 128


@dataclass(frozen=True, slots=True)
class Course:
    """Where a delivery begins in the queue, and whether it goes down from there.

    Deliveries side by side go towards each other: until they meet no mail is rendered twice.
    """

    after: int = 0
    down: bool = False


def deliver(
    engine: Engine, post: Post, now: datetime, progress: Progress | None = None, *, patient: bool = False
) -> Delivered:
    """Hand over what is queued and return what was done; several deliveries at once share the work.

    ``patient``: a mail server that refused us is left alone until its pause is over.
    Raises Refused where the workspace names no sender, and Outside where the channel is away: what was not
    handed over stays queued.
    """
    done = Delivered()
    fault: EngageError | None = None
    # Closed at once when the caller's progress ends the delivery: what is under way is noted then.
    with closing(_mails(engine, post, now, patient=patient)) as mails:
        try:
            for part in mails:
                done += part
                if progress is not None:
                    progress(done)
        except EngageError as error:
            # Actions wait for no mail server: they are run, then it is told.
            fault = error
    for part in run_actions(engine, post, now):
        done += part
        if progress is not None:
            progress(done)
    if fault is not None:
        raise fault
    return done


def deliver_beside(engine: Engine, post: Post, now: datetime, course: Course, progress: Progress) -> None:
    """Hand queued messages over beside a delivery that does all else; tell of each batch what was done in it.

    Raises what ``deliver`` raises.
    """
    office = _open(engine, post, now)
    try:
        with closing(_by_hands(engine, office, course)) as parts:
            for part in parts:
                progress(_counted(part))
    finally:
        office.press.close()


def _mails(engine: Engine, post: Post, now: datetime, *, patient: bool) -> Generator[Delivered]:
    """Hand over messages and notifications, where any wait; give the counts of each batch."""
    if _is_waiting(engine, now):
        if patient:
            _check_lane(engine, now)
        office = _open(engine, post, now)
        try:
            yield from _message_batches(engine, office)
        finally:
            office.press.close()
        yield from notice_batches(engine, office, BATCH)


def _is_waiting(engine: Engine, now: datetime) -> bool:
    with reading(engine).begin() as connection:
        return any(queued_ids(connection, table, 0, 1, now, claim=False) for table in (t.messages, t.notifications))


def _check_lane(engine: Engine, now: datetime) -> None:
    """Raise Outside while a mail server that refused us is left alone."""
    with reading(engine).begin() as connection:
        stopped = read_stop(connection)
    if stopped is not None and stopped.stopped_at <= now < stopped.try_at:
        raise Outside(stopped.reason)


def _open(engine: Engine, post: Post, now: datetime) -> Office:
    """Return all that writing mails takes. Raises Refused where nobody can be named as the sender."""
    sender = post.company.sender
    address = mail_address(sender.email) if sender is not None else None
    if sender is None or address is None:
        raise Refused(sentence("engage.yaml names no sender with a mail address; nothing was sent"))
    with engine.begin() as connection:
        make_lane(connection)
        words = read_words(connection, sorted(post.templates))
        team, home = read_team(connection), read_home(connection)
    desk = Desk(post, sender, address, now, "" if home is None else home.sign)
    return Office(desk, Press(post, sender), team, words, fields_for(post))


def _message_batches(engine: Engine, office: Office) -> Iterator[Delivered]:
    """Hand all queued messages over; give the counts of each batch."""
    batches = _in_batches(engine, office) if office.desk.post.channel.repeatable else _by_hands(engine, office)
    yield from map(_counted, batches)


def _in_batches(engine: Engine, office: Office) -> Iterator[list[Result]]:
    after = 0
    while True:
        messages, results = _batch(engine, office, after)
        if not messages:
            return
        yield results
        after = messages[-1].id


def _batch(engine: Engine, office: Office, after: int) -> tuple[list[Queued], list[Result]]:
    """Deliver the next messages after a key; return which they were and what became of them."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            messages = _next(connection, office, after, BATCH, claim=True)
            return messages, hand_over_together(connection, office, list(compose(office, messages)))
    # SQLite has one writer: render before the lock is taken, and look again under it.
    messages = _seen(engine, office, after)
    if not messages:
        return messages, []
    batch = list(compose(office, messages))
    with engine.begin() as connection:
        return messages, hand_over_together(connection, office, batch)


def _by_hands(engine: Engine, office: Office, course: Course | None = None) -> Generator[list[Result]]:
    """Hand messages over to a channel that must be given each but once."""
    course = course or Course()

    def seen(after: int, most: int) -> list[Queued]:
        return _seen(engine, office, after, most, down=course.down)

    def far(between: tuple[int, int] | None) -> Queued | None:
        return _far(engine, office, between, down=not course.down)

    hands = Hands(engine, office)
    with closing(hands.hand_over(Ahead(office, seen, far, AHEAD, course.after))) as parts:
        yield from parts


def _far(engine: Engine, office: Office, between: tuple[int, int] | None, *, down: bool) -> Queued | None:
    """Return a message that was never tried: from the end of the queue (``down``) or its beginning, or the middle."""
    after = sum(between) // 2 if between else (_TOP if down else 0)
    now, post = office.desk.now, office.desk.post
    with reading(engine).begin() as connection:
        found = untried_id(connection, after, now, down=down and between is None)
        return read_messages(connection, post, [found], now, office.fields)[0] if found is not None else None


def _seen(engine: Engine, office: Office, after: int, size: int = BATCH, *, down: bool = False) -> list[Queued]:
    with reading(engine).begin() as connection:
        return _next(connection, office, after, size, claim=False, down=down)


def _next(
    connection: Connection, office: Office, after: int, size: int, *, claim: bool, down: bool = False
) -> list[Queued]:
    ids = queued_ids(connection, t.messages, after, size, office.desk.now, claim=claim, down=down)
    found = read_messages(connection, office.desk.post, ids, office.desk.now, office.fields) if ids else []
    return found[::-1] if down else found


def _counted(results: Sequence[Result]) -> Delivered:
    counts = Counter(result.status for result in results)
    return Delivered(
        sent=counts[MessageStatus.SENT],
        cancelled=counts[MessageStatus.CANCELLED],
        failed=counts[MessageStatus.FAILED],
        deferred=counts[MessageStatus.QUEUED],
    )
