"""Who is in a scenario, and who passed a step: read by the keys of its runs, the latest run first.

A page looks at a bounded number of runs, however many there are: where those asked for are rare, it says from where to
look on instead of letting the reader wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, and_, or_, select, type_coerce

from engage.clock import FOREVER, moment
from engage.language.fields import fold
from engage.reports.export_prospects import full_name
from engage.reports.scope import visible_prospects
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, Outcome, RunState
from engage.sql.searching import found_by, wanted
from engage.wording import Locale

#: So many runs are looked at for a page: of runs alone, with their visits, with the names of their prospects.
LOOKS = {"runs": 8_000, "visits": 8_000, "names": 8_000}
#: No key is greater.
_BEYOND = 2**62

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Question:
    """Which runs are asked for."""

    #: the scenario's number
    scenario: int
    #: the step's number; None: any step
    step: int | None = None
    #: states of runs; empty: any
    states: tuple[RunState, ...] = ()
    #: how they passed the step; empty: in any way. ``named``: the ways that bear names too
    outcomes: tuple[int, ...] = ()
    named: bool = False
    #: what stands in an address, a name or a company
    words: str = ""
    #: arrivals at or after, and before, a moment
    since: datetime | None = None
    until: datetime | None = None
    #: the user who sees only its own prospects; None: everybody is seen
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """Some of those asked for."""

    rows: tuple[Item, ...]
    #: the key after which the rest follows; None: that is all
    after: int | None


@dataclass(frozen=True, slots=True)
class Inside:
    """A run, and where it stands or ended."""

    enrolment: int
    prospect: int
    email: str
    name: str
    run: int
    #: active, held, completed, goal, left
    state: str
    step: str
    step_name: str
    entered_at: datetime
    #: since when it stands there
    since: datetime
    #: when the step is due; None for a run that ended, is held, or waits for its message to be handed over
    due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A run's passage through a step."""

    enrolment: int
    prospect: int
    email: str
    name: str
    run: int
    #: completed, yes, no, skipped, failed, left, goal, or the name of a case or an arm
    outcome: str
    arrived_at: datetime
    left_at: datetime
    #: why it was skipped or failed, in the engine's words; see ``reasons``
    reason: str | None


def inside(
    connection: Connection, asked: Question, locale: Locale, *, after: int | None = None, limit: int = 50
) -> Part[Inside]:
    """Return runs of a scenario, with where they stand."""
    e, p, s, k = t.enrolments, t.prospects, t.steps, t.scenarios
    due = type_coerce(e.c.due_at, BigInteger).label("due")
    chosen = (
        select(
            e.c.id, e.c.prospect_id, p.c.email, p.c.first_name, p.c.last_name, e.c.run, e.c.state,
            s.c.key.label("step"), s.c.name.label("step_name"), e.c.entered_at, e.c.arrived_at, due, e.c.ended_at,
            k.c.paused_total,
        )
        .select_from(
            e.join(p, p.c.id == e.c.prospect_id).join(s, s.c.id == e.c.step_id).join(k, k.c.id == e.c.scenario_id)
        )
        .where(*_wheres(connection, asked, t.enrolments.c.arrived_at))
    )  # fmt: skip
    if asked.step is not None:
        chosen = chosen.where(e.c.step_id == asked.step)
    rows, ahead = _part(connection, asked, chosen, "runs", after, limit)
    return Part(tuple(_inside(row, locale) for row in rows), ahead)


def passages(
    connection: Connection, asked: Question, locale: Locale, *, after: int | None = None, limit: int = 50
) -> Part[Passage]:
    """Return passages through the step that is asked about, of finished visits."""
    e, p, v, r, n = t.enrolments, t.prospects, t.visits, t.reasons, t.outcome_names
    joined = (
        e.join(v, v.c.enrolment_id == e.c.id)
        .join(p, p.c.id == e.c.prospect_id)
        .outerjoin(r, and_(r.c.enrolment_id == v.c.enrolment_id, r.c.move == v.c.move))
        .outerjoin(n, and_(n.c.step_id == v.c.step_id, n.c.number == v.c.outcome - FIRST_NAMED))
    )
    chosen = (
        select(
            e.c.id, e.c.prospect_id, p.c.email, p.c.first_name, p.c.last_name, e.c.run, v.c.outcome,
            n.c.name.label("named"), v.c.arrived_at, v.c.left_at, r.c.reason,
        )
        .select_from(joined)
        .where(v.c.step_id == asked.step, *_wheres(connection, asked, v.c.arrived_at))
    )  # fmt: skip
    if asked.outcomes:
        so = v.c.outcome.in_(asked.outcomes)
        chosen = chosen.where(or_(so, v.c.outcome >= FIRST_NAMED) if asked.named else so)
    rows, ahead = _part(connection, asked, chosen, "visits", after, limit)
    return Part(tuple(_passage(row, locale) for row in rows), ahead)


def every(read: Callable[[int | None], Part[Item]]) -> Iterator[Item]:
    """Yield all that is asked for, part by part; ``read`` gives the part after a key."""
    after: int | None = None
    while True:
        part = read(after)
        yield from part.rows
        if part.after is None:
            return
        after = part.after


def _wheres(connection: Connection, asked: Question, arrived: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Return what does not depend on the part that is read."""
    e = t.enrolments
    found: list[ColumnElement[bool]] = [e.c.scenario_id == asked.scenario]
    if asked.states:
        found.append(e.c.state.in_([int(state) for state in asked.states]))
    if asked.since is not None:
        found.append(arrived >= asked.since)
    if asked.until is not None:
        found.append(arrived < asked.until)
    visible = visible_prospects(asked.reader, e.c.prospect_id)
    if visible is not None:
        found.append(visible)
    if words := wanted(asked.words):
        found.append(found_by(connection.dialect.name, words))
    return found


def _part(
    connection: Connection, asked: Question, chosen: Select[Any], looks: str, after: int | None, limit: int
) -> tuple[list[Row[Any]], int | None]:
    """Return some rows by the keys of their runs, and after which key the rest follows."""
    e = t.enrolments
    high = _BEYOND if after is None else after
    person = _person(connection, asked.words)
    if person is not None:
        chosen, low = chosen.where(e.c.prospect_id == person), None
    else:
        low = _bound(connection, asked.scenario, high, LOOKS["names" if wanted(asked.words) else looks])
    within = e.c.id < high if low is None else and_(e.c.id < high, e.c.id >= low)
    rows = list(connection.execute(chosen.where(within).order_by(e.c.id.desc()).limit(limit + 1)))
    if len(rows) > limit:
        return rows[:limit], rows[limit - 1].id
    return rows, low


def _bound(connection: Connection, scenario: int, high: int, looks: int) -> int | None:
    """Return the lowest key that is looked at; None where so many runs are not left."""
    e = t.enrolments
    mine = select(e.c.id).where(e.c.scenario_id == scenario, e.c.id < high)
    low: int | None = connection.scalar(mine.order_by(e.c.id.desc()).offset(looks - 1).limit(1))
    if low is None or connection.scalar(mine.where(e.c.id < low).limit(1)) is None:
        return None
    return low


def _person(connection: Connection, words: str) -> int | None:
    """Return the prospect whose whole address was asked for: no need to look further."""
    if "@" not in words:
        return None
    p = t.prospects
    return connection.scalar(select(p.c.id).where(p.c.email_folded == fold(words.strip())))


def _inside(row: Row[Any], locale: Locale) -> Inside:
    due = row.due + row.paused_total
    return Inside(
        row.id, row.prospect_id, row.email, full_name(row.first_name, row.last_name, locale), row.run,
        RunState(row.state).name.lower(), row.step, row.step_name or row.step, row.entered_at, row.arrived_at,
        moment(due) if row.state == RunState.ACTIVE and due < FOREVER else None, row.ended_at,
    )  # fmt: skip


def _passage(row: Row[Any], locale: Locale) -> Passage:
    outcome = row.named or Outcome(row.outcome).name.lower()
    return Passage(
        row.id, row.prospect_id, row.email, full_name(row.first_name, row.last_name, locale), row.run, outcome,
        row.arrived_at, row.left_at, row.reason,
    )  # fmt: skip
