"""What comes more than once in a file, found in constant memory: 8 bytes a row while it is counted."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise

_PARTS = 64


class Repeats:
    """Keys that come more than once, known by a hash of 64 bits."""

    def __init__(self) -> None:
        self._any = False
        #: hashes in parts, so that each is sorted by itself; after ``settle`` only those that come again
        self._hashes = [array("q") for _ in range(_PARTS)]
        #: how often each of them comes, and how often it was met so far
        self._counts = [array("l") for _ in range(_PARTS)]
        self._met = [array("l") for _ in range(_PARTS)]

    def add(self, key: str) -> None:
        """Count a key; to be done for all before the first is asked for."""
        number = hash(key)
        self._hashes[number % _PARTS].append(number)

    def settle(self) -> None:
        """Keep the keys that came more than once, and forget the others."""
        for part in range(_PARTS):
            found = _repeated(sorted(self._hashes[part]))
            self._any = self._any or bool(found)
            self._hashes[part] = array("q", (number for number, _ in found))
            self._counts[part] = array("l", (count for _, count in found))
            self._met[part] = array("l", (0 for _ in found))

    def __bool__(self) -> bool:
        return self._any

    def meet(self, key: str) -> tuple[int, bool]:
        """Return how often a key was met before, and whether it comes again."""
        if not self._any:
            return 0, False
        number = hash(key)
        part = number % _PARTS
        hashes, met = self._hashes[part], self._met[part]
        place = bisect_left(hashes, number)
        if place == len(hashes) or hashes[place] != number:
            return 0, False
        met[place] += 1
        return met[place] - 1, met[place] < self._counts[part][place]


def _repeated(numbers: list[int]) -> list[tuple[int, int]]:
    """Return those of sorted numbers that come more than once, with their counts."""
    found: list[tuple[int, int]] = []
    count = 1
    for before, number in pairwise(numbers):
        if number == before:
            count += 1
        elif count > 1:
            found.append((before, count))
            count = 1
    if count > 1:
        found.append((numbers[-1], count))
    return found
