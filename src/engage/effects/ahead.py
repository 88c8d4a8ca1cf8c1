"""Rendering ahead: while some mails are handed over, the next are being made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engage.clock import monotonic
from engage.effects.composing import Composed, Office, compose
from engage.effects.queued import Queued

#: Mails that are made ahead for a channel of unknown speed, and for how many seconds of work at a known one: what was
#: made long ago would be handed over with old values.
_FIRST, _FRESH = 50, 2.0

#: Returns the next queued messages after a key, so many at most.
Seen = Callable[[int, int], list[Queued]]


class Ahead:
    """The queued messages of a delivery with their mails, batch by batch, the next made while one is in use."""

    def __init__(self, office: Office, seen: Seen, most: int, first: int = 0) -> None:
        self._office, self._seen, self._most = office, seen, most
        self._beside = ThreadPoolExecutor(1)
        self._size, self._began = _FIRST, monotonic()
        self._begin(first)

    def is_ready(self) -> bool:
        """Tell whether the next batch need not be waited for."""
        return self._coming.done()

    def take(self) -> list[Composed]:
        """Return the next batch; empty at the end.

        Raises Outside when nothing can be rendered at all.
        """
        batch = self._coming.result()
        if batch:
            took, self._began = monotonic() - self._began, monotonic()
            fresh = int(self._size * _FRESH / max(took, 1e-6))
            self._size = min(max(fresh, 1), 2 * self._size, self._most)
            self._begin(batch[-1].message.id)
        return batch

    def close(self) -> None:
        """End when what is being made is ready."""
        self._beside.shutdown()

    def _begin(self, after: int) -> None:
        # The database is read by who hands over: one in memory has but one connection.
        messages = self._seen(after, self._size)
        self._coming = self._beside.submit(compose, self._office, messages)
