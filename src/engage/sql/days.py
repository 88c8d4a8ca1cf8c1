"""Local days in SQL: databases know no zones, so Python writes down when each day begins and ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    insert,
    literal,
    null,
    select,
    type_coerce,
)

from engage.clock import EPOCH
from engage.language.calendar import day_start, local_day
from engage.sql.asked import Now
from engage.sql.columns import Instant
from engage.sql.scratch import clear, scratch
from engage.sql.standing import run, standing

_DAY = timedelta(days=1)
#: A day of UTC in microseconds.
_LENGTH = literal(86_400_000_000, BigInteger)
_FIRST = EPOCH.date()

#: Local days, by their number since 1970-01-01; the end is excluded.
days = scratch(
    "days",
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("start_at", Instant, nullable=False, unique=True),
    Column("end_at", Instant, nullable=False),
)


def fill_days(
    connection: Connection, moments: ColumnElement[datetime], zone: ZoneInfo, asked: Now | None = None
) -> None:
    """Write into ``days`` every local day on which one of the moments of a column lies.

    ``asked`` is the moment of a column that reads it. The work follows the number of different days, however far
    apart they are.
    """
    clear(connection, days)
    asked = asked or Now(EPOCH, zone)
    found = run(connection, _utc_days(moments), asked).scalars()
    wanted = {day for number in found for day in _touched(number, zone)}
    rows = [
        {
            "day": (day - _FIRST).days,
            "start_at": day_start(day, zone),
            "end_at": day_start(day + _DAY, zone),
        }
        for day in sorted(wanted)
    ]
    if rows:
        connection.execute(insert(days), rows)


@standing
def _utc_days(moments: ColumnElement[datetime]) -> Select[int]:
    return select(type_coerce(moments, BigInteger) // _LENGTH).where(moments.is_not(null())).distinct()


def _touched(number: int, zone: ZoneInfo) -> set[date]:
    """Return the local days of a UTC day; division rounds towards 1970, so earlier ones reach back a day."""
    first, last = number - (number <= 0), number + 1
    return {local_day(EPOCH + each * _DAY, zone) for each in range(first, last + 1)}


def day_of(moment: ColumnElement[datetime]) -> ScalarSelect[int]:
    """Return the local day of a moment, as days since 1970-01-01; ``fill_days`` must have seen the moment."""
    begun = select(days.c.day).where(days.c.start_at <= moment)
    return begun.order_by(days.c.start_at.desc()).limit(1).scalar_subquery()
