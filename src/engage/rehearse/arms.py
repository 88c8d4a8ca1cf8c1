"""Which arm of a split a test's prospect takes: the prospect draws a lot for which the engine itself chooses it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, update

from engage.language.lots import PRIME, Mixer, limits
from engage.plan.moves import Plan, Split
from engage.sql import tables as t
from engage.wording import Sentence, sentence

#: How many lots of the first arm are looked at for the others.
MOST_TRIES = 200_000


def force(connection: Connection, prospect_id: int, plan: Plan, arms: Mapping[str, str]) -> Sentence | None:
    """Give a prospect a lot that leads into these arms; return why there is none, if so."""
    forced = [
        (step.act.mixer, *_range(step.act, arm))
        for split, arm in arms.items()
        for step in plan.steps
        if isinstance(step.act, Split) and step.key.partition("#")[0] == split
    ]
    if not forced:
        return None
    lot = _lot(forced)
    if lot is None:
        return sentence("no prospect can be in all of these arms: {arms}", arms=", ".join(map(".".join, arms.items())))
    s = t.standings
    connection.execute(update(s).values(lot=lot).where(s.c.prospect_id == prospect_id))
    return None


def _range(split: Split, arm: str) -> tuple[int, int]:
    """Return from which mixed lot on an arm is taken, and where it ends."""
    names = [name for name, _ in split.arms]
    place, ends = names.index(arm), limits(tuple(share for _, share in split.arms))
    return (ends[place - 1] if place else 0), ends[place]


def _lot(forced: list[tuple[Mixer, int, int]]) -> int | None:
    """Return the first lot, in a fixed order, that all mixers bring into their ranges."""
    (mixer, start, end), *others = forced
    back = pow(mixer.factor, -1, PRIME)
    for mixed in range(start, min(end, start + MOST_TRIES)):
        lot = (mixed - mixer.shift) * back % PRIME
        if all(first <= other.mixed(lot) < last for other, first, last in others):
            return lot
    return None
