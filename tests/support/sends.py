"""One-off sends in a test world: ordered, chosen, called off, and what became of each member."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from engage.clock import MICROSECOND
from engage.language.moment import Duration
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.stepping import ordering
from engage.stepping.one_off import Send, read_send
from tests.support.moments import When
from tests.support.moments import at as instant
from tests.support.world import World


def trial(
    share: int = 50, measure: str = "clicks", after: str = "4 hours", otherwise: str = "wait", goal: str | None = None
) -> ordering.Trial:
    """Return a test."""
    return ordering.Trial(share, measure, Duration.parse(after).length // MICROSECOND, otherwise, goal)


def order(
    world: World,
    *templates: str,
    lists: tuple[str, ...] = ("members",),
    suppress: tuple[str, ...] = (),
    at: When | None = None,
    now: When | None = None,
    test: ordering.Trial | None = None,
) -> int:
    """Order a send; return its number."""
    made = world.moment(now)
    wanted = ordering.Order(templates, lists, suppress, made if at is None else instant(at), test)
    with world.engine.begin() as connection:
        return ordering.place(connection, world.plans, wanted, made)


def choose(world: World, number: int, template: str, when: When | None = None) -> None:
    """Choose a winner."""
    with world.engine.begin() as connection:
        ordering.choose(connection, number, template, world.moment(when))


def resume(world: World, number: int, when: When | None = None) -> None:
    """Let a stopped send go on."""
    with world.engine.begin() as connection:
        ordering.resume(connection, number, world.moment(when))


def call_off(world: World, number: int, when: When | None = None) -> int:
    """Call a send off."""
    return ordering.call_off(world.engine, number, world.moment(when))


def send_of(world: World, number: int) -> Send:
    """Return a send as it stands."""
    with world.engine.connect() as connection:
        return read_send(connection, number)


def state(world: World, number: int) -> str:
    """Return the state of a send."""
    return send_of(world, number).state.name.lower()


def got(world: World, number: int) -> dict[str, str]:
    """Return what became of each member who has a message: its template where it is queued or sent, else why not."""
    m, w = t.messages, t.words
    chosen = select(m, w.c.text.label("template")).join(w, w.c.id == m.c.template_id).where(m.c.send_id == number)
    with world.engine.connect() as connection:
        rows = connection.execute(chosen.order_by(m.c.id)).all()
    assert len({row.prospect_id for row in rows}) == len(rows)
    return {world.names[row.prospect_id]: _told(MessageStatus(row.status), row.template, row.reason) for row in rows}


def _told(status: MessageStatus, template: str, reason: str | None) -> str:
    if status in (MessageStatus.QUEUED, MessageStatus.SENT):
        return template
    return f"{status.name.lower()}: {reason}"


def read_by(world: World, column: str, number: int, counts: dict[str, int], after: timedelta) -> None:
    """Note that so many of the delivered messages of each e-mail were opened or clicked some time after."""
    m, w = t.messages, t.words
    with world.engine.begin() as connection:
        for template, count in counts.items():
            mine = (m.c.send_id == number, w.c.text == template, m.c.status == int(MessageStatus.SENT))
            chosen = select(m.c.id).join(w, w.c.id == m.c.template_id).where(*mine).order_by(m.c.id).limit(count)
            ids = connection.scalars(chosen).all()
            assert len(ids) == count
            connection.execute(update(m).where(m.c.id.in_(ids)).values({column: world.now + after}))
