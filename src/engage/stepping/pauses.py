"""Scenario time: a moment less the time paused before it.

What an enrolment still has to wait is kept in it, so that a pause rewrites no enrolment. A moment that was over
before a pause stays where it was; one after it is moved by the pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, literal, select

from engage.clock import MICROSECOND, micros, moment
from engage.language.calendar import after, is_business_day
from engage.language.hours import Hours
from engage.language.moment import Duration
from engage.language.zones import local_day
from engage.sql import tables as t

_NEXT_DAY = Duration.parse("1 business day")


@dataclass(frozen=True, slots=True)
class Pauses:
    """When a scenario was paused, in microseconds."""

    #: begin and end of each pause that is over, in order
    spans: tuple[tuple[int, int], ...] = ()
    #: when the pause began that still lasts
    since: int | None = None

    def kept(self, at: int) -> int:
        """Return a real moment in scenario time; the pause that still lasts is not counted.

        >>> [Pauses(((10, 15),)).kept(at) for at in (9, 12, 16)]
        [9, 10, 11]
        """
        return at - sum(min(ended, at) - begun for begun, ended in self.spans if begun < at)

    def kept_now(self, at: int) -> int:
        """Return the present moment in scenario time, which stands still in a pause."""
        return self.kept(at if self.since is None else min(at, self.since))

    def real(self, kept: int) -> int:
        """Return the real moment of one in scenario time.

        >>> [Pauses(((10, 15),)).real(kept) for kept in (9, 10, 11)]
        [9, 10, 16]
        """
        at = kept
        for begun, ended in self.spans:
            if at > begun:
                at += ended - begun
        return at

    def kept_of(self, at: ColumnElement[int]) -> ColumnElement[int]:
        """Return a column of real moments in scenario time."""
        whens: list[tuple[ColumnElement[bool], Any]] = []
        for begun, ended, before in reversed(tuple(self._sums())):
            whens.append((at >= ended, at - (before + ended - begun)))
            whens.append((at > begun, literal(begun - before, BigInteger())))
        return case(*whens, else_=at) if whens else at

    def real_of(self, kept: ColumnElement[int]) -> ColumnElement[int]:
        """Return a column of moments in scenario time as real ones."""
        sums = reversed(tuple(self._sums()))
        whens = [(kept > begun - before, kept + (before + ended - begun)) for begun, ended, before in sums]
        return case(*whens, else_=kept) if whens else kept

    def _sums(self) -> Iterator[tuple[int, int, int]]:
        """Yield each pause with the time paused before it."""
        before = 0
        for begun, ended in self.spans:
            yield begun, ended, before
            before += ended - begun


def read_pauses(connection: Connection, scenario_id: int, since: int | None) -> Pauses:
    """Return a scenario's pauses; ``since`` is when the one began that still lasts."""
    p = t.pauses
    found = select(p.c.paused_at, p.c.resumed_at).where(p.c.scenario_id == scenario_id).order_by(p.c.id)
    spans = tuple((micros(begun), micros(ended)) for begun, ended in connection.execute(found))
    return Pauses(spans, since)


def end_of(length: Duration, begun: int, pauses: Pauses, hours: Hours) -> int:
    """Return when a time ends that began at a real moment, in real microseconds.

    Business days are counted first; a pause moves their end by its length, then to the next open day.
    """
    start = moment(begun)
    plain = (after(length, start, hours) - start) // MICROSECOND
    end = pauses.real(pauses.kept(begun) + plain)
    return open_day(end, hours) if length.business_days and end != begun + plain else end


def open_day(at: int, hours: Hours) -> int:
    """Return a moment on a business day as it is, any other at the same time of the next business day."""
    closed = not is_business_day(hours, local_day(moment(at), hours.zone))
    return micros(after(_NEXT_DAY, moment(at), hours)) if closed else at
