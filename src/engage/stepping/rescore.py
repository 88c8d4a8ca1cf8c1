"""Rescoring everybody by changed rules, in spans of keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from engage.intake.rescoring import rescore
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import CHUNK
from engage.sql.standing import big, standing
from engage.stepping.changes import announce


def rescore_all(connection: Connection, plans: Plans, now: datetime) -> None:
    """Bring every prospect's score to what today's rules make of its history, inside the caller's transaction."""
    after_id = 0
    while True:
        last = rescore(connection, plans, now, after_id, CHUNK)
        if last is None:
            return
        announce(connection, Now.of(plans.house, now), _span(), after=after_id, last=last)
        after_id = last


@standing
def _span() -> Select[Any]:
    key = t.standings.c.prospect_id
    return select(key).where(key > big("after"), key <= big("last"))
