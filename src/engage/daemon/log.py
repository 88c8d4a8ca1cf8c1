"""What the daemon says: one line an event, JSON for machines, colours for people."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import structlog

from engage.clock import system_clock


def make_log(stream: TextIO = sys.stdout) -> Any:
    """Return a logger that writes JSON, or colours on a terminal."""
    terminal = stream.isatty()
    last = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    steps: list[Any] = [structlog.processors.add_log_level, _stamp, structlog.processors.format_exc_info, last]
    return structlog.wrap_logger(structlog.PrintLogger(stream), processors=steps)


def _stamp(logger: object, name: str, event: Any) -> Any:  # noqa: ARG001
    return {"at": f"{system_clock():%Y-%m-%dT%H:%M:%SZ}", **event}


def first_line(error: object) -> str:
    """Return the first line of what an error says, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
