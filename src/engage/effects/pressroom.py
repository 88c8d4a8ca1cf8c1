"""The pressroom: a child process renders, so that a template which never ends stops itself and no other mail.

One child renders many messages. Its system ends it when a message takes too long; then that message has failed,
another child takes the next, and a template that fails so again and again is set aside for the rest of the delivery.
The child has no secrets: it gets texts and values, and gives texts back, as JSON. Of a message that is tracked it
gets the key of that message's clicks alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from threading import Thread
from typing import IO

from engage.effects.failure import Failure
from engage.effects.pressing import LIMIT, packed, unpacked
from engage.effects.rendering import Printed, Rendered, Sheet
from engage.effects.tracking import Track
from engage.errors import Outside
from engage.language.shelf import Shelf
from engage.wording import sentence

#: After so many children lost to it, one after the other, a template is set aside.
STRIKES = 3
#: How long a child may take to end when there is nothing more to do, in seconds.
_FAREWELL = 5.0

#: A sheet, the values of its names, and how the message is tracked.
Job = tuple[Sheet, Mapping[str, object], Track | None]
Outcome = Rendered | Printed | Failure


class Pressroom:
    """Renders in a child process, begun when it is needed and replaced when it is lost; for one thread at a time.

    ``printed``: give what goes into mails, not what people read.
    """

    def __init__(self, zone: str, shelf: Shelf, *, printed: bool = False) -> None:
        head = {"zone": zone, "shelf": shelf.files, "printed": printed}
        self._head = json.dumps(head).encode() + b"\n"
        self._child: subprocess.Popen[bytes] | None = None
        self._told: dict[Sheet, int] = {}
        self._strikes: Counter[Sheet] = Counter()
        #: jobs are under way
        self._busy = False

    def attempts(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """Give what came of each job, in their order, while the child goes on with the next.

        Raises Outside when no child can be begun.
        """
        self._busy = True
        try:
            yield from self._outcomes(jobs)
            self._busy = False
        finally:
            self._drop()

    def _outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        place, suspect = 0, -1
        while place < len(jobs):
            answers = self._answers([job for job in jobs[place:] if not self._is_set_aside(job)])
            while place < len(jobs):
                if self._is_set_aside(jobs[place]):
                    yield Failure(sentence("its template never came to an end, {count} times", count=STRIKES))
                elif (answer := next(answers, None)) is not None:
                    self._strikes[jobs[place][0]] = 0
                    yield answer
                else:
                    break
                place += 1
            else:
                return
            failure = self._lost(again=suspect == place)
            suspect = place
            if failure is not None:
                self._strikes[jobs[place][0]] += 1
                yield failure
                place += 1

    def close(self) -> None:
        """Let the child go."""
        self._drop()
        if self._child is not None:
            with suppress(OSError):
                _pipe(self._child.stdin).close()
            self._buried()

    def _drop(self) -> None:
        """End a child whose answers were not all taken: they would pass for those of the next jobs."""
        if self._busy and self._child is not None:
            self._child.kill()
            self._buried()
        self._busy = False

    def _is_set_aside(self, job: Job) -> bool:
        return self._strikes[job[0]] >= STRIKES

    def _lost(self, *, again: bool) -> Failure | None:
        """Return why the job failed that the child did not answer; None where it is to be tried once more."""
        code = self._buried()
        if code in _TIMED_OUT:
            return Failure(sentence("it takes longer than {limit} s", limit=f"{LIMIT:g}"))
        if again:
            return Failure(sentence("it ends the process that renders it (exit code {code})", code=code))
        return None

    def _answers(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Give the child's answers in the order of the jobs, as many as it lives to give."""
        child = self._running()
        lines = [line for job in jobs for line in self._lines(*job)]
        writer = Thread(target=_write, args=(child, lines), daemon=True)
        writer.start()
        source = _pipe(child.stdout)
        for _ in jobs:
            line = source.readline()
            if not line.endswith(b"\n"):
                break
            yield unpacked(json.loads(line.decode()))
        writer.join()

    def _lines(self, sheet: Sheet, names: Mapping[str, object], track: Track | None) -> Iterator[bytes]:
        """Yield what the child is told: each sheet once, then its number."""
        number = self._told.get(sheet)
        if number is None:
            number = self._told[sheet] = len(self._told)
            yield json.dumps({"sheet": asdict(sheet)}).encode() + b"\n"
        told = {"number": number, "names": packed(names), "track": track.told() if track else None}
        yield json.dumps(told).encode() + b"\n"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._told = {}
            self._child = _begun()
            _write(self._child, [self._head])
            if _pipe(self._child.stdout).readline() != b"ready\n":
                code = self._buried()
                raise Outside(
                    sentence("the process that renders templates does not begin (exit code {code})", code=code)
                )
        return self._child

    def _buried(self) -> int:
        """Return how the child ended."""
        child, self._child = self._child, None
        assert child is not None
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                _pipe(pipe).close()
        try:
            return child.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _timed_out() -> frozenset[int]:
    """Return the exit codes of a child that its system ended for its time."""
    if sys.platform == "win32":
        return frozenset()
    return frozenset((-signal.SIGPROF, -signal.SIGALRM, -signal.SIGXCPU))


_TIMED_OUT = _timed_out()


def _begun() -> subprocess.Popen[bytes]:
    """Return a new child: our own interpreter and module, and nothing of our environment but where to find them."""
    kept = ("PATH", "SYSTEMROOT", "PYTHONTZPATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "engage.effects.pressing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _write(child: subprocess.Popen[bytes], lines: Sequence[bytes]) -> None:
    """Write lines; a child that is gone is noticed by who reads its answers."""
    pipe = _pipe(child.stdin)
    with suppress(OSError, ValueError):
        for line in lines:
            pipe.write(line)
        pipe.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
