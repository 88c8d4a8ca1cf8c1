"""The ToDos of the team: the sales inbox, and how many each has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, case, func, literal, literal_column, select

from engage.errors import Refused
from engage.problem import unknown
from engage.reports.export_prospects import full_name
from engage.sql import tables as t
from engage.wording import sentence

TodoStatus = Literal["not_started", "in_progress", "waiting", "deferred", "completed"]
#: The statuses in the order of a ToDo's life; all but the last are open.
STATUSES: tuple[TodoStatus, ...] = ("not_started", "in_progress", "waiting", "deferred", "completed")
#: So many open ToDos of one prospect are shown at most.
MOST_OPEN = 50
_PRIORITY = {"high": 0, "normal": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class TodoRow:
    """One ToDo: the columns of the export, then whom it concerns."""

    id: int
    subject: str
    due_at: datetime | None
    priority: str
    status: str
    #: the assignee, as an addressee
    to: str
    email: str
    scenario: str | None
    step: str | None
    created_at: datetime
    completed_at: datetime | None
    outcome: str | None
    #: the prospect's full name and company
    name: str
    company: str | None
    comments: str | None
    #: open, and its due date has passed
    overdue: bool


@dataclass(frozen=True, slots=True)
class TodoCount:
    """How many open ToDos somebody has."""

    to: str
    #: the user's name; None for a queue
    name: str | None
    open: int
    overdue: int
    high: int


def addressed(to: str) -> str:
    """Return an addressee; a bare id is a user's.

    >>> addressed("sato"), addressed("queue:inside-sales")
    ('user:sato', 'queue:inside-sales')
    """
    return to if ":" in to else f"user:{to}"


def known_assignee(connection: Connection, to: str) -> str:
    """Return the addressee of ToDos that a person names; raise Refused for one who is not there and has none."""
    kind, _, name = addressed(to).partition(":")
    if kind not in ("user", "queue"):
        raise Refused(sentence("a ToDo is a user's or a queue's; write user:NAME or queue:NAME, not {text}", text=to))
    members = t.users.c.id if kind == "user" else t.queue_members.c.queue_key
    known = set(connection.scalars(select(members).distinct()))
    served = select(t.todos.c.id).where(t.todos.c.assignee == f"{kind}:{name}").limit(1)
    if name not in known and connection.scalar(served) is None:
        raise Refused(unknown("user", name, known) if kind == "user" else unknown("queue", name, known))
    return f"{kind}:{name}"


def todos(
    connection: Connection,
    now: datetime,
    *,
    to: str | None = None,
    status: TodoStatus | Literal["open", "any"] = "open",
    locale: str = "en",
    limit: int | None = None,
) -> tuple[TodoRow, ...]:
    """Return ToDos: overdue first, then by due date, none last, then by priority.

    ``to`` is a user's id or an addressee; ``status`` one of STATUSES, ``open`` or ``any``.
    """
    d = t.todos
    wheres: list[ColumnElement[bool]] = []
    if to is not None:
        wheres.append(d.c.assignee == addressed(to))
    if status == "open":
        wheres.append(_open())
    elif status != "any":
        wheres.append(d.c.status == status)
    return _read(connection, now, wheres, _order(now), locale, limit)


def todos_of(
    connection: Connection, now: datetime, prospect: int, *, locale: str, last: int
) -> tuple[tuple[TodoRow, ...], int]:
    """Return a prospect's ToDos, and how many more are open.

    The open ones come first, MOST_OPEN at most, in the order of ``todos``; then the ``last`` completed, latest first.
    ``prospect`` is a key.
    """
    d = t.todos
    mine = d.c.prospect_id == prospect
    begun = _read(connection, now, (mine, _open()), _order(now), locale, MOST_OPEN)
    latest = (d.c.completed_at.desc().nulls_last(), d.c.id.desc())
    done = _read(connection, now, (mine, d.c.status == "completed"), latest, locale, last)
    count = len(begun)
    if count == MOST_OPEN:
        count = connection.scalar(select(func.count()).where(mine, _open())) or 0
    return begun + done, count - len(begun)


def todo_counts(connection: Connection, now: datetime) -> tuple[TodoCount, ...]:
    """Return how many open ToDos each assignee has, who has most first."""
    d, u = t.todos, t.users
    high = func.sum(case((d.c.priority == "high", 1), else_=0)).label("high")
    late = func.sum(case((d.c.due_at < now, 1), else_=0)).label("overdue")
    # The status is written out, not bound: only so does SQLite see that the partial index serves.
    open_ones = d.c.status != literal_column("'completed'")
    each = select(d.c.assignee, func.count().label("open"), late, high).where(open_ones).group_by(d.c.assignee)
    found = each.subquery()
    counts = (
        select(found, u.c.name)
        .select_from(found.outerjoin(u, literal("user:") + u.c.id == found.c.assignee))
        .order_by(found.c.open.desc(), found.c.assignee)
    )
    return tuple(
        TodoCount(row.assignee, row.name, row.open, int(row.overdue), int(row.high))
        for row in connection.execute(counts)
    )


def _read(
    connection: Connection,
    now: datetime,
    wheres: Iterable[ColumnElement[bool]],
    order: Iterable[ColumnElement[object]],
    locale: str,
    limit: int | None,
) -> tuple[TodoRow, ...]:
    """Return the ToDos of which all conditions hold."""
    d, p = t.todos, t.prospects
    joined = (
        d.join(p, p.c.id == d.c.prospect_id)
        .outerjoin(t.steps, t.steps.c.id == d.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == t.steps.c.scenario_id)
    )
    people = (p.c.email, p.c.first_name, p.c.last_name, p.c.company)
    origin = (t.scenarios.c.key.label("scenario"), t.steps.c.key.label("step"))
    chosen = select(d, *people, *origin).select_from(joined).where(*wheres).order_by(*order).limit(limit)
    return tuple(
        TodoRow(
            row.id, row.subject, row.due_at, row.priority, row.status, row.assignee, row.email, row.scenario, row.step,
            row.created_at, row.completed_at, row.outcome, full_name(row.first_name, row.last_name, locale),
            row.company, row.comments, row.status != "completed" and row.due_at is not None and row.due_at < now,
        )
        for row in connection.execute(chosen)
    )  # fmt: skip


def _open() -> ColumnElement[bool]:
    return t.todos.c.status != "completed"


def _order(now: datetime) -> tuple[ColumnElement[object], ...]:
    d = t.todos
    overdue = case((_open() & (d.c.due_at < now), 0), else_=1)
    priority = case(_PRIORITY, value=d.c.priority, else_=len(_PRIORITY))
    return overdue, case((d.c.due_at.is_(None), 1), else_=0), d.c.due_at, priority, d.c.id
