"""Why this person now: a ToDo with its prospect, the step that made it, what happened last, and its own history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, true

from engage.language.fields import GRADES
from engage.reports.export_prospects import full_name
from engage.reports.person_history import Happening, happenings
from engage.sql import tables as t

#: How many activities tell why.
LAST = 5


@dataclass(frozen=True, slots=True)
class Caller:
    """The person to call, and what forbids it."""

    id: int
    name: str
    email: str
    company: str | None
    department: str | None
    job_title: str | None
    phone: str | None
    mobile: str | None
    do_not_call: bool
    opted_out: bool
    do_not_email: bool
    score: int
    grade: str | None
    #: an addressee
    owner: str | None


@dataclass(frozen=True, slots=True)
class TodoCard:
    """A ToDo with all that one wants to know before one calls."""

    id: int
    changes: int
    subject: str
    comments: str | None
    due_at: datetime | None
    priority: str
    status: str
    to: str
    to_name: str | None
    created_at: datetime
    #: the name of the user who made it; None where a step did
    created_by: str | None
    completed_at: datetime | None
    outcome: str | None
    overdue: bool
    #: key and name of the scenario, and of its step
    scenario: tuple[str, str] | None
    step: tuple[str, str] | None
    person: Caller
    activities: tuple[Happening, ...]

    @property
    def seen(self) -> str:
        """What a form says of it (see engage.intake.todo_deeds)."""
        return f"{self.id}.{self.changes}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of a ToDo: who did what, and what was before and after where that became another."""

    at: datetime
    #: done, postponed, handed, taken, marked, called, made, undone
    kind: str
    #: the user's name; None where a command did it
    who: str | None
    note: str | None
    status: tuple[str, str] | None = None
    assignee: tuple[str, str] | None = None
    due: tuple[datetime | None, datetime | None] | None = None


def todo_card(
    connection: Connection, todo_id: int, now: datetime, locale: str = "en", visible: ColumnElement[bool] | None = None
) -> TodoCard | None:
    """Return a ToDo, or None where there is none that is ``visible`` (a condition on ``todos``)."""
    d, p, s, u = t.todos, t.prospects, t.standings, t.users
    maker = u.alias("makers")
    chosen = (
        select(
            d, p.c.email, p.c.first_name, p.c.last_name, p.c.company, p.c.department, p.c.job_title, p.c.phone,
            p.c.mobile, p.c.do_not_call, s.c.score, s.c.grade, s.c.owner, s.c.opted_out, s.c.do_not_email,
            u.c.name.label("to_name"), maker.c.name.label("maker"), t.steps.c.key.label("step_key"),
            t.steps.c.name.label("step_name"), t.scenarios.c.key.label("scenario_key"),
            t.scenarios.c.name.label("scenario_name"),
        )
        .join_from(d, p, p.c.id == d.c.prospect_id)
        .join(s, s.c.prospect_id == d.c.prospect_id)
        .outerjoin(u, d.c.assignee == "user:" + u.c.id)
        .outerjoin(maker, maker.c.id == d.c.created_by)
        .outerjoin(t.steps, t.steps.c.id == d.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
        .where(d.c.id == todo_id, true() if visible is None else visible)
    )  # fmt: skip
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    scenario = None if row.scenario_key is None else (row.scenario_key, row.scenario_name)
    step = None if row.step_key is None else (row.step_key, row.step_name)
    overdue = row.status != "completed" and row.due_at is not None and row.due_at < now
    return TodoCard(
        row.id, row.changes, row.subject, row.comments, row.due_at, row.priority, row.status, row.assignee,
        row.to_name, row.created_at, row.maker or row.created_by, row.completed_at, row.outcome, overdue, scenario,
        step, _caller(row, locale), happenings(connection, row.prospect_id, LAST),
    )  # fmt: skip


def _caller(row: Row[Any], locale: str) -> Caller:
    name = full_name(row.first_name, row.last_name, locale)
    grade = None if row.grade is None else GRADES[row.grade]
    return Caller(
        row.prospect_id, name, row.email, row.company, row.department, row.job_title, row.phone, row.mobile,
        bool(row.do_not_call), row.opted_out, row.do_not_email, row.score, grade, row.owner,
    )  # fmt: skip


def history(connection: Connection, todo_id: int, last: int = 50) -> tuple[Turn, ...]:
    """Return the last changes of a ToDo, the latest first."""
    c, e, u, d = t.todo_changes, t.todo_deeds, t.users, t.todos
    chosen = (
        select(c, e.c.at, e.c.kind, e.c.user_id, u.c.name)
        .select_from(c.join(e, e.c.id == c.c.deed_id).outerjoin(u, u.c.id == e.c.user_id))
        .where(c.c.todo_id == todo_id)
        .order_by(c.c.number.desc())
        .limit(last)
    )
    now = connection.execute(select(d).where(d.c.id == todo_id)).one_or_none()
    return tuple(_turns(connection.execute(chosen).all(), now))


def _turns(rows: Sequence[Row[Any]], after: Row[Any] | None) -> Iterator[Turn]:
    """Yield changes, the latest first: what was after one is what was before the next."""
    for row in rows:
        made = row.number == 0 or after is None
        yield Turn(
            row.at, "made" if row.number == 0 else row.kind, row.name or row.user_id, row.note,
            None if made else _pair(row.status, after.status),  # type: ignore[union-attr]
            None if made else _pair(row.assignee, after.assignee),  # type: ignore[union-attr]
            None if made else _pair(row.due_at, after.due_at),  # type: ignore[union-attr]
        )  # fmt: skip
        after = row


def _pair(before: Any, after: Any) -> tuple[Any, Any] | None:
    return None if before == after else (before, after)
