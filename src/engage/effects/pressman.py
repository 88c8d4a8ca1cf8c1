"""The process that renders, as its parent sees it: begun, told jobs, heard, and buried."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO

from engage.effects.failure import Failure
from engage.effects.pressing import LENGTHS, unpacked
from engage.effects.rendering import Printed, Rendered, Sheet
from engage.errors import Outside
from engage.wording import sentence

#: How long a child may take to end when there is nothing more to do, in seconds.
_FAREWELL = 5.0
#: So many bytes may wait in a pipe where that can be asked for.
_PIPE = 1 << 20
#: An answer: how many texts it has, how long they are, and the texts.
_Told = tuple[int, Sequence[int], bytes]


class Pressman:
    """A child that renders until it is ended.

    To make one raises Outside where none can be begun.
    """

    def __init__(self, head: bytes) -> None:
        self.process = _begun()
        #: the numbers of sheets that it was told
        self.sheets: dict[Sheet, int] = {}
        #: what it has said; None at its end
        self._heard: SimpleQueue[_Told | None] = SimpleQueue()
        self.tell([head])
        if _pipe(self.process.stdout).readline() != b"ready\n":
            code = self._waited_for()
            _pipe(self.process.stdout).close()
            raise Outside(sentence("the process that renders templates does not begin (exit code {code})", code=code))
        # A thread listens, so that neither side ever waits for the other to read.
        self._listener = Thread(target=_listen, args=(_pipe(self.process.stdout), self._heard), daemon=True)
        self._listener.start()

    def tell(self, packets: Sequence[bytes]) -> None:
        """Write packets; a child that is gone is noticed by who hears it."""
        pipe = _pipe(self.process.stdin)
        with suppress(OSError, ValueError):
            pipe.writelines(packets)
            pipe.flush()

    def hear(self) -> Rendered | Printed | Failure | None:
        """Return its next answer; None when it has ended."""
        told = self._heard.get()
        return None if told is None else unpacked(*told)

    def has_said(self, count: int) -> bool:
        """Tell whether so many answers can be heard without waiting; at its end there is no waiting."""
        return self._heard.qsize() >= count or not self._listener.is_alive()

    def end(self) -> int:
        """Give it nothing more to do; return how it ended."""
        code = self._waited_for()
        self._listener.join()
        _pipe(self.process.stdout).close()
        return code

    def _waited_for(self) -> int:
        with suppress(OSError):
            _pipe(self.process.stdin).close()
        try:
            return self.process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def _listen(source: IO[bytes], heard: SimpleQueue[_Told | None]) -> None:
    """Hear a child's answers, until it ends."""
    while len(head := source.read(LENGTHS.size)) == LENGTHS.size:
        count, *lengths = LENGTHS.unpack(head)
        told = source.read(sum(lengths))
        if len(told) < sum(lengths):
            break
        heard.put((count, lengths, told))
    heard.put(None)


def _begun() -> subprocess.Popen[bytes]:
    """Return a new child: our own interpreter and module, and nothing of our environment but where to find them."""
    kept = ("PATH", "SYSTEMROOT", "PYTHONTZPATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engage.effects.pressing"],
        bufsize=_PIPE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    for pipe in (child.stdin, child.stdout):
        _widen(_pipe(pipe))
    return child


def _widen(pipe: IO[bytes]) -> None:
    """Let much wait in a pipe, so that neither side stands still for the other."""
    if sys.platform == "linux":
        from fcntl import F_SETPIPE_SZ, fcntl

        with suppress(OSError):
            fcntl(pipe, F_SETPIPE_SZ, _PIPE)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
