"""Asking others while a browser waits: by few hands of their own, so that who is slow there stalls nobody else here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from engage.clock import monotonic
from engage.errors import Outside
from engage.wording import sentence

T = TypeVar("T")

#: So many ask at once, and so many more may wait for their turn.
HANDS, WAITING = 2, 4
#: What others publish is kept for so many seconds.
KEPT = 300.0
#: So long, in seconds, others may be silent.
SECONDS = 10


class Abroad:
    """Hands for work that waits for others, and what these published."""

    def __init__(self) -> None:
        self.published: Published[Any] = Published(json_at)
        self._hands, self._asked = ThreadPoolExecutor(HANDS, "abroad"), 0

    async def work(self, work: Callable[[], T]) -> T:
        """Do such work. Raises Outside at once where too many wait already."""
        if self._asked >= HANDS + WAITING:
            raise Outside(sentence("too many wait for the identity provider; try again in a minute"))
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hands, work)
        finally:
            self._asked -= 1

    def close(self) -> None:
        """End; what was not begun is never done."""
        self._hands.shutdown(cancel_futures=True)


class Published(Generic[T]):
    """What others publish at their addresses, asked for again after some minutes.

    >>> at = [0.0]
    >>> published = Published(lambda address: f"{address} at {at[0]}", lambda: at[0])
    >>> published.read("a"), at.append(at.pop() + KEPT), published.read("a")
    ('a at 0.0', None, 'a at 300.0')
    """

    def __init__(self, fetch: Callable[[str], T], clock: Callable[[], float] = monotonic) -> None:
        """Keep what ``fetch`` gets."""
        self._fetch, self._clock = fetch, clock
        self._kept: dict[str, tuple[float, T]] = {}

    def read(self, address: str) -> T:
        """Return what stands at an address; raises what ``fetch`` raises, and that is not kept."""
        kept = self._kept.get(address)
        if kept is not None and self._clock() - kept[0] < KEPT:
            return kept[1]
        found = self._fetch(address)
        self._kept[address] = self._clock(), found
        return found

    def forget(self, address: str) -> None:
        """Ask anew the next time."""
        self._kept.pop(address, None)


def json_at(address: str) -> Any:
    """Return what somebody publishes at an address, as JSON has it."""
    from httpx2 import get

    return get(address, timeout=SECONDS).raise_for_status().json()
