"""One-off sends in a tick: at its moment a send is queued for the members of its lists, chunk by chunk.

A chunk is one transaction: it writes the rows of some members and how far the send came. Whoever has a row of the send
is passed over, so whatever is killed or run twice, each gets one message. Then a test has its time and its winner goes
to the rest, and who had no room under the frequency cap is looked at again at each local midnight.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from engage.errors import Refused
from engage.language.lots import PRIME, Mixer
from engage.language.zones import day_start, local_day, next_local_midnight
from engage.sql import tables as t
from engage.sql.codes import SendState
from engage.sql.cohort import looked
from engage.sql.packing import is_postgres
from engage.sql.recipients import (
    Audience,
    IfFull,
    any_held,
    given_up,
    just_queued,
    let_go,
    lock_standings,
    next_held,
    next_members,
    queueing,
)
from engage.sql.scratch import clear
from engage.sql.standing import NOW, run, standing
from engage.stepping.changes import touch
from engage.stepping.faults import is_own_fault, told
from engage.stepping.journeys import Tick
from engage.stepping.one_off import Send, Variant, audience_of, change, mail_of, read_send
from engage.stepping.span import Span, fill_span, span_of
from engage.stepping.transact import Hook, transact
from engage.stepping.winning import end_test
from engage.wording import sentence

#: So long after its moment a send still begins by itself; after a longer outage a person decides if it is still news.
LATEST = timedelta(days=1)
#: A part of the lots, and the e-mail that it gets.
Arm = tuple[Variant, int, int]


def something_to_send(connection: Connection, tick: Tick) -> bool:
    """Tell whether a send is due."""
    return run(connection, _next(), tick.asked).scalar() is not None


@standing
def _next() -> Select[Any]:
    s = t.sends
    due = type_coerce(s.c.due_at, BigInteger)
    return select(s.c.id).where(due <= NOW).order_by(due, s.c.id).limit(1)


def send_phase(connection: Connection, tick: Tick, last: int, hook: Hook) -> int:  # noqa: ARG001 - as other phases
    """Do all that is due of sends; return the number of chunks. One that cannot go on stops itself, visibly."""
    chunks = 0
    while True:
        try:
            if not transact(connection, partial(_chunk, connection, tick), hook, "send"):
                return chunks
        except Stuck as stuck:
            transact(connection, partial(_stop, connection, stuck), hook, "send_fault")
        chunks += 1


class Stuck(Exception):
    """A send cannot go on."""

    def __init__(self, number: int, why: str) -> None:
        self.number, self.why = number, why
        super().__init__(f"send {number}: {why}")


def _stop(connection: Connection, stuck: Stuck) -> None:
    change(connection, read_send(connection, stuck.number, locked=True), due_at=None, fault=stuck.why)


def _chunk(connection: Connection, tick: Tick) -> bool:
    """Do one chunk of the first send that is due; tell whether there was any. Raises Stuck for one at fault."""
    number = run(connection, _next(), tick.asked).scalar()
    if number is None:
        return False
    send = read_send(connection, number, locked=True)
    if send.due_at is None or send.due_at > tick.now:
        return True  # somebody cancelled it at this moment
    try:
        _go_on(connection, tick, send)
    except Exception as error:
        if not (isinstance(error, Refused) or is_own_fault(error)):
            raise
        locale = tick.plans.house.locale
        why = error.message.read(locale) if isinstance(error, Refused) else told(error)
        raise Stuck(number, why) from error
    return True


def _go_on(connection: Connection, tick: Tick, send: Send) -> None:
    match send.state:
        case SendState.SCHEDULED | SendState.SENDING:
            _queue(connection, tick, send)
        case SendState.TESTING:
            end_test(connection, tick, send)
        case SendState.HOLDING:
            _let_go(connection, tick, send)
        case _:
            change(connection, send, due_at=None)


def _queue(connection: Connection, tick: Tick, send: Send) -> None:
    """Queue the messages of the next members.

    Raises Refused for a send that came too late, or names what is not there any more.
    """
    if send.state == SendState.SCHEDULED and tick.now - send.at > LATEST:
        raise Refused(sentence("no tick came on its day: its moment was over a day ago"))
    mails = mail_of(tick.plans, [variant.template for variant in send.variants])
    marketing = mails[send.variants[0].template].marketing
    audience = audience_of(connection, tick.plans, tick.asked.always, send.lists, send.suppress, marketing=marketing)
    clear(connection, looked)
    span = _fill(connection, tick, send, audience)
    if span is not None:
        if is_postgres(connection) and audience.cap is not None:
            run(connection, lock_standings(), None, **span.keys)
        mixer = Mixer.of("send", str(send.id))
        mixed = {"send": send.id, "factor": mixer.factor, "shift": mixer.shift}
        for variant, first, end in arms(send):
            rows = queueing(connection.dialect.name, audience, _if_full(send), mails[variant.template].from_owner)
            arm = {"template": variant.template_id, "first": first, "end": end}
            run(connection, rows, tick.asked, **arm, **mixed, **span.keys)
        touch(connection, tick, "emailed", just_queued(), send=send.id, **span.keys)
    if span is None or span.count < tick.chunk:
        _all_queued(connection, tick, send)
    else:
        change(connection, send, state=int(SendState.SENDING), after_id=span.last)


def _fill(connection: Connection, tick: Tick, send: Send, audience: Audience) -> Span | None:
    """Fill ``looked`` with the next prospects to ask about."""
    if audience.on_lists is not None:
        return fill_span(connection, send.after_id, tick.chunk)
    run(connection, next_members(audience.list_ids), None, after=send.after_id, most=tick.chunk)
    return span_of(connection, looked)


def arms(send: Send) -> list[Arm]:
    """Return which lots get which e-mail now: a test's share in even parts, else all the same one."""
    if not send.on_trial:
        return [(send.variant(send.winner or 1), 0, PRIME)]
    count = len(send.variants)
    ends = [PRIME * send.share * place // (100 * count) for place in range(count + 1)]
    return list(zip(send.variants, ends[:-1], ends[1:], strict=True))


def _if_full(send: Send) -> IfFull:
    """Return what becomes of who has no room: a test's members are looked at again with the rest, if there is one."""
    if not send.on_trial:
        return "hold"
    return "leave" if send.share < 100 else "cancel"


def _all_queued(connection: Connection, tick: Tick, send: Send) -> None:
    """Note that the last member was queued, and what comes next."""
    queued = {"queued_at": tick.now, "after_id": 0}
    if send.on_trial:
        assert send.length is not None
        due_at = tick.now + timedelta(microseconds=send.length)
        change(connection, send, **queued, state=int(SendState.TESTING), due_at=due_at)
        return
    days = tick.plans.house.cap.days if tick.plans.house.cap is not None else 0
    _hold(connection, tick, send, _midnight(tick, days), **queued)


def _midnight(tick: Tick, days: int) -> datetime:
    """Return the local midnight at which a day begins that is so many days from today."""
    zone = tick.plans.house.hours.zone
    return day_start(local_day(tick.now, zone) + timedelta(days=days), zone)


def _let_go(connection: Connection, tick: Tick, send: Send) -> None:
    """Queue the held messages for whose prospects there is room now; those held too long are given up."""
    clear(connection, looked)
    run(connection, next_held(), None, send=send.id, after=send.after_id, most=tick.chunk)
    span = span_of(connection, looked)
    if span is not None:
        cap = tick.plans.house.cap
        if is_postgres(connection) and cap is not None:
            run(connection, lock_standings(), None, **span.keys)
        freed = let_go(connection.dialect.name, cap, tick.asked.always)
        run(connection, freed, tick.asked, send=send.id, **span.keys)
        touch(connection, tick, "emailed", just_queued(), send=send.id, **span.keys)
        if send.held_until is not None and tick.now >= send.held_until:
            run(connection, given_up(), None, send=send.id)
    if span is None or span.count < tick.chunk:
        _hold(connection, tick, send, send.held_until, after_id=0)
    else:
        change(connection, send, after_id=span.last)


def _hold(connection: Connection, tick: Tick, send: Send, until: datetime | None, **values: object) -> None:
    """Look at those without room again at the next local midnight; the send is done where there are none."""
    if run(connection, any_held(), None, send=send.id).scalar() is None:
        change(connection, send, **values, state=int(SendState.DONE), due_at=None, ended_at=tick.now)
        return
    midnight = next_local_midnight(tick.now, tick.plans.house.hours.zone)
    change(connection, send, **values, state=int(SendState.HOLDING), due_at=midnight, held_until=until)
