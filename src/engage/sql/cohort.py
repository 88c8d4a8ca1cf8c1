"""The temporary tables a chunk of a tick works on, made once for each connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Select, SmallInteger, Table, Text, select

from engage.sql.columns import Key
from engage.sql.scratch import keyless, scratch
from engage.sql.standing import standing

#: The enrolments of a chunk. ``place`` is where one is on its way through this tick (see stepping.advance);
#: ``due_at`` is real time in microseconds;
#: ``written`` counts the visits of this tick that are written already.
cohort = keyless(
    scratch(
        "cohort",
        Column("id", Key, primary_key=True, autoincrement=False),
        Column("prospect_id", Key, nullable=False),
        Column("step_id", Integer, nullable=False),
        Column("place", Integer, nullable=False),
        Column("moves", SmallInteger, nullable=False),
        Column("written", SmallInteger, nullable=False),
        Column("entered_at", BigInteger, nullable=False),
        Column("arrived_at", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
    )
)

#: The names of the cohort's columns, for filling it.
COHORT = [column.name for column in cohort.c]

#: What each place has passed in this tick: the visits it stands for.
passages = keyless(
    scratch(
        "passages",
        Column("place", Integer, primary_key=True, autoincrement=False),
        Column("ordinal", Integer, primary_key=True, autoincrement=False),
        Column("step_id", Integer, nullable=False),
        Column("outcome", SmallInteger, nullable=False),
        Column("reason", Text),
    )
)

#: The prospects that are looked at.
looked = keyless(
    scratch(
        "looked",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
    )
)


#: The prospects whom an event lets in, and the first such event of each.
arrivals = keyless(
    scratch(
        "arrivals",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("activity_id", Key, nullable=False),
        Column("occurred_at", BigInteger, nullable=False),
    )
)


@standing
def keys_of(table: Table) -> Select[Any]:
    """Select the prospects of a temporary table."""
    return select(table.c.prospect_id)
