"""A running daemon: its rhythm, its clock, and what it remembers between two heartbeats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event, Lock
from typing import Any

from sqlalchemy.exc import DBAPIError

from engage.app import App
from engage.clock import Clock, NeverBack


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the daemon does what, in seconds."""

    every: float = 60.0
    #: between two tries to lead, while another daemon does
    standby: float = 5.0
    #: how long a stop waits for the chunk at hand
    drain: float = 30.0
    #: between two looks at whether a new day has begun
    nightly: float = 600.0


class Stopped(Exception):
    """Work was asked to end between two chunks; whoever comes next goes on."""


@dataclass
class Daemon:
    """A running daemon."""

    app: App
    rhythm: Rhythm
    wall: Clock
    stopping: Event
    log: Any
    #: set when the leader must step down
    leaving: Event = field(default_factory=Event)
    #: what made the leader step down
    lost: DBAPIError | None = None
    #: how often in a row the database was away
    failures: int = 0
    tidied_on: date | None = None
    #: the last complaint of each job, so that it is not made each minute
    complaints: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clock, self._lock = NeverBack(self.wall), Lock()

    def now(self) -> datetime:
        """Return the present moment, which never goes back."""
        with self._lock:
            return self._clock()

    def catch_up(self) -> None:
        """Go on from the last tick, which lies ahead of the machine's clock."""
        last = self.app.last_tick()
        if last is not None:
            self.log.warning("clock_went_back", last_tick=last.isoformat(), now=self.now().isoformat())
            with self._lock:
                self._clock.not_before(last)

    def check(self, done: object = None) -> None:  # noqa: ARG002 - a hook is told what was done
        """Raise Stopped where work is to end."""
        if self.stopping.is_set() or self.leaving.is_set():
            raise Stopped
