"""How long one waits before trying again, a message by itself and the way out as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta

#: A deferred message waits as long as it has waited since it was first deferred, within these bounds.
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=4)
#: After so long it has failed.
GIVEN_UP = timedelta(days=5)
#: The same for a mail server that refuses us, which is mended by people.
SHORTEST_STOP, LONGEST_STOP = timedelta(minutes=1), timedelta(minutes=5)


def next_try(deferred_at: datetime, now: datetime) -> datetime | None:
    """Return when a message is tried again that was first deferred at a moment; None where it has failed.

    >>> from datetime import UTC
    >>> first = datetime(2026, 12, 1, 9, tzinfo=UTC)
    >>> print(next_try(first, first), next_try(first, first + timedelta(hours=1)), next_try(first, first + GIVEN_UP))
    2026-12-01 09:05:00+00:00 2026-12-01 11:00:00+00:00 None
    """
    waited = now - deferred_at
    if waited >= GIVEN_UP:
        return None
    return min(now + min(max(waited, SHORTEST), LONGEST), max(deferred_at + GIVEN_UP, now + SHORTEST))


def next_probe(stopped_at: datetime, now: datetime) -> datetime:
    """Return when a mail server is tried again that has refused us since a moment."""
    return now + min(max(now - stopped_at, SHORTEST_STOP), LONGEST_STOP)
