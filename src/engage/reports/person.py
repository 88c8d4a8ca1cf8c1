"""The 360° view of one prospect: what is known, where it stands, what happened last, what the score is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from engage.language.fields import GRADES, STANDARD, fold
from engage.language.vocabulary import Vocabulary
from engage.plan.moves import House
from engage.reports.calls import Call, calls_of
from engage.reports.csvout import Value
from engage.reports.export_prospects import custom_fields, full_name, kept_value
from engage.reports.person_history import Entry, Happening, Letter, entries, happenings, letters
from engage.reports.person_place import Membership, Run, categories, lists_of, memberships, runs, tags_of
from engage.reports.todos import TodoRow, todos_of
from engage.sql import tables as t
from engage.sql.predicates import Now, Who, mailable

#: How much of the past is shown.
LAST = 20


@dataclass(frozen=True, slots=True)
class Person:
    """One prospect. What happened stands latest first."""

    id: int
    email: str
    name: str
    #: every field that has a value, standard ones first
    fields: tuple[tuple[str, Value], ...]
    score: int
    #: points by category; they count in the score too
    categories: tuple[tuple[str, int], ...]
    grade: str | None
    #: an addressee, and the user's name
    owner: str | None
    owner_name: str | None
    mailable: bool
    opted_out: bool
    do_not_email: bool
    created_at: datetime
    last_activity_at: datetime | None
    #: static and dynamic ones
    lists: tuple[str, ...]
    tags: tuple[str, ...]
    campaigns: tuple[Membership, ...]
    runs: tuple[Run, ...]
    activities: tuple[Happening, ...]
    messages: tuple[Letter, ...]
    calls: tuple[Call, ...]
    #: the open ones first
    todos: tuple[TodoRow, ...]
    #: how many open ones are not among them
    more_todos: int
    ledger: tuple[Entry, ...]


def person(
    connection: Connection,
    vocabulary: Vocabulary,
    house: House,
    email: str,
    now: datetime,
    *,
    last: int = LAST,
    locale: str | None = None,
) -> Person | None:
    """Return the prospect of an address, or None; ``last`` bounds activities, messages, completed ToDos and ledger.

    ``locale`` is the reader's, in whose manner names are written; None: the workspace's.
    """
    p, s, u = t.prospects, t.standings, t.users
    asked = Now(now, house.hours.zone, house.locale, house.require_consent)
    chosen = (
        select(p, s, u.c.name.label("owner_name"), mailable(Who(s, p), asked).label("mailable"))
        .select_from(p.join(s, s.c.prospect_id == p.c.id).outerjoin(u, s.c.owner == "user:" + u.c.id))
        .where(p.c.email_folded == fold(email.strip()))
    )
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    known = dict(row._mapping)
    here = locale or house.locale
    shown, more = todos_of(connection, now, row.id, locale=here, last=last)
    standard = [(field.name, known[field.name]) for field in STANDARD if field.stored]
    custom = _custom(connection, vocabulary, row.id)
    return Person(
        id=row.id,
        email=row.email,
        name=full_name(row.first_name, row.last_name, here),
        fields=tuple((name, value) for name, value in (*standard, *custom) if value not in (None, "")),
        score=row.score,
        categories=categories(connection, row.id),
        grade=None if row.grade is None else GRADES[row.grade],
        owner=row.owner,
        owner_name=row.owner_name,
        mailable=bool(row.mailable),
        opted_out=row.opted_out,
        do_not_email=row.do_not_email,
        created_at=row.created_at,
        last_activity_at=row.last_activity_at,
        lists=lists_of(connection, vocabulary, row.id, asked),
        tags=tags_of(connection, row.id),
        campaigns=memberships(connection, row.id),
        runs=runs(connection, row.id),
        activities=happenings(connection, row.id, last),
        messages=letters(connection, row.id, last),
        calls=calls_of(connection, row.id, last),
        todos=shown,
        more_todos=more,
        ledger=entries(connection, row.id, last),
    )


def _custom(connection: Connection, vocabulary: Vocabulary, prospect_id: int) -> list[tuple[str, Value]]:
    """Return the values of custom fields, in the order of the workspace's file."""
    f, w = t.field_values, t.words
    chosen: Select[Any] = select(w.c.text.label("name"), f.c.text, f.c.number, f.c.whole).join_from(
        f, w, w.c.id == f.c.field_id
    )
    kept = {row.name: row for row in connection.execute(chosen.where(f.c.prospect_id == prospect_id))}
    return [
        (field.name, kept_value(kept[field.name], field.type))
        for field in custom_fields(vocabulary)
        if field.name in kept
    ]
