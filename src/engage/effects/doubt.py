"""Whether a mail server that refuses a mail refuses us: that is sure when it is said of several recipients in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, func, literal_column, select

from engage.effects.channel import Closed, Envelope, Unwanted
from engage.effects.composing import Composed
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import reading

#: So many different recipients, one after the other and nobody accepted between.
SURE = 3
#: Among so many of the latest messages one is looked for that was accepted in the meantime.
_LATELY = 500


class Doubt:
    """What was refused since somebody was accepted; ``stopped``: the way out was stopped when this began."""

    def __init__(self, *, stopped: bool = False) -> None:
        self.stopped = stopped
        self._refused: dict[tuple[str, ...], Closed] = {}

    @property
    def is_open(self) -> bool:
        """Whether the last mail that tells anything was refused so."""
        return bool(self._refused)

    @property
    def last(self) -> Closed | None:
        """What is said of the way out if that was meant of us."""
        return next(reversed(self._refused.values()), None)

    def heard(self, recipients: tuple[str, ...], error: Exception | None, *, counts: bool = True) -> Closed | None:
        """Take in what came of a mail; return why the way out is closed, where that is sure now.

        Of mails that were under way together one ``counts``: they may be alike, and no other was tried since.
        """
        if error is None:
            self._refused, self.stopped = {}, False
        elif isinstance(error, Unwanted) and (counts or not self._refused):
            self._refused[recipients] = error.closed
        return self.last if len(self._refused) >= SURE else None

    def in_order(self, waiting: Sequence[Composed], far: Callable[[int], Composed | None]) -> list[Composed]:
        """Return the mails that wait, the one that tells most first; ``far`` gets one from farther off."""
        best = min(waiting, key=self._rank)
        if self._rank(best) > 0:
            best = far(waiting[0].message.id) or best
        return [best, *(one for one in waiting if one.message.id != best.message.id)]

    def conclude(self, engine: Engine) -> Closed | None:
        """Where the last that was tried was refused and nobody accepted, see whether that is so of all."""
        if not self.is_open:
            return None
        with reading(engine).begin() as connection:
            return self.last if self.stopped or are_all_refused(connection) else None

    def _rank(self, one: Composed) -> int:
        """Return how little a mail would tell that goes next: least what was tried before, then one like those."""
        if one.message.deferred_at is not None:
            return 2
        return int(
            not _domains(recipients(one)).isdisjoint(domain for key in self._refused for domain in _domains(key))
        )


def recipients(one: Composed) -> tuple[str, ...]:
    """Return whom a mail goes to."""
    return one.envelope.recipients if isinstance(one.envelope, Envelope) else ()


def _domains(addresses: tuple[str, ...]) -> frozenset[str]:
    return frozenset(address.rpartition("@")[2].lower() for address in addresses)


def are_all_refused(connection: Connection) -> bool:
    """Tell whether enough prospects' messages wait that were refused for good, and nobody was accepted since.

    So deliveries that find one message each come to be sure as well.
    """
    m = t.messages.c
    # Written out, not bound: only so does SQLite see that the partial index serves.
    queued = m.status == literal_column(str(int(MessageStatus.QUEUED)))
    refused = (queued, m.deferred_at.is_not(None), m.reason.like("5%"), m.reason.not_like("552%"))
    since = func.max(m.deferred_at)
    found = connection.scalars(select(since).where(*refused).group_by(m.prospect_id).order_by(since.desc()).limit(SURE))
    moments = found.all()
    if len(moments) < SURE:
        return False
    latest = select(m.status, m.sent_at, m.reason).order_by(m.id.desc()).limit(_LATELY).subquery().c
    accepted = (latest.status == int(MessageStatus.SENT), latest.reason.is_(None), latest.sent_at >= moments[-1])
    return connection.scalar(select(func.count()).where(*accepted)) == 0
