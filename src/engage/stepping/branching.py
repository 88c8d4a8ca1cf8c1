"""Steps that part the rows by the data of this moment, or by their lots: the first way that fits is taken."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from engage.language.conditions import Condition
from engage.language.lots import Mixer, limits
from engage.language.steps import ELSE
from engage.plan import moves
from engage.sql.cohort import cohort
from engage.sql.lots import drawn_below
from engage.stepping.walk import Place, Test, Walk, inside


def holding(walk: Walk, condition: Condition) -> Test:
    """Return the test that a condition holds for the rows' prospects."""
    return Test(inside, (condition, walk.tick.asked.always))


def choose(walk: Walk, step: moves.Step, act: moves.Switch, places: list[Place]) -> None:
    """Let each row go the way of the first case that holds, else that of ``else``."""
    for name, condition in act.cases:
        places = walk.leave(step, places, holding(walk, condition), walk.outcome(step, name), name)
    walk.passes(step, places, walk.outcome(step, ELSE), ELSE)


def part(walk: Walk, step: moves.Step, act: moves.Split, places: list[Place]) -> None:
    """Let each row go the way of its prospect's lot; the last arm that is not empty takes the rest."""
    arms = [(name, share) for name, share in act.arms if share]
    ends = limits(tuple(share for _, share in arms))
    for (name, _), end in zip(arms[:-1], ends, strict=False):
        places = walk.leave(step, places, Test(drawn, (act.mixer, end)), walk.outcome(step, name), name)
    last = arms[-1][0]
    walk.passes(step, places, walk.outcome(step, last), last)


def drawn(mixer: Mixer, limit: int) -> ColumnElement[bool]:
    """Return whether the mixed lot of a row's prospect lies below a limit."""
    return drawn_below(mixer, limit, cohort.c.prospect_id)
