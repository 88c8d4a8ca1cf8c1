"""A mail shown again, in a browser: rendered anew from what is known of its prospect now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, select

from engage.effects.failure import Failure
from engage.effects.post import Post
from engage.effects.press import Press
from engage.effects.queued import read_messages
from engage.effects.team import read_team
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading

#: Messages that somebody may have: the others were never seen by anybody.
_SEEN = (MessageStatus.SENT, MessageStatus.IN_DOUBT)


class Viewer:
    """Shows the mails of a workspace, one at a time; ``close`` it at the end."""

    def __init__(self, post: Post) -> None:
        sender = post.company.sender
        self._post = _without_pixel(post)
        self._press = None if sender is None else Press(self._post, sender)
        self._lock = Lock()

    def html(self, engine: Engine, message_id: int, now: datetime) -> str | None:
        """Return a message's HTML; None where it is gone, was never sent, or cannot be rendered any more.

        Its links count clicks, as those of the mail do.
        Raises Outside when nothing can be rendered at all.
        """
        if self._press is None:
            return None
        with reading(engine).begin() as connection:
            status = connection.scalar(select(t.messages.c.status).where(t.messages.c.id == message_id))
            if status not in _SEEN:
                return None
            message = read_messages(connection, self._post, [message_id], now)[0]
            if message.prospect is None:
                return None
            owner = read_team(connection).person(str(message.prospect.get("owner") or ""))
        with self._lock:
            if self._press is None:  # closed meanwhile: another workspace runs now
                return None
            (outcome,) = self._press.render([(message, owner)])
        return None if isinstance(outcome, Failure) else outcome.html

    def close(self) -> None:
        """End the process that renders."""
        with self._lock:
            press, self._press = self._press, None
            if press is not None:
                press.close()


def _without_pixel(post: Post) -> Post:
    """Return what to show mails by: looking at one changes nothing."""
    return replace(post, house=replace(post.house, tracking=replace(post.house.tracking, opens=False)))
