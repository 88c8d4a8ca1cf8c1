"""Giving owners as standing statements: one for all, or in turn."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Executable, case, func, literal, select, update

from engage.sql import tables as t
from engage.sql.cohort import cohort
from engage.sql.outbox import HERE, mine
from engage.sql.standing import near_in, standing


@standing
def assign_to(database: str, owner: str) -> list[Executable]:
    """Give all the same owner."""
    s = t.standings
    return [update(s).values(owner=owner).where(*mine(database))]


@standing
def assign_round(database: str, members: tuple[str, ...]) -> list[Executable]:
    """Give owners in turn, prospects in the order of their keys, members in the order given."""
    s = t.standings
    place = func.row_number().over(order_by=cohort.c.prospect_id) - 1
    turn = select(cohort.c.prospect_id, (place % len(members)).label("turn")).where(HERE).subquery()
    owner: ColumnElement[Any] = literal(f"user:{members[0]}")
    if len(members) > 1:
        owner = case({number: f"user:{name}" for number, name in enumerate(members)}, value=turn.c.turn)
    theirs = (s.c.prospect_id == turn.c.prospect_id, near_in(database, s.c.prospect_id))
    return [update(s).values(owner=owner).where(*theirs)]
