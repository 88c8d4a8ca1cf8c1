"""Mails that the pages send to users, through the outbox like all others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from engage.intake.notifying import notify_user
from engage.wording import Locale, sentence


def password_letter(
    connection: Connection, user_id: str, number: bytes, locale: Locale, now: datetime, *, new: bool
) -> None:
    """Queue the mail with the link by which a user chooses a password; the link is added when it is written."""
    if new:
        subject = sentence("Your account in engage")
        text = sentence("You have been given an account in engage. Choose your password by this link; it works once.")
    else:
        subject = sentence("A new password for engage")
        text = sentence(
            "Somebody, probably you, asked for a new password for engage. This link works once, for an hour. "
            "If it was not you, nothing needs to be done."
        )
    notify_user(connection, user_id, subject.read(locale), text.read(locale), now, number)
