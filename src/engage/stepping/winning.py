"""The end of a test: its time begins when its messages are out, then the figures name a winner, or nobody does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from engage.clock import micros
from engage.plan.proportions import Rate, winner
from engage.sql import tables as t
from engage.sql.codes import SendState
from engage.sql.send_figures import tried, under_way
from engage.sql.standing import run
from engage.stepping.journeys import Tick
from engage.stepping.one_off import Send, Variant, change

#: While messages of a test wait for their first try, it is asked again after so long.
_PAUSE = timedelta(minutes=1)


def end_test(connection: Connection, tick: Tick, send: Send) -> None:
    """End a test whose time is over; else note when that will be.

    The time is counted from the hand-over of its last message; one that a mail server has deferred is not waited for.
    """
    assert send.length is not None
    assert send.queued_at is not None
    row = run(connection, under_way(), None, send=send.id).one()
    if row.fresh:
        change(connection, send, due_at=tick.now + _PAUSE)
        return
    begun = send.queued_at if row.last is None else max(send.queued_at, row.last)
    over = begun + timedelta(microseconds=send.length)
    if over > tick.now:
        change(connection, send, due_at=over)
        return
    figures = results(connection, send, over)
    keep(connection, send, figures)
    _decide(connection, tick, send, figures)


def results(connection: Connection, send: Send, until: datetime) -> tuple[Variant, ...]:
    """Return a test's e-mails with their figures by a moment."""
    assert send.measure is not None
    rows = run(connection, tried(send.measure, send.events), None, send=send.id, until=micros(until))
    found = {row.template_id: (row.tried, row.met) for row in rows}
    counts = (found.get(variant.template_id, (0, 0)) for variant in send.variants)
    return tuple(
        replace(variant, tried=count, met=met) for variant, (count, met) in zip(send.variants, counts, strict=True)
    )


def keep(connection: Connection, send: Send, figures: tuple[Variant, ...]) -> None:
    """Keep the figures by which a test is decided: later bounces and opens change them no more."""
    v = t.send_variants
    for variant in figures:
        mine = (v.c.send_id == send.id, v.c.number == variant.number)
        connection.execute(update(v).where(*mine).values(tried=variant.tried, met=variant.met))


def _decide(connection: Connection, tick: Tick, send: Send, figures: tuple[Variant, ...]) -> None:
    """Name the winner; where chance may have decided, do what the send says."""
    best = winner([Rate(variant.met or 0, variant.tried or 0) for variant in figures])
    if best is not None:
        go_on(connection, send, best + 1, "test", tick.now)
    elif send.otherwise == "first" and send.share < 100:
        go_on(connection, send, 1, "first", tick.now)
    elif send.share < 100:
        change(connection, send, state=int(SendState.UNDECIDED), due_at=None)
    else:
        change(connection, send, state=int(SendState.DONE), due_at=None, decided_at=tick.now, ended_at=tick.now)


def go_on(connection: Connection, send: Send, number: int, chosen_by: str, now: datetime) -> None:
    """Send one of the e-mails to the rest, if there is one."""
    chosen = {"winner": number, "chosen_by": chosen_by, "decided_at": now}
    if send.share < 100:
        change(connection, send, **chosen, state=int(SendState.SENDING), after_id=0, due_at=now)
    else:
        change(connection, send, **chosen, state=int(SendState.DONE), due_at=None, ended_at=now)
