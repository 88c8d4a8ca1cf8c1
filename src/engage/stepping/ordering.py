"""What a user does with one-off sends: order one, choose a test's winner, call one off, let a stopped one go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Select, insert, select, update

from engage.errors import Refused
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import CHUNK, MessageStatus, SendState, TimerKind
from engage.sql.interning import word_id
from engage.stepping.one_off import Send, audience_of, change, mail_of, read_send
from engage.stepping.winning import go_on, keep, results
from engage.wording import sentence

#: So many e-mails can be tried against each other.
MOST_VARIANTS = 5
#: The reason of messages whose send was called off.
CALLED_OFF = "send_cancelled"
_WAITING = (int(MessageStatus.QUEUED), int(MessageStatus.HELD))


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of several e-mails."""

    #: how many in a hundred get it
    share: int
    #: opens, clicks or conversions
    measure: str
    #: in microseconds
    length: int
    #: wait or first: what follows where chance may have decided
    otherwise: str
    #: what counts as a conversion, as it was written
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A one-off send as it is ordered."""

    templates: tuple[str, ...]
    lists: tuple[str, ...]
    suppress: tuple[str, ...]
    at: datetime
    trial: Trial | None = None


def check(connection: Connection, plans: moves.Plans, order: Order, now: datetime) -> None:
    """Raise Refused for an order that cannot be carried out."""
    if order.at < now:
        raise Refused(sentence("the moment of the send lies in the past"))
    if len(set(order.templates)) < len(order.templates):
        raise Refused(sentence("the same template stands twice"))
    if len(order.templates) > MOST_VARIANTS:
        raise Refused(sentence("at most {most} e-mails can be tried against each other", most=MOST_VARIANTS))
    mails = mail_of(plans, order.templates)
    marketing = mails[order.templates[0]].marketing
    audience_of(connection, plans, Now.of(plans.house, now), order.lists, order.suppress, marketing=marketing)


def place(connection: Connection, plans: moves.Plans, order: Order, now: datetime) -> int:
    """Order a send and return its number; the next tick from its moment on carries it out."""
    check(connection, plans, order, now)
    trial = order.trial
    row: dict[str, object] = {
        "state": int(SendState.SCHEDULED), "made_at": now, "at": order.at, "due_at": order.at,
        "lists": json.dumps(order.lists, ensure_ascii=False),
        "suppress": json.dumps(order.suppress, ensure_ascii=False),
    }  # fmt: skip
    if trial is not None:
        row |= {"share": trial.share, "measure": trial.measure, "length": trial.length}
        row |= {"otherwise": trial.otherwise, "goal": trial.goal}
    made = connection.execute(insert(t.sends).values(row)).inserted_primary_key
    assert made is not None
    variants = [
        {"send_id": made[0], "number": number, "template_id": word_id(connection, "template", name)}
        for number, name in enumerate(order.templates, 1)
    ]
    connection.execute(insert(t.send_variants), variants)
    return int(made[0])


def choose(connection: Connection, number: int, template: str, now: datetime) -> Send:
    """Have an e-mail of a test go to the rest. Raises Refused where nothing is to be chosen."""
    send = read_send(connection, number, locked=True)
    if send.measure is None or send.share == 100:
        raise Refused(sentence("send {id} has no rest that waits for a winner", id=number))
    if send.state not in (SendState.TESTING, SendState.UNDECIDED):
        text = "send {id} is {state}; a winner is chosen while its test runs, or has ended without one"
        raise Refused(sentence(text, id=number, state=sentence(send.state.name.lower())))
    found = next((variant for variant in send.variants if variant.template == template), None)
    if found is None:
        known = ", ".join(variant.template for variant in send.variants)
        raise Refused(sentence("send {id} has no e-mail {name}; it has {known}", id=number, name=template, known=known))
    if send.state == SendState.TESTING:
        keep(connection, send, results(connection, send, now))
    go_on(connection, send, found.number, "person", now)
    return send


def resume(connection: Connection, number: int, now: datetime) -> None:
    """Let a send go on that the engine stopped. Raises Refused for any other."""
    send = read_send(connection, number, locked=True)
    if send.fault is None:
        raise Refused(sentence("send {id} was not stopped", id=number))
    # A person wants it, however late it is.
    begun = SendState.SENDING if send.state == SendState.SCHEDULED and send.at <= now else send.state
    change(connection, send, fault=None, state=int(begun), due_at=max(now, send.at))


def call_off(
    engine: Engine,
    number: int,
    now: datetime,
    told: Callable[[int], None] = lambda _: None,
    noted: Callable[[Connection], object] = lambda _: None,
) -> int:
    """Call a send off; return how many messages were kept back. What was handed over is gone.

    ``noted`` writes down, in the transaction that does it, that the send is called off.

    First the send itself, so that no delivery hands over any more; then its messages, chunk by chunk. A killed one is
    finished by another. Raises Refused where nothing is left to be called off.
    """
    with engine.begin() as connection:
        send = read_send(connection, number, locked=True)
        over = send.state in (SendState.DONE, SendState.CANCELLED)
        if over and connection.scalar(_waiting(number, 0, 1)) is None:
            raise Refused(sentence("send {id} is over: nothing is left to be cancelled", id=number))
        ended = send.ended_at or now
        change(connection, send, state=int(SendState.CANCELLED), due_at=None, ended_at=ended, fault=None)
        noted(connection)
    count = after = 0
    while True:
        with engine.begin() as connection:
            ids = connection.scalars(_waiting(number, after, CHUNK)).all()
            if not ids:
                return count
            count += _kept_back(connection, number, ids, now)
            after = ids[-1]
        told(count)


def _waiting(number: int, after: int, most: int) -> Select[int]:
    m = t.messages.c
    mine = (m.send_id == number, m.status.in_(_WAITING), m.id > after)
    return select(m.id).where(*mine).order_by(m.id).limit(most)


def _kept_back(connection: Connection, number: int, ids: Sequence[int], now: datetime) -> int:
    """Cancel messages that still wait, and have a tick hear of it."""
    m = t.messages
    mine = (m.c.send_id == number, m.c.id >= ids[0], m.c.id <= ids[-1], m.c.status.in_(_WAITING))
    values = {"status": int(MessageStatus.CANCELLED), "reason": CALLED_OFF, "try_at": None}
    done = connection.execute(update(m).where(*mine).values(values)).rowcount
    told = {"kind": int(TimerKind.SETTLED), "due_at": now, "count": len(ids), "ids": list(ids)}
    connection.execute(insert(t.timers).values(told))
    return done
