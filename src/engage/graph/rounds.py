"""How many steps a path has when its loops are unrolled."""

from __future__ import annotations

from engage.language.steps import Repeat, StepWord, blocks


def unrolled(steps: tuple[StepWord, ...]) -> int:
    """Return the number of steps, each as often as there are rounds around it."""
    return sum(map(_one, steps))


def _one(word: StepWord) -> int:
    if isinstance(word, Repeat):
        return word.repeat.times * (1 + unrolled(word.repeat.steps))
    return 1 + sum(unrolled(inner) for _, _, inner in blocks(word))
