"""How much work a piece of code does, counted and not timed: the same figure on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def effort(work: Callable[[], object]) -> int:
    """Return how many lines of Python a piece of work runs, each turn of a loop counted, and of engage's alone."""
    lines = 0

    def count(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines
        if event == "call" and "engage" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def is_linear(work: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Say whether four times the size is about four times the work; ``work`` prepares it for a size."""
    work(2)()
    return effort(work(4 * size)) < 5 * effort(work(size))
