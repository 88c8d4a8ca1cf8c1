"""The sales inbox page by page: whose ToDos, under which tab, from which place on; by key, however many there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, func, literal_column, or_, select
from sqlalchemy import type_coerce as as_type

from engage.clock import FOREVER
from engage.language.fields import GRADES
from engage.reports.export_prospects import full_name
from engage.sql import tables as t

Tab = Literal["mine", "queues", "overdue", "today", "later", "done"]
#: The tabs in their order. Those overdue, due today and due later (or at no time) are together those of ``mine``;
#: ``done`` are mine that are completed, the last first.
TABS: tuple[Tab, ...] = ("mine", "queues", "overdue", "today", "later", "done")
#: How many ToDos a page shows.
SIZE = 50
_MARK = re.compile(r"(-?[0-9]{1,19})\.([0-2])\.([0-9]{1,18})", re.ASCII)
_RANKS = {"high": 0, "normal": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose ToDos are looked at, as addressees."""

    mine: str
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    """The present moment and the first of the reader's tomorrow."""

    now: datetime
    tomorrow: datetime


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One ToDo in the list."""

    id: int
    #: how often it was changed: forms check it
    changes: int
    subject: str
    due_at: datetime | None
    priority: str
    status: str
    #: an addressee, and the user's name
    to: str
    to_name: str | None
    prospect_id: int
    name: str
    email: str
    company: str | None
    score: int
    grade: str | None
    completed_at: datetime | None
    outcome: str | None
    overdue: bool

    @property
    def seen(self) -> str:
        """What a form says of it (see engage.intake.todo_deeds)."""
        return f"{self.id}.{self.changes}"


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of the list."""

    rows: tuple[InboxRow, ...]
    #: what the next page is asked by; None: this is the last
    next: str | None


def whose(connection: Connection, user: str) -> Whose:
    """Return whose ToDos a user's inbox shows: their own, and those of their queues."""
    q = t.queue_members
    keys = connection.scalars(select(q.c.queue_key).where(q.c.user_id == user).order_by(q.c.queue_key))
    return Whose(f"user:{user}", tuple(f"queue:{key}" for key in keys))


def counts(connection: Connection, whose: Whose, today: Today) -> dict[Tab, int]:
    """Return how many open ToDos stand under each tab."""
    d = t.todos
    late = func.coalesce(func.sum(case((d.c.due_at < today.now, 1), else_=0)), 0)
    soon = func.coalesce(func.sum(case((_within(d.c.due_at, today), 1), else_=0)), 0)
    mine = connection.execute(select(func.count(), late, soon).where(_open(), d.c.assignee == whose.mine)).one()
    queued = connection.scalar(select(func.count()).where(_open(), d.c.assignee.in_(whose.queues))) or 0
    total, overdue, due = (int(number) for number in mine)
    return {"mine": total, "queues": queued, "overdue": overdue, "today": due, "later": total - overdue - due}


def page(
    connection: Connection,
    whose: Whose,
    tab: Tab,
    today: Today,
    *,
    after: str = "",
    locale: str = "en",
    size: int = SIZE,
) -> InboxPage:
    """Return a page of a tab: by due date, none last, then by priority, then by number; what is done, last first.

    ``after`` is what a page before named as its next; anything else is the first page.
    """
    keys = _done_keys(whose, after) if tab == "done" else _open_keys(whose, tab, today, after)
    found = connection.execute(keys.limit(size + 1)).all()
    rows = _rows(connection, [row.id for row in found[:size]], today.now, locale)
    return InboxPage(rows, _mark(found[size - 1]) if len(found) > size else None)


def fingerprint(connection: Connection, whose: Whose, tab: Tab, today: Today) -> tuple[int, int, int]:
    """Return what changes when a ToDo comes to a tab or leaves it: count, sum of the numbers, and the highest."""
    d = t.todos
    chosen = select(func.count(), func.coalesce(func.sum(d.c.id), 0), func.coalesce(func.max(d.c.id), 0))
    count, total, last = connection.execute(chosen.where(*_under(whose, tab, today))).one()
    return int(count), int(total), int(last)


def newer(connection: Connection, whose: Whose, tab: Tab, today: Today, last: int) -> int:
    """Return how many ToDos of a tab have a number above one."""
    return connection.scalar(select(func.count()).where(*_under(whose, tab, today), t.todos.c.id > last)) or 0


def _under(whose: Whose, tab: Tab, today: Today) -> tuple[ColumnElement[bool], ...]:
    """Return what tells the ToDos of a tab."""
    d = t.todos
    mine = d.c.assignee == whose.mine
    match tab:
        case "mine":
            return _open(), mine
        case "queues":
            return _open(), d.c.assignee.in_(whose.queues)
        case "overdue":
            return _open(), mine, d.c.due_at < today.now
        case "today":
            return _open(), mine, _within(d.c.due_at, today)
        case "later":
            return _open(), mine, or_(d.c.due_at.is_(None), d.c.due_at >= today.tomorrow)
        case "done":
            return d.c.status == "completed", mine


def _within(due: ColumnElement[Any], today: Today) -> ColumnElement[bool]:
    return and_(due >= today.now, due < today.tomorrow)


def _open() -> ColumnElement[bool]:
    # Written out, not bound: only so does SQLite see that the partial index serves.
    return t.todos.c.status != literal_column("'completed'")


def _open_keys(whose: Whose, tab: Tab, today: Today, after: str) -> Select[Any]:
    d = t.todos
    # One number for both: what is due at no time comes last.
    due = func.coalesce(as_type(d.c.due_at, BigInteger), literal_column(str(FOREVER)))
    rank = case(_RANKS, value=d.c.priority, else_=1)
    chosen = select(d.c.id, due.label("due"), rank.label("rank")).where(*_under(whose, tab, today))
    mark = _MARK.fullmatch(after)
    if mark is not None:
        at, step, last = (int(part) for part in mark.groups())
        beyond = or_(rank > step, and_(rank == step, d.c.id > last))
        chosen = chosen.where(or_(due > at, and_(due == at, beyond)))
        if at < FOREVER:  # said once more for the index
            chosen = chosen.where(or_(as_type(d.c.due_at, BigInteger) >= at, d.c.due_at.is_(None)))
    return chosen.order_by(due, rank, d.c.id)


def _done_keys(whose: Whose, after: str) -> Select[Any]:
    d = t.todos
    at = as_type(d.c.completed_at, BigInteger)
    chosen = select(d.c.id, at.label("due"), literal_column("0").label("rank"))
    chosen = chosen.where(d.c.assignee == whose.mine, d.c.status == "completed")
    mark = _MARK.fullmatch(after)
    if mark is not None:
        chosen = chosen.where(or_(at < int(mark[1]), and_(at == int(mark[1]), d.c.id < int(mark[3]))))
    return chosen.order_by(d.c.completed_at.desc(), d.c.id.desc())


def _mark(row: Any) -> str:
    return f"{row.due}.{row.rank}.{row.id}"


def _rows(connection: Connection, ids: Sequence[int], now: datetime, locale: str) -> tuple[InboxRow, ...]:
    """Return ToDos by their numbers, in that order."""
    d, p, s, u = t.todos, t.prospects, t.standings, t.users
    chosen = (
        select(
            d, p.c.first_name, p.c.last_name, p.c.email, p.c.company, s.c.score, s.c.grade, u.c.name.label("to_name")
        )
        .join_from(d, p, p.c.id == d.c.prospect_id)
        .join(s, s.c.prospect_id == d.c.prospect_id)
        .outerjoin(u, d.c.assignee == "user:" + u.c.id)
        .where(d.c.id.in_(ids))
    )
    found = {row.id: row for row in connection.execute(chosen)}
    return tuple(_row(found[key], now, locale) for key in ids if key in found)


def _row(row: Any, now: datetime, locale: str) -> InboxRow:
    return InboxRow(
        row.id, row.changes, row.subject, row.due_at, row.priority, row.status, row.assignee, row.to_name,
        row.prospect_id, full_name(row.first_name, row.last_name, locale), row.email, row.company, row.score,
        None if row.grade is None else GRADES[row.grade], row.completed_at, row.outcome,
        row.status != "completed" and row.due_at is not None and row.due_at < now,
    )  # fmt: skip
