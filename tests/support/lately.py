"""A world whose story ended just now: the pages read the real clock."""

from __future__ import annotations

from sqlalchemy import BigInteger, type_coerce, update

from engage.clock import micros, system_clock
from engage.sql import tables as t
from engage.sql.columns import Instant
from tests.support.world import World

#: A day in microseconds.
_DAY = 86_400_000_000


def lately(world: World) -> World:
    """Move all that happened in a world, so that its last moment was a minute ago."""
    whole_days = (micros(system_clock()) - micros(world.now)) // _DAY
    with world.engine.begin() as connection:
        for table in t.metadata.sorted_tables:
            if table is t.audit:  # which nothing changes
                continue
            moments = {
                column.name: type_coerce(column, BigInteger) + whole_days * _DAY
                for column in table.c
                if isinstance(column.type, Instant)
            }
            if table is t.totals:
                moments["day"] = t.totals.c.day + whole_days
            if moments:
                connection.execute(update(table).values(moments))
    return world
