"""Lots: each prospect draws one number for life, each split mixes it anew, and all databases count alike.

A mixed lot is ``(lot * factor + shift) mod PRIME``: every product fits 63 bits, so SQL does it without help.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

#: A prime below 2^31.
PRIME = 2**31 - 1


def lot_of(folded: str) -> int:
    """Return the lot of a prospect, by the folded e-mail address he or she came with: 31 bits.

    >>> lot_of("a@example.com") == lot_of("b@example.com")
    False
    """
    return _number("lot", folded) % 2**31


@dataclass(frozen=True, slots=True)
class Mixer:
    """How one split mixes lots."""

    factor: int
    shift: int

    @classmethod
    def of(cls, scenario: str, step: str) -> Mixer:
        """Return a step's own: other steps part the same prospects otherwise."""
        return cls(1 + _number("factor", scenario, step) % (PRIME - 1), _number("shift", scenario, step) % PRIME)

    def mixed(self, lot: int) -> int:
        """Return a mixed lot, from 0 to PRIME - 1."""
        return (lot * self.factor + self.shift) % PRIME


def limits(shares: tuple[int, ...]) -> tuple[int, ...]:
    """Return for each share of 100 the mixed lot at which it ends; the end is excluded.

    >>> limits((50, 50)) == (PRIME * 50 // 100, PRIME)
    True
    """
    return tuple(PRIME * sum(shares[: place + 1]) // 100 for place in range(len(shares)))


def _number(*names: str) -> int:
    digest = blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
