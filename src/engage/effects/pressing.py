"""What runs in the process that renders templates: it reads jobs and writes what came of them, line by line, as JSON.

Its system ends it when a job takes longer than it may, whatever the job does; it writes no file, begins no process,
and has a quarter of a gigabyte of memory.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engage import wording
from engage.effects.failure import Failure
from engage.effects.rendering import Printed, Printer, Rendered, Sheet
from engage.effects.tracking import Track
from engage.language.shelf import Shelf

#: Seconds of computing that one message may take.
LIMIT = 1.0
#: Seconds that it may take by the clock: computing is all that a template can do, but a machine may stall.
_PATIENCE = 60.0
#: Bytes that rendering may take beyond what the process has when it begins.
_MEMORY = 256 * 1024 * 1024


def main() -> None:
    """Render until there is nothing more to read."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    head = json.loads(jobs.readline())
    printer = Printer(ZoneInfo(head["zone"]), Shelf(tuple((name, text) for name, text in head["shelf"])))
    clock = _confined()
    sheets: list[Sheet] = []
    answers.write(b"ready\n")
    answers.flush()
    for line in jobs:
        job = json.loads(line)
        if "sheet" in job:
            sheets.append(Sheet(**job["sheet"]))
            continue
        names, track = _names(job["names"]), Track.of(job["track"]) if job["track"] else None
        clock(LIMIT)
        outcome = _told(printer.attempt(sheets[job["number"]], names, track), printed=head["printed"])
        clock(0)
        answers.write(json.dumps(outcome).encode() + b"\n")
        answers.flush()


def _confined() -> Callable[[float], None]:
    """Bound this process; return what sets its clock: after so many seconds of computing the system ends it."""
    with suppress(ImportError):
        import mrml  # noqa: F401 - read now: later no more may be opened than is
    if sys.platform == "win32":
        return lambda _: None
    import resource
    import signal

    for name in (signal.SIGTERM, signal.SIGINT):  # meant for who reads us; when they end, we do
        signal.signal(name, signal.SIG_IGN)
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    with suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the system
            pages = int(file.read().split()[0])
        most = pages * resource.getpagesize() + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def clock(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE if seconds else 0)

    return clock


def packed(names: Mapping[str, object]) -> dict[str, object]:
    """Return the values of names as JSON has them; days and moments apart, and empty fields by their names alone."""
    prospect = names["prospect"]
    assert isinstance(prospect, Mapping)
    plain = {name: value for name, value in prospect.items() if value is not None and not isinstance(value, date)}
    dated = {name: value.isoformat() for name, value in prospect.items() if isinstance(value, date)}
    empty = [name for name, value in prospect.items() if value is None]
    return {**names, "prospect": [plain, dated, empty]}


def _names(given: dict[str, Any]) -> dict[str, object]:
    plain, dated, empty = given["prospect"]
    return {
        **given,
        "prospect": {**plain, **{key: _dated(text) for key, text in dated.items()}, **dict.fromkeys(empty)},
    }


def _dated(text: str) -> date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _told(outcome: Rendered | Failure, *, printed: bool) -> list[Any]:
    if isinstance(outcome, Failure):
        return [wording.packed(outcome.why), outcome.partial, outcome.line]
    if printed:
        ready = outcome.printed()
        return [ready.subject, ready.body, ready.unsubscribe_url]
    return [outcome.subject, outcome.html, outcome.text, outcome.unsubscribe_url]


def unpacked(told: list[Any]) -> Rendered | Printed | Failure:
    """Return what a child's answer says."""
    if isinstance(told[0], list):
        return Failure(wording.unpacked(told[0]), None if told[1] is None else str(told[1]), int(told[2]))
    return Rendered(*map(str, told)) if len(told) == 4 else Printed(*map(str, told))


if __name__ == "__main__":
    main()
