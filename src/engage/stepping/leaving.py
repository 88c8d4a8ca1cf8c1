"""E-mails are not queued for those who have left every list that makes them match."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from engage.plan import moves
from engage.sql.asked import Now
from engage.sql.codes import Outcome
from engage.sql.cohort import cohort
from engage.sql.leaving import Lists, anybody_left, has_left
from engage.sql.standing import near
from engage.stepping.walk import Place, Test, Walk


def without_leavers(walk: Walk, step: moves.Step, places: list[Place]) -> list[Place]:
    """Skip who has left every list that makes him or her match."""
    lists = walk.course.plan.lists
    if not lists or walk.run(anybody_left(), keys=[key for key, _ in lists]).scalar() is None:
        return places
    left = Test(has_left_here, (lists, walk.tick.asked.always))
    return walk.leave(step, places, left, Outcome.SKIPPED, reason="opted out of the list")


def has_left_here(lists: Lists, rules: Now) -> ColumnElement[bool]:
    """Return whether a row's prospect has left the lists."""
    return has_left(lists, cohort.c.prospect_id, rules, near=near)
