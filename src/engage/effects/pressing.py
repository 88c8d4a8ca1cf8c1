"""What runs in the process that renders templates: it reads jobs and writes what came of them.

Its system ends it when a job takes longer than it may, whatever the job does; it writes no file, begins no process,
and has a quarter of a gigabyte of memory.

What it reads is marshalled: it trusts who began it. What it writes is not, for it runs templates: the lengths of some
texts, and the texts.
"""

from __future__ import annotations

import gc
import json
import marshal
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import accumulate, pairwise
from struct import Struct
from typing import IO, Any
from zoneinfo import ZoneInfo

from engage import wording
from engage.effects.failure import Failure
from engage.effects.rendering import Printed, Printer, Rendered, Sheet
from engage.effects.tracking import Track
from engage.language.shelf import Shelf

#: Seconds of computing that one message may take.
LIMIT = 1.0
#: Seconds that some may take by the clock: computing is all that a template can do, but a machine may stall.
_PATIENCE = 60.0
#: Bytes that rendering may take beyond what the process has when it begins.
_MEMORY = 256 * 1024 * 1024
#: The length of a packet; the number of an answer's texts, and their lengths: a failure has one, what is printed three.
SIZE, LENGTHS = Struct("<Q"), Struct("<5Q")
#: Answers are kept together up to so many bytes.
_TOGETHER = 1 << 18
#: So many things more than there were are looked through for what nothing refers to any more: rendering leaves none.
_RARELY = 50_000


def main() -> None:
    """Render until there is nothing more to read."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    packets = _packets(jobs)
    head = next(packets)
    printer = Printer(ZoneInfo(head["zone"]), Shelf(head["shelf"]))
    clock = _confined()
    gc.freeze()
    gc.set_threshold(_RARELY)
    sheets: list[Sheet] = []
    answers.write(b"ready\n")
    for packet in packets:
        if isinstance(packet, dict):
            sheets.append(Sheet(**packet))
            continue
        kept = bytearray()
        for number, names, track in packet:
            clock(LIMIT)
            outcome = printer.attempt(sheets[number], _names(names), Track(*track) if track else None)
            _keep(kept, _told(outcome, printed=head["printed"]))
            if len(kept) > _TOGETHER:
                _say(answers, kept, clock)
        _say(answers, kept, clock)


def _keep(kept: bytearray, texts: Sequence[bytes]) -> None:
    kept += LENGTHS.pack(len(texts), *map(len, texts), *[0] * (4 - len(texts)))
    for text in texts:
        kept += text


def _say(answers: IO[bytes], kept: bytearray, clock: Callable[[float], None]) -> None:
    """Write what is kept, however long nobody reads it."""
    clock(0)
    while kept:
        del kept[: answers.write(kept)]


def _packets(source: IO[bytes]) -> Iterator[Any]:
    while len(size := source.read(SIZE.size)) == SIZE.size:
        yield marshal.loads(source.read(SIZE.unpack(size)[0]))  # noqa: S302 - from who began us


def packet(what: object) -> bytes:
    """Return something plain as the child reads it."""
    content = marshal.dumps(what)  # type: ignore[arg-type]
    return SIZE.pack(len(content)) + content


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


def packed(names: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values of names in plain types; days and moments of the prospect apart."""
    prospect = names["prospect"]
    assert isinstance(prospect, Mapping)
    dated = {name: value.isoformat() for name, value in prospect.items() if isinstance(value, date)}
    plain = {name: value for name, value in prospect.items() if name not in dated} if dated else dict(prospect)
    return {**names, "prospect": plain}, dated


def _names(given: tuple[dict[str, Any], dict[str, str]]) -> dict[str, object]:
    names, dated = given
    names["prospect"].update((name, _dated(text)) for name, text in dated.items())
    return names


def _dated(text: str) -> date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _told(outcome: Rendered | Failure, *, printed: bool) -> list[bytes]:
    if isinstance(outcome, Failure):
        gc.collect()
        return [json.dumps([wording.packed(outcome.why), outcome.partial, outcome.line]).encode()]
    if printed:
        ready = outcome.printed()
        return [_bytes(ready.subject), ready.body, _bytes(ready.unsubscribe_url)]
    return [*map(_bytes, (outcome.subject, outcome.html, outcome.text)), _bytes(outcome.unsubscribe_url)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def unpacked(count: int, lengths: Sequence[int], told: bytes) -> Rendered | Printed | Failure:
    """Return what a child's answer says."""
    texts = [told[begin:end] for begin, end in pairwise(accumulate(lengths, initial=0))]
    match count:
        case 3:
            return Printed(_text(texts[0]), texts[1], _text(texts[2]))
        case 4:
            return Rendered(*map(_text, texts))
        case _:
            why, partial, line = json.loads(texts[0])
            return Failure(wording.unpacked(why), None if partial is None else str(partial), int(line))


def _text(told: bytes) -> str:
    return told.decode("utf-8", "surrogatepass")


if __name__ == "__main__":
    main()
