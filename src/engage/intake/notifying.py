"""Mails to one of the team, queued by pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from engage.sql import tables as t
from engage.sql.codes import MessageStatus


def notify_user(
    connection: Connection, user_id: str, subject: str, text: str, now: datetime, invitation: bytes | None = None
) -> None:
    """Queue a mail to a user; ``invitation`` is the number of a link that is added when it is written."""
    row = {"addressee": f"user:{user_id}", "subject": subject, "text": text, "invitation": invitation}
    connection.execute(insert(t.notifications).values(**row, status=int(MessageStatus.QUEUED), queued_at=now))
