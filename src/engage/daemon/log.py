"""What the daemon and the server say: one line an event, JSON for machines, colours for people.

A log goes far and is kept long, so nothing of a prospect and no secret stands in it: addresses are blotted out
wherever they come from, and of an error that nobody expected only its kind and its places are told, for its words may
quote what it choked on.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import structlog

from engage.clock import system_clock
from engage.effects.blotting import blotted

#: So many places of an error are told, the innermost last.
_PLACES = 40


def make_log(stream: TextIO = sys.stdout) -> Any:
    """Return a logger that writes JSON, or colours on a terminal."""
    terminal = stream.isatty()
    last = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    steps: list[Any] = [structlog.processors.add_log_level, _stamp, _faults, _blotted, last]
    return structlog.wrap_logger(structlog.PrintLogger(stream), processors=steps)


def _stamp(logger: object, name: str, event: Any) -> Any:  # noqa: ARG001
    return {"at": f"{system_clock():%Y-%m-%dT%H:%M:%SZ}", **event}


def _faults(logger: object, name: str, event: Any) -> Any:  # noqa: ARG001
    """Tell of an error its kind and its places, and of those that led to it."""
    error = event.pop("exc_info", None)
    return {**event, "fault": list(_told(error))} if isinstance(error, BaseException) else event


def _told(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
    for place in traceback.extract_tb(error.__traceback__)[-_PLACES:]:
        yield f"{place.filename}:{place.lineno} in {place.name}"
    yield type(error).__name__


def _blotted(logger: object, name: str, event: Any) -> Any:  # noqa: ARG001
    """Blot addresses out of every text."""
    return {key: blotted(value) if isinstance(value, str) else value for key, value in event.items()}


def first_line(error: object) -> str:
    """Return the first line of what an error says, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
