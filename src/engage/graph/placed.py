"""A step in its place: what the graph's nodes stand for."""

from __future__ import annotations

from dataclasses import dataclass

from engage.language.source import Path
from engage.language.steps import Repeat, StepWord

#: The numbers of the rounds in which a step stands, outermost loop first; none outside loops.
Rounds = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place; inside a loop there is one for each round."""

    #: its id, in a loop with the round: ``remind#2``
    key: str
    #: the step key of the YAML
    kind: str
    word: StepWord
    path: Path
    #: False: the id was made from the step's key and target
    given: bool
    #: its id without rounds, as it is written
    base: str = ""
    #: a repeat's own round is the last
    rounds: Rounds = ()

    @property
    def loops(self) -> tuple[Path, ...]:
        """The paths of the loops in which it stands, outermost first; a repeat's own is the last."""
        ends = [n for n in range(len(self.path) - 1) if self.path[n : n + 2] == ("repeat", "steps")]
        around = tuple(self.path[:n] for n in ends)
        return (*around, self.path) if isinstance(self.word, Repeat) else around

    @property
    def inside(self) -> dict[Path, int]:
        """The loops around it and the round in each; a repeat does not stand inside its own."""
        found = dict(zip(self.loops, self.rounds, strict=True))
        if isinstance(self.word, Repeat):
            del found[self.path]
        return found

    def sees(self, other: Placed) -> bool:
        """Tell whether another step stands in the same round of every loop that is around both."""
        theirs = other.inside
        return all(theirs.get(loop, number) == number for loop, number in self.inside.items())
