"""Rendering ahead: while some mails are handed over, the next are being made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engage.clock import monotonic
from engage.effects.composing import Composed, Office, compose
from engage.effects.queued import Queued

#: Mails that are made ahead for a channel of unknown speed, and for how many seconds of work at a known one: what was
#: made long ago would be handed over with old values.
_FIRST, _FRESH = 50, 2.0

#: Returns the next queued messages after a key, so many at most.
Seen = Callable[[int, int], list[Queued]]
#: Returns a queued message far from those that come next and never tried: at the other end, or between two keys.
Far = Callable[[tuple[int, int] | None], Queued | None]


class Ahead:
    """The queued messages of a delivery with their mails, batch by batch, the next made while one is in use."""

    def __init__(self, office: Office, seen: Seen, far: Far, most: int, first: int = 0) -> None:
        self._office, self._seen, self._far, self._most = office, seen, far, most
        #: messages that were taken out of their turn
        self._early: set[int] = set()
        self._last = 0
        self._coming: Iterator[Composed] = iter(())
        self._size, self._began = _FIRST, monotonic()
        self._begin(first)

    def is_ready(self) -> bool:
        """Tell whether the next batch need not be waited for."""
        return self._office.press.is_ready()

    def take(self) -> list[Composed]:
        """Return the next batch; empty at the end.

        Raises Outside when nothing can be rendered at all.
        """
        while batch := list(self._coming):
            took, self._began = monotonic() - self._began, monotonic()
            fresh = int(self._size * _FRESH / max(took, 1e-6))
            self._size = min(max(fresh, 1), 2 * self._size, self._most)
            self._begin(batch[-1].message.id)
            if here := [one for one in batch if one.message.id not in self._early]:
                return here
        return []

    def take_far(self, near: int) -> Composed | None:
        """Return a mail of the other end of the queue, next time one between that and ``near``, if there is any."""
        found = self._far((near, self._last) if self._last else None)
        self._last = found.id if found is not None and not self._last else 0
        if found is None or found.id in self._early:
            return None
        self._early.add(found.id)
        # The press prints one batch at a time.
        self._coming = iter(list(self._coming))
        return next(compose(self._office, [found]))

    def _begin(self, after: int) -> None:
        self._coming = compose(self._office, self._seen(after, self._size))
