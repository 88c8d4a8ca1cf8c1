"""Rescoring everybody by changed rules, in spans of keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from engage.clock import micros
from engage.intake.rescoring import rescore
from engage.plan.moves import Plans
from engage.sql import tables as t
from engage.sql.codes import CHUNK
from engage.stepping.changes import announce


def rescore_all(connection: Connection, plans: Plans, now: datetime) -> None:
    """Bring every prospect's score to what today's rules make of its history, inside the caller's transaction."""
    s, after_id = t.standings, 0
    while True:
        last = rescore(connection, plans, now, after_id, CHUNK)
        if last is None:
            return
        span = select(s.c.prospect_id).where(s.c.prospect_id > after_id, s.c.prospect_id <= last)
        announce(connection, micros(now), span)
        after_id = last
