"""The user's own actions that are installed beside engage: Python entry points."""

from __future__ import annotations

from importlib.metadata import entry_points

#: The group of entry points that are actions.
GROUP = "engage.actions"


def installed_actions() -> frozenset[str]:
    """Return the names of the installed actions; none of them is loaded."""
    return frozenset(point.name for point in entry_points(group=GROUP))
