"""What a step does beyond its own scenario: runs of another begin or end, the world outside is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Enrol:
    """Begin a run of another scenario."""

    scenario: str


@dataclass(frozen=True, slots=True)
class Leave:
    """End the run of another scenario."""

    scenario: str


@dataclass(frozen=True, slots=True)
class Call:
    """Call another system, or an action of the user's own; ``content`` is JSON: url and payload, or name and with."""

    kind: Literal["webhook", "action"]
    content: str
