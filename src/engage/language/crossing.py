"""The words of a path that reach into another scenario."""

from __future__ import annotations

from pydantic import Field

from engage.language.actions import Staying
from engage.language.model import Ident


class Enrol(Staying):
    """Begin a run of another scenario; who may not is skipped, with the reason.

    Its lists, where and on are not asked; its suppression, goal, exit, re-entry, schedule and state are. The run is not
    held for lists or where that it never matched.
    """

    enrol: Ident = Field(description="another scenario's id")


class Leave(Staying):
    """End the prospect's run of another scenario, counted as left."""

    leave: Ident = Field(description="another scenario's id")
