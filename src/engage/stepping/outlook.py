"""What starting, pausing, resuming or stopping a scenario would do: shown before anybody does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, false, func, literal_column, select

from engage.errors import Refused
from engage.plan import moves
from engage.problem import unknown
from engage.sql import tables as t
from engage.sql.codes import CHUNK, Figure
from engage.sql.cohort import looked
from engage.sql.scratch import clear
from engage.sql.shadow import rolled_back
from engage.sql.standing import run, standing
from engage.stepping.enrol import Entry, entry_of
from engage.stepping.journeys import Course, Tick, course_of
from engage.stepping.span import fill_span

#: More queued e-mails than this are not counted.
MOST_QUEUED = 10_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a scenario stands, as far as it decides what a change of its state does."""

    key: str
    name: str
    #: draft, running, paused, stopped
    state: str
    waiting: int
    held: int
    #: e-mails that were queued and leave whatever becomes of the scenario; counted to MOST_QUEUED
    queued: int
    paused_at: datetime | None

    @property
    def open(self) -> int:
        """How many runs a stop would end."""
        return self.waiting + self.held


class _AtStart(Entry):
    """Whom a scenario would take in at its start: who matches already does not begin to."""

    @property
    def begins_to_match(self) -> ColumnElement[bool]:
        """Nobody: at the start it is kept who matches."""
        return false()


def outlook(connection: Connection, key: str) -> Outlook:
    """Return how a scenario stands; it is read from the rolled-up figures.

    Raises Refused for one that was never applied.
    """
    s, n = t.scenarios, t.totals
    row = connection.execute(select(s).where(s.c.key == key)).one_or_none()
    if row is None:
        raise Refused(unknown("scenario", key, connection.scalars(select(s.c.key)).all()))
    counted = select(n.c.figure, func.sum(n.c.count)).where(
        n.c.scenario_id == row.id, n.c.figure.in_((int(Figure.WAITING), int(Figure.HELD)))
    )
    sums: dict[int, int] = {figure: int(count) for figure, count in connection.execute(counted.group_by(n.c.figure))}
    waiting, held = (sums.get(int(figure), 0) for figure in (Figure.WAITING, Figure.HELD))
    return Outlook(row.key, row.name, row.state, waiting, held, _queued(connection, row.id), row.paused_at)


def _queued(connection: Connection, scenario_id: int) -> int:
    """Count the queued e-mails of a scenario, by the partial index: the status is written out for SQLite to see it."""
    m, s = t.messages, t.steps
    queued = (
        select(m.c.id)
        .join(s, s.c.id == m.c.step_id)
        .where(m.c.status == literal_column("0"), s.c.scenario_id == scenario_id)
        .limit(MOST_QUEUED)
    )
    return connection.scalar(select(func.count()).select_from(queued.subquery())) or 0


def entering(
    engine: Engine,
    plans: moves.Plans,
    key: str,
    now: datetime,
    chunk: int = CHUNK,
    told: Callable[[float], None] = lambda _: None,
) -> int:
    """Return how many would enter at the first tick after a start or a resume.

    The engine's own question is asked of every prospect, so this takes as long as a look at all of them; ``told``
    is called with how many of them it has seen, from 0 to 1.
    """
    with rolled_back(engine) as connection:
        course = course_of(connection, key, plans)
        if course.plan.on or not course.plan.window.holds(now):
            return 0
        tick = Tick(now, plans, (course,), frozenset(), chunk)
        asked = _entering(_entry(tick, course))
        found, after_id = 0, 0
        last = connection.scalar(select(func.max(t.standings.c.prospect_id))) or 1
        while True:
            clear(connection, looked)
            span = fill_span(connection, after_id, chunk)
            if span is None:
                return found
            after_id = span.last
            found += run(connection, asked, tick.asked, **span.keys).scalar() or 0
            told(min(after_id / last, 1.0))


def _entry(tick: Tick, course: Course) -> Entry:
    entry = entry_of(tick, course)
    if course.state in ("running", "paused"):
        return entry
    return _AtStart(**{each.name: getattr(entry, each.name) for each in fields(entry)})


@standing
def _entering(entry: Entry) -> Select[Any]:
    among, past = entry.among, entry.earlier
    joined = among if past is None else among.outerjoin(past, past.c.prospect_id == among.c.prospect_id)
    return select(func.count()).select_from(joined).where(entry.may_enter(past))
