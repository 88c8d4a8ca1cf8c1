"""The only reader of time. Everywhere else ``now`` is an argument."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: Returns the present moment, aware, in UTC.
Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
#: The moment of what has no deadline, in microseconds since 1970: later than any date that can be written.
FOREVER = 2**62
#: Between the last moment that can be written and FOREVER: from here on a moment never comes, also where it is kept
#: in scenario time, which is less by the time paused.
HORIZON = 2**61
_LAST = datetime.max.replace(tzinfo=UTC)


def system_clock() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


def later_on(start: datetime) -> Clock:
    """Return a clock that says a moment now and goes on from there, as fast as the machine's."""
    began = monotonic()
    return lambda: start + timedelta(seconds=monotonic() - began)


def pause(seconds: float) -> None:
    """Let others go first for a moment."""
    time.sleep(seconds)


async def rest(seconds: float) -> None:
    """Let others go first for a moment, in an event loop."""
    import asyncio  # here, for commands need it rarely

    await asyncio.sleep(seconds)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC; a moment without a zone is refused.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {moment!r}")
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the moment, in UTC, for microseconds since 1970; what never comes is the last that can be written."""
    return EPOCH + timedelta(microseconds=microseconds) if microseconds < HORIZON else _LAST


def never_comes(at: datetime) -> bool:
    """Tell whether a moment stands for one that never comes.

    >>> never_comes(moment(FOREVER)), never_comes(moment(0))
    (True, False)
    """
    return at == _LAST


class NeverBack:
    """A clock that does not go back: when the machine's does, it goes on by the monotonic clock.

    Source of the rule: SPEC section 7, last point.
    """

    def __init__(self, wall: Clock = system_clock, steady: Callable[[], float] = monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._last, self._mark = wall(), steady()
        #: True after the machine's clock was seen to go back, until it has caught up
        self.went_back = False

    def __call__(self) -> datetime:
        """Return the present moment, never before the one returned last."""
        wall, mark = self._wall(), self._steady()
        self.went_back = wall < self._last
        if self.went_back:
            wall = self._last + timedelta(seconds=max(mark - self._mark, 0.0))
        self._last, self._mark = wall, mark
        return wall

    def not_before(self, moment: datetime) -> None:
        """Go on from a moment, where it lies ahead: what was done then is not done again."""
        if moment > self._last:
            self._last, self._mark = moment, self._steady()
