"""Where the pages begin: each role at its own work."""

from __future__ import annotations

from engage.web.staff.answers import Answer, See
from engage.web.staff.ask import Ask


def first(ask: Ask) -> Answer:
    """Lead sales to their ToDos, all others to the dashboard."""
    return See("/todos" if ask.reader.role == "sales" else "/dashboard")
