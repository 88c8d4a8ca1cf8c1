"""Group commit: what many requests wrote in the same few milliseconds is committed once, then all are answered.

A commit costs the disk's time whatever is in it. One thread takes all that has come, writes it in one transaction,
and tells each request when that is durable; what comes meanwhile is the next transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from engage.clock import monotonic, pause

#: Two writers waited for each other, and the database ended one.
_CROSSED = ("40P01", "40001")
Item = TypeVar("Item")

#: The first waits for others: between so many seconds, and so many times as long as the last transaction took. SQLite
#: has one writer, and whoever sends mail is to get in between.
_GATHER, _LONGEST, _TIMES = 0.002, 0.05, 2.0
#: So many go into one transaction, and so many may wait at all.
_TOGETHER, MOST = 2_000, 20_000
#: What was lost is told of so often, in seconds.
_TOLD = 10.0


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    done: asyncio.Future[None]


class Overloaded(Exception):
    """More waits than can be written soon."""


class GroupCommit(Generic[Item]):
    """A thread that writes what it is given; begin it with ``start``, end it with ``close``."""

    def __init__(
        self, engine: Engine, write: Callable[[Connection, Sequence[Item]], None], log: Any, failing: str
    ) -> None:
        """``failing`` is what the log calls it when something could not be written."""
        self._engine, self._write, self._log, self._failing = engine, write, log, failing
        self._queue: SimpleQueue[_Waiting[Item] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="group commit", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        #: written down, and given up, since the beginning
        self.written = self.lost = 0
        self._told, self._told_at = 0, -_TOLD

    def start(self) -> None:
        """Begin, in the event loop whose requests are to be answered."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def close(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many wait to be written."""
        return self._queue.qsize()

    def add(self, item: Item) -> asyncio.Future[None]:
        """Have an item written; the future is done when it is durable, or has the exception why it is not."""
        assert self._loop is not None, "not started"
        done = self._loop.create_future()
        if self._queue.qsize() >= MOST:
            self.lost += 1
            done.set_exception(Overloaded)
        else:
            self._queue.put(_Waiting(item, done))
        return done

    def _work(self) -> None:
        ending, took = False, 0.0
        while not ending:
            first = self._queue.get()
            if first is None:
                return
            pause(min(max(_GATHER, _TIMES * took), _LONGEST))
            together = [first]
            try:
                while len(together) < _TOGETHER:
                    found = self._queue.get_nowait()
                    if found is None:
                        ending = True
                        break
                    together.append(found)
            except Empty:
                pass
            began = monotonic()
            self._settle(together)
            took = monotonic() - began

    def _settle(self, together: Sequence[_Waiting[Item]]) -> None:
        """Write some in one transaction; where that is refused by one of them, each alone."""
        error = self._written(together)
        if error is None or len(together) == 1 or not _is_refused(error):
            self._answer([(one.done, error) for one in together])
        else:
            self._answer([(one.done, self._written([one])) for one in together])

    def _written(self, together: Sequence[_Waiting[Item]]) -> Exception | None:
        try:
            with self._engine.begin() as connection:
                self._write(connection, [one.item for one in together])
        except Exception as error:  # whatever it is, those who wait must be told
            return error
        return None

    def _answer(self, answers: Sequence[tuple[asyncio.Future[None], Exception | None]]) -> None:
        lost = [error for _, error in answers if error is not None]
        self.written += len(answers) - len(lost)
        self.lost += len(lost)
        if lost:
            self._tell(lost[-1])
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_told, answers)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    def _tell(self, why: Exception) -> None:
        """Say how much was lost, now and then."""
        if monotonic() - self._told_at >= _TOLD:
            self._log.error(self._failing, count=self.lost - self._told, why=type(why).__name__)
            self._told, self._told_at = self.lost, monotonic()


def _told(answers: Sequence[tuple[asyncio.Future[None], Exception | None]]) -> None:
    for done, error in answers:
        if done.done():
            continue  # who asked has gone
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
            # Who gave up waiting asks no more: that is no fault to be told of.
            done.exception()


def _is_refused(error: Exception) -> bool:
    """Tell what concerns the data, or was in the way of somebody else, from a database that is away."""
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CROSSED:
        return True
    return not isinstance(error, OperationalError) and not (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
