"""Rendering ahead: while some mails are handed over, the next are being made."""

from __future__ import annotations

from collections.abc import Callable

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
        self._size, self._began = _FIRST, monotonic()
        self._begin(first)

    def is_ready(self) -> bool:
        """Tell whether the next batch need not be waited for."""
        return self._office.press.is_ready()

    def take(self) -> list[Composed]:
        """Return the next batch; empty at the end.

        Raises Outside when nothing can be rendered at all.
        """
        batch = list(self._coming)
        if batch:
            took, self._began = monotonic() - self._began, monotonic()
            fresh = int(self._size * _FRESH / max(took, 1e-6))
            self._size = min(max(fresh, 1), 2 * self._size, self._most)
            self._begin(batch[-1].message.id)
        return batch

    def _begin(self, after: int) -> None:
        self._coming = compose(self._office, self._seen(after, self._size))
