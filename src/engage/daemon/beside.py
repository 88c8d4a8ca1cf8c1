"""A delivery beside another: it is told what to do on its standard input, and tells what it has done line by line."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from io import RawIOBase
from threading import Event, Thread

from engage.app import deliver_beside
from engage.effects.beside import settings_of, told
from engage.effects.delivery import Course
from engage.effects.post import Delivered
from engage.errors import EngageError


class _Left(Exception):
    """Who began this delivery is gone, or wants no more of it."""


def main() -> None:
    """Deliver until nothing is left, or whoever began this closes the pipe."""
    for name in (signal.SIGTERM, signal.SIGINT):  # meant for who began us: it tells us to end
        signal.signal(name, signal.SIG_IGN)
    # Read without a buffer: a thread that waits in one cannot be left behind at the end.
    source = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - a pipe, and not ours
    request = json.loads(source.readline())
    ending = Event()
    Thread(target=_watch, args=(source, ending), daemon=True).start()

    def progress(done: Delivered) -> None:
        _say(done)
        if ending.is_set():
            raise _Left

    now = datetime.fromisoformat(request["now"]) + timedelta(seconds=int(request["late"]))
    try:
        deliver_beside(settings_of(request["settings"]), now, Course(*request["course"]), progress)
    except _Left:
        return
    except EngageError as error:
        _say(error)


def _watch(source: RawIOBase, ending: Event) -> None:
    """Wait for the end of the standard input."""
    with suppress(OSError):
        while source.read(1):
            pass
    ending.set()


def _say(what: Delivered | EngageError) -> None:
    # Who does not listen any more has gone: the work in hand is noted all the same.
    with suppress(OSError):
        sys.stdout.buffer.write(told(what))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
