"""What one-off sends say at the hand-over: none goes of one called off, and whom it spares is asked anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from engage.effects.post import Post
from engage.effects.queued import Queued
from engage.language.conditions import AnyOf, OnList
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import SendState
from engage.sql.predicates import holds


def refused_by_sends(
    connection: Connection, post: Post, messages: Sequence[Queued], now: datetime
) -> Iterator[tuple[int, str]]:
    """Yield which messages of one-off sends must not go, and why."""
    numbers = {message.send_id for message in messages if message.send_id is not None}
    if not numbers:
        return
    s = t.sends.c
    for send in connection.execute(select(s.id, s.state, s.suppress).where(s.id.in_(numbers))).all():
        ids = [message.id for message in messages if message.send_id == send.id]
        if send.state == SendState.CANCELLED:
            yield from ((key, "send_cancelled") for key in ids)
        elif lists := json.loads(send.suppress):
            yield from ((key, "suppressed") for key in _on_lists(connection, post, ids, lists, now))


def _on_lists(
    connection: Connection, post: Post, ids: Sequence[int], lists: Sequence[str], now: datetime
) -> Sequence[int]:
    """Return the messages whose prospects are on any of some lists."""
    m = t.messages.c
    condition = AnyOf(tuple(post.lists.get(name) or OnList((name,)) for name in lists))
    spared = holds(condition, m.prospect_id, Now.of(post.house, now))
    return connection.scalars(select(m.id).where(m.id.in_(ids), spared)).all()
