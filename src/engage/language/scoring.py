"""The limit of a scoring rule: how often an activity counts (SPEC section 8)."""

from __future__ import annotations

import re
from typing import Literal

_LIMIT = re.compile(r"(\d{1,6})(?:\s+per\s+(day|target))?")


def limit_of(text: str) -> tuple[int, Literal["ever", "day", "target"]]:
    """Return how many count, and per what.

    Raises ValueError for anything else.

    >>> limit_of("1 per day")
    (1, 'day')
    """
    found = _LIMIT.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError("a limit is written as 3, 1 per day or 1 per target")
    per: Literal["ever", "day", "target"] = "ever" if found[2] is None else found[2]  # type: ignore[assignment]
    return int(found[1]), per
