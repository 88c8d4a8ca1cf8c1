"""What is seen at the end of a test: the last run's path, what was sent and made, how the prospect stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from engage.graph.expected import FLOW
from engage.intake.addresses import read_address
from engage.language.fields import GRADES
from engage.language.scalars import Plain
from engage.sql import tables as t
from engage.sql.codes import CUT_SHORT, FIRST_NAMED, MessageStatus, Outcome, RunState

#: What stands after a step's id in a path; runs that were taken out of a step did not pass it.
_ENDINGS = {
    Outcome.COMPLETED: "",
    Outcome.YES: ".yes",
    Outcome.NO: ".no",
    Outcome.SKIPPED: ".skipped",
    Outcome.FAILED: ".failed",
}


@dataclass(frozen=True, slots=True)
class SeenMail:
    """An e-mail that went out."""

    step: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenTodo:
    """A ToDo."""

    subject: str
    to: str
    priority: str
    due: datetime | None
    status: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one prospect and one scenario."""

    runs: int = 0
    #: the last run's state; None without a run
    state: str | None = None
    ends_at: datetime | None = None
    path: tuple[str, ...] = ()
    emails: tuple[SeenMail, ...] = ()
    todos: tuple[SeenTodo, ...] = ()
    score: int = 0
    grade: str | None = None
    owner: str | None = None
    tags: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    #: fields that have a value: texts, numbers, true or false, moments, days as ISO text
    fields: dict[str, Plain | datetime] | None = None


def look(connection: Connection, scenario: str, email: str) -> Sight:
    """Return what is seen of a prospect; nothing where there is no such prospect."""
    person = _person(connection, email)
    if person is None:
        return Sight()
    run, runs = _runs(connection, scenario, person.prospect_id)
    ended = run is not None and run.state >= RunState.COMPLETED
    return Sight(
        runs=runs,
        state=RunState(run.state).name.lower() if run is not None else None,
        ends_at=run.ended_at if run is not None and ended else None,
        path=_path(connection, run.id) if run is not None else (),
        emails=_emails(connection, person.prospect_id),
        todos=_todos(connection, person.prospect_id),
        score=person.score,
        grade=GRADES[person.grade] if person.grade is not None else None,
        owner=person.owner,
        tags=_tags(connection, person.prospect_id),
        lists=_lists(connection, person.prospect_id),
        fields=_fields(connection, person),
    )


def stands(connection: Connection, scenario: str, email: str) -> str | None:
    """Return the step at which the open run stands, held or paused too; None without an open run."""
    person = _person(connection, email)
    run = _runs(connection, scenario, person.prospect_id)[0] if person is not None else None
    if run is None or run.state >= RunState.COMPLETED:
        return None
    return connection.scalar(select(t.steps.c.key).where(t.steps.c.id == run.step_id))


def open_runs(connection: Connection) -> bool:
    """Tell whether any run of any scenario is open."""
    return connection.scalar(_open_run()) is not None


@cache
def _open_run() -> Select[tuple[int]]:
    e = t.enrolments
    return select(e.c.id).where(e.c.state < int(RunState.COMPLETED)).limit(1)


def _person(connection: Connection, email: str) -> Row[Any] | None:
    p, s = t.prospects, t.standings
    chosen = select(p, s).join(s, s.c.prospect_id == p.c.id).where(p.c.email_folded == read_address(email).folded)
    return connection.execute(chosen).one_or_none()


def _runs(connection: Connection, scenario: str, prospect_id: int) -> tuple[Row[Any] | None, int]:
    """Return the last run through a scenario, and how many there were."""
    e, s = t.enrolments, t.scenarios
    chosen = select(e).join(s, s.c.id == e.c.scenario_id).where(e.c.prospect_id == prospect_id, s.c.key == scenario)
    found = connection.execute(chosen.order_by(e.c.run)).all()
    return (found[-1] if found else None), len(found)


def _path(connection: Connection, enrolment_id: int) -> tuple[str, ...]:
    v, s, n, r = t.visits, t.steps, t.outcome_names, t.reasons
    chosen = (
        select(s.c.key, s.c.kind, v.c.outcome, n.c.name)
        .join(s, s.c.id == v.c.step_id)
        .outerjoin(n, (n.c.step_id == v.c.step_id) & (n.c.number == v.c.outcome - FIRST_NAMED))
        .outerjoin(r, (r.c.enrolment_id == v.c.enrolment_id) & (r.c.move == v.c.move))
        .where(v.c.enrolment_id == enrolment_id, func.coalesce(r.c.reason, "") != CUT_SHORT)
        .order_by(v.c.move)
    )
    return tuple(
        row.key + (f".{row.name}" if row.name else _ENDINGS[Outcome(row.outcome)])
        for row in connection.execute(chosen)
        if row.kind not in FLOW and (row.name or Outcome(row.outcome) in _ENDINGS)
    )


def _emails(connection: Connection, prospect_id: int) -> tuple[SeenMail, ...]:
    """Return what was handed over, in that order."""
    m, s = t.messages, t.steps
    went = m.c.status.in_((int(MessageStatus.SENT), int(MessageStatus.IN_DOUBT)))
    chosen = (
        select(s.c.key, m.c.sent_at).outerjoin(s, s.c.id == m.c.step_id).where(m.c.prospect_id == prospect_id, went)
    )
    return tuple(SeenMail(row.key, row.sent_at) for row in connection.execute(chosen.order_by(m.c.sent_at, m.c.id)))


def _todos(connection: Connection, prospect_id: int) -> tuple[SeenTodo, ...]:
    d = t.todos
    rows = connection.execute(select(d).where(d.c.prospect_id == prospect_id).order_by(d.c.created_at, d.c.id))
    return tuple(SeenTodo(row.subject, row.assignee, row.priority, row.due_at, row.status) for row in rows)


def _tags(connection: Connection, prospect_id: int) -> frozenset[str]:
    p, w = t.prospect_tags, t.words
    return frozenset(
        connection.scalars(select(w.c.text).join(p, p.c.tag_id == w.c.id).where(p.c.prospect_id == prospect_id))
    )


def _lists(connection: Connection, prospect_id: int) -> frozenset[str]:
    m, k = t.list_members, t.lists
    return frozenset(
        connection.scalars(select(k.c.key).join(m, m.c.list_id == k.c.id).where(m.c.prospect_id == prospect_id))
    )


def _fields(connection: Connection, person: Row[Any]) -> dict[str, Plain | datetime]:
    own = {name: value for name, value in person._mapping.items() if value is not None}
    v, w = t.field_values, t.words
    chosen = (
        select(w.c.text.label("name"), v.c.text, v.c.number, v.c.whole)
        .join(w, w.c.id == v.c.field_id)
        .where(v.c.prospect_id == person.prospect_id)
    )
    for row in connection.execute(chosen):
        own[row.name] = next((value for value in (row.text, row.number, row.whole) if value is not None), None)
    return own
