"""Work that takes longer than a page may: begun by one request, asked after by the next ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from engage.clock import monotonic

T = TypeVar("T")

#: So long a request waits for an answer, and so long an answer is given to others, in seconds.
PATIENCE, KEPT = 0.05, 30.0
#: Takes how much of the work is done, from 0 to 1.
Progress = Callable[[float], None]


@dataclass(slots=True)
class Job(Generic[T]):
    """A piece of work: ``value`` when it is done, and how much of it is."""

    future: Future[T]
    share: float = 0.0
    ended: float | None = None

    @property
    def done(self) -> bool:
        """Whether there is an answer."""
        return self.future.done()

    @property
    def value(self) -> T:
        """The answer; raises what went wrong."""
        return self.future.result(0)


class Beside:
    """One hand for such work: what many ask for at once is done once, the rest in turn."""

    def __init__(self) -> None:
        self._hand = ThreadPoolExecutor(1, "beside")
        self._jobs: dict[Hashable, Job[Any]] = {}
        self._lock = Lock()

    def ask(self, key: Hashable, work: Callable[[Progress], T]) -> Job[T]:
        """Return the work of a key, begun where nobody asked for it of late; quick work is done already."""
        with self._lock:
            now = monotonic()
            stale = [each for each, job in self._jobs.items() if job.ended is not None and now - job.ended > KEPT]
            for each in stale:
                del self._jobs[each]
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = self._begun(work)
        try:
            job.future.exception(PATIENCE)
        except NotYet:
            return job
        return job

    def _begun(self, work: Callable[[Progress], T]) -> Job[T]:
        job: Job[T] = Job(Future())

        def told(share: float) -> None:
            job.share = share

        def worked() -> None:
            try:
                job.future.set_result(work(told))
            except BaseException as error:
                job.future.set_exception(error)
            finally:
                job.ended = monotonic()

        self._hand.submit(worked)
        return job

    def close(self) -> None:
        """End; what was not begun is never done."""
        self._hand.shutdown(cancel_futures=True)
