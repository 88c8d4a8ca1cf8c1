"""Lists that a prospect has left, asked at the hand-over: no mail goes that comes by such lists only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from engage.effects.post import Post
from engage.effects.queued import Queued
from engage.language.conditions import OnList
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.leaving import Lists, has_left, leavers
from engage.sql.standing import run


def refused_by_lists(connection: Connection, post: Post, messages: Sequence[Queued], now: datetime) -> Iterator[int]:
    """Yield which marketing messages come only by lists that their prospects have left."""
    prospects = sorted({message.prospect_id for message in messages if message.marketing})
    gone = set(run(connection, leavers(), None, prospects=prospects).scalars()) if prospects else set()
    concerned = [message for message in messages if message.marketing and message.prospect_id in gone]
    if not concerned:
        return
    m, asked = t.messages.c, Now.of(post.house, now)
    for lists, ids in _by_lists(connection, post, concerned):
        yield from connection.scalars(select(m.id).where(m.id.in_(ids), has_left(lists, m.prospect_id, asked)))


def _by_lists(connection: Connection, post: Post, messages: Sequence[Queued]) -> Iterator[tuple[Lists, list[int]]]:
    """Yield the lists that bring messages, and the messages."""
    for scenario in sorted({message.scenario_key for message in messages if message.scenario_key is not None}):
        if lists := post.audiences.get(scenario, ()):
            yield lists, [message.id for message in messages if message.scenario_key == scenario]
    numbers = {message.send_id for message in messages if message.send_id is not None}
    s = t.sends.c
    for send in connection.execute(select(s.id, s.lists).where(s.id.in_(numbers))).all() if numbers else ():
        named = json.loads(send.lists)
        lists = tuple((name, post.lists.get(name) or OnList((name,))) for name in named)
        yield lists, [message.id for message in messages if message.send_id == send.id]
