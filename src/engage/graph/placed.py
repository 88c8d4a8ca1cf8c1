"""A step in its place: what the graph's nodes stand for."""

from __future__ import annotations

from dataclasses import dataclass

from engage.language.source import Path
from engage.language.steps import StepWord


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place."""

    key: str
    #: the step key of the YAML
    kind: str
    word: StepWord
    path: Path
    #: False: the id was made from the step's key and target
    given: bool
