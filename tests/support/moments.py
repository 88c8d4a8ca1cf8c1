"""Moments of a test's virtual clock, said as durations since its start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engage.language.moment import Duration

#: When every test world begins: a Tuesday, midnight in UTC.
START = datetime(2026, 12, 1, tzinfo=UTC)

When = datetime | timedelta | str


def at(when: When) -> datetime:
    """Return a moment: aware, an ISO text, or a duration since START.

    >>> at("1 day 2 hours").isoformat()
    '2026-12-02T02:00:00+00:00'
    """
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    if isinstance(when, timedelta):
        return START + when
    if "-" in when:
        given = datetime.fromisoformat(when)
        return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    return START + Duration.parse(when, zero=True).length
