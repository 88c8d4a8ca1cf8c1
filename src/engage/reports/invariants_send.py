"""The promises about one-off sends: each message is of an e-mail of its send, and none waits for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, and_, exists, func, not_, or_, select

from engage.reports.finding import Finding, finding
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, SendState

#: A tick goes on with these by itself.
_ONWARD = (SendState.SCHEDULED, SendState.SENDING, SendState.TESTING, SendState.HOLDING)


def sends_agree(connection: Connection) -> Iterator[Finding]:
    """Yield a finding for each promise about sends that is broken."""
    yield from _strayed(connection)
    yield from _timed(connection)


def _strayed(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a message names a send that has no such e-mail, or is held by a send that is over."""
    m, v, s, p = t.messages, t.send_variants, t.sends, t.prospects
    email = func.coalesce(p.c.email, "?").label("email")
    asked = select(m.c.id, m.c.send_id, email).outerjoin(p, p.c.id == m.c.prospect_id).where(m.c.send_id.is_not(None))
    known = exists(select(1).where(v.c.send_id == m.c.send_id, v.c.template_id == m.c.template_id).correlate(m))
    template = "{count} messages name send {send_id}, which has no such e-mail, the first number {id} to {email}"
    yield from finding(connection, "sends", template, asked.where(not_(known)))
    held = m.c.status == int(MessageStatus.HELD)
    over = exists(select(1).where(s.c.id == m.c.send_id, s.c.state == int(SendState.DONE)).correlate(m))
    template = "{count} messages are held by send {send_id}, which is over, the first number {id} to {email}"
    yield from finding(connection, "sends", template, asked.where(held, over))


def _timed(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if a send that is not over would never be looked at, or has no e-mail."""
    s, v = t.sends, t.send_variants
    forgotten = and_(s.c.state.in_([int(state) for state in _ONWARD]), s.c.due_at.is_(None), s.c.fault.is_(None))
    empty = not_(exists(select(1).where(v.c.send_id == s.c.id).correlate(s)))
    template = "{count} sends wait for nothing or have no e-mail, the first number {id}"
    yield from finding(connection, "sends", template, select(s.c.id).where(or_(forgotten, empty)))
