"""What was read in one go, and writing it down: one transaction for all mails at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from engage.clock import Clock
from engage.intake.returned.judging import Back
from engage.intake.returned.noting import note
from engage.sql.codes import Returned


@dataclass(frozen=True, slots=True)
class Noted:
    """How many mails of each kind were new, and how many in the box are none of ours."""

    counts: Mapping[Returned, int] = field(default_factory=dict)
    strange: int = 0

    def __add__(self, other: Noted) -> Noted:
        return Noted(Counter(self.counts) + Counter(other.counts), self.strange + other.strange)

    @property
    def total(self) -> int:
        """How many mails were new."""
        return sum(self.counts.values())


def write(engine: Engine, backs: Sequence[Back], source: str, clock: Clock) -> Noted:
    """Note what came back; when this returns it is committed."""
    if not backs:
        return Noted()
    with engine.begin() as connection:
        return Noted(note(connection, backs, source, clock()))
