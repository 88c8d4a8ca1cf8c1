"""E-mails that failed of late, and why most often: a mistake in a template stops mail, and nothing else shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal_column, or_, select

from engage.reports.reasons import reason
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.wording import Sentence, sentence

#: So long a failed e-mail is spoken of.
_LATELY = timedelta(days=7)
#: So many failed e-mails are looked at, the newest first.
_MOST = 100_000
#: What failed because the prospect was erased is no mistake.
_ERASED = "forgotten"


@dataclass(frozen=True, slots=True)
class Failed:
    """How many e-mails failed of late, and why most often."""

    count: int
    why: str

    @property
    def sentence(self) -> Sentence:
        """What a person is told of it."""
        text = "{count} messages failed in the last 7 days, most often: {reason}; see: engage messages --status failed"
        return sentence(text, count=self.count, reason=reason(self.why))


def failed(connection: Connection, now: datetime) -> Failed | None:
    """Return how many e-mails of the last seven days failed, if any; the cost follows them, and is bounded."""
    m = t.messages.c
    # Written out, not bound: only so does SQLite see that the partial index serves.
    is_failed = m.status == literal_column(str(int(MessageStatus.FAILED)))
    meant = or_(m.reason.is_(None), m.reason != _ERASED)
    lately = select(m.reason).where(is_failed, m.queued_at > now - _LATELY, meant)
    newest = lately.order_by(m.queued_at.desc()).limit(_MOST).subquery()
    counted = select(newest.c.reason, func.count().label("count")).group_by(newest.c.reason)
    rows = [(int(count), why or "") for why, count in connection.execute(counted)]
    return Failed(sum(count for count, _ in rows), max(rows)[1]) if rows else None
