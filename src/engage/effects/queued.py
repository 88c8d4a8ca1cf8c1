"""What waits to be handed over: queued messages with all that their rendering reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal_column, or_, select

from engage.clock import micros
from engage.effects.merge_fields import Names, Plain, columns_of, custom_values, plain_prospect
from engage.effects.post import Post
from engage.language.conditions import Condition
from engage.language.fields import STANDARD
from engage.language.template_fields import fields_read
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.mail_days import began_at
from engage.sql.predicates import holds
from engage.sql.standing import among, big, run, standing, whole

#: What a mail takes whatever its e-mail says: whom it goes to and from, in which language, and whether they are there.
_OWN = frozenset(("email", "full_name", "owner", "language", "created_at"))


@dataclass(frozen=True, slots=True)
class Queued:
    """A queued message; step and scenario are None for mail that no scenario sends."""

    id: int
    prospect_id: int
    enrolment_id: int | None
    step_id: int | None
    scenario_id: int | None
    scenario_key: str | None
    scenario_name: str | None
    template: str
    marketing: bool
    from_owner: bool
    queued_at: datetime
    #: when a mail server first refused it for a while, and before when it is not tried again
    deferred_at: datetime | None
    try_at: datetime | None
    #: the prospect's fields as plain data; None where the prospect is gone
    prospect: Mapping[str, Plain] | None
    #: the one-off send it belongs to
    send_id: int | None = None
    #: its opens and clicks may be counted, as far as that is asked of the prospect
    tracked: bool = True
    #: when the visit began that queued it; None: when it was queued
    began_at: datetime | None = None


def queued_ids(
    connection: Connection, table: Table, after: int, count: int, now: datetime, *, claim: bool, down: bool = False
) -> list[int]:
    """Return the next queued rows of ``messages`` or ``notifications`` after a key, upwards or ``down``.

    Those that a mail server has deferred come at their time.
    ``claim``: lock them, passing over those that another delivery has locked (PostgreSQL).
    """
    statement = _next_queued(table, claim=claim, down=down)
    return list(run(connection, statement, None, after=after, most=count, by=micros(now)).scalars().all())


@standing
def _next_queued(table: Table, *, claim: bool, down: bool) -> Select[Any]:
    key = table.c.id
    beyond = key < big("after") if down else key > big("after")
    later = select(key).where(_is_queued(table), beyond, _is_due(table))
    chosen = later.order_by(key.desc() if down else key).limit(whole("most"))
    return chosen.with_for_update(skip_locked=True) if claim else chosen


def untried_id(connection: Connection, after: int, now: datetime, *, down: bool) -> int | None:
    """Return the next queued message after a key, upwards or ``down``, that was never deferred."""
    found = run(connection, _untried(down=down), None, after=after, most=1, by=micros(now)).scalars().all()
    return next(iter(found), None)


@standing
def _untried(*, down: bool) -> Select[Any]:
    return _next_queued(t.messages, claim=False, down=down).where(t.messages.c.deferred_at.is_(None))


def queued_between(connection: Connection) -> tuple[int, int, int]:
    """Return how many messages are queued, and the lowest and the highest of their keys."""
    m = t.messages
    found = select(func.count(), func.min(m.c.id), func.max(m.c.id)).where(_is_queued(m))
    count, low, high = connection.execute(found).one()
    return count, low or 0, high or 0


def still_queued(connection: Connection, table: Table, ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Return which of these rows are still queued and due, locked for this transaction (PostgreSQL).

    One that another delivery has tried meanwhile comes at its time.
    """
    chosen = _still_queued(connection.dialect.name, table)
    return frozenset(run(connection, chosen, None, ids=list(ids), by=micros(now)).scalars())


@standing
def _still_queued(database: str, table: Table) -> Select[Any]:
    here = (among(database, table.c.id, "ids"), _is_queued(table), _is_due(table))
    return select(table.c.id).where(*here).order_by(table.c.id).with_for_update(skip_locked=True)


def _is_due(table: Table) -> ColumnElement[bool]:
    return or_(table.c.try_at.is_(None), table.c.try_at <= big("by"))


def _is_queued(table: Table) -> Any:
    # Written out, not bound: only so does SQLite see that the partial index serves.
    return table.c.status == literal_column(str(int(MessageStatus.QUEUED)))


def fields_for(post: Post) -> Names:
    """Return the fields that writing the mails of a delivery takes: those its e-mails name, and its own."""
    named = fields_read(template for variants in post.templates.values() for template in variants.values())
    return None if named is None else named | _OWN


def _tracked(connection: Connection, post: Post, ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Return the messages whose prospects may be tracked."""
    only, asked = post.house.tracking.only_where, Now.of(post.house, now)
    if only is None:
        return frozenset(ids)
    statement = _trackable(connection.dialect.name, only, asked.always)
    return frozenset(run(connection, statement, asked, ids=list(ids)).scalars())


@standing
def _trackable(database: str, only: Condition, asked: Now) -> Select[Any]:
    m = t.messages.c
    return select(m.id).where(among(database, m.id, "ids"), holds(only, m.prospect_id, asked))


def read_messages(
    connection: Connection, post: Post, ids: Sequence[int], now: datetime, names: Names = None
) -> list[Queued]:
    """Return messages with their prospects, in the order of their keys; ``names``: with these fields only."""
    found = run(connection, _messages(connection.dialect.name, columns_of(names)), None, ids=list(ids))
    columns = tuple(found.keys())
    rows = [dict(zip(columns, row, strict=True)) for row in found.all()]
    custom = custom_values(connection, post, [row["prospect_id"] for row in rows], names)
    tracked = _tracked(connection, post, ids, now)
    return [_queued(row, post, custom.get(row["prospect_id"], {}), names, tracked=row["id"] in tracked) for row in rows]


def field_columns(names: Names = None) -> tuple[ColumnElement[Any], ...]:
    """Return standard fields of a prospect as columns ``f_NAME``, of joined prospects and standings."""
    tables = (t.prospects.c, t.standings.c)
    wanted = [field.name for field in STANDARD if names is None or field.name in names]
    return tuple(c[name].label(f"f_{name}") for c in tables for name in wanted if name in c)


@standing
def _messages(database: str, names: Names) -> Select[Any]:
    m, p, s, w, step = t.messages, t.prospects, t.standings, t.words, t.steps
    own = (m.c.id, m.c.prospect_id, m.c.enrolment_id, m.c.step_id, m.c.kind, m.c.from_owner, m.c.queued_at)
    waited = (m.c.deferred_at, m.c.try_at, m.c.send_id)
    scenario = (t.scenarios.c.id.label("scenario_id"), t.scenarios.c.key.label("scenario_key"))
    joined = (
        m.outerjoin(p, p.c.id == m.c.prospect_id)
        .outerjoin(s, s.c.prospect_id == m.c.prospect_id)
        .outerjoin(w, w.c.id == m.c.template_id)
        .outerjoin(step, step.c.id == m.c.step_id)
        .outerjoin(t.scenarios, t.scenarios.c.id == step.c.scenario_id)
    )
    columns = (
        *own,
        *waited,
        began_at().label("began_at"),
        w.c.text.label("template"),
        *scenario,
        t.scenarios.c.name.label("scenario_name"),
        *field_columns(names),
    )
    return select(*columns).select_from(joined).where(among(database, m.c.id, "ids")).order_by(m.c.id)


def _queued(row: Mapping[str, Any], post: Post, custom: Mapping[str, Plain], names: Names, *, tracked: bool) -> Queued:
    there = row["f_email"] is not None and row["f_created_at"] is not None
    return Queued(
        row["id"],
        row["prospect_id"],
        row["enrolment_id"],
        row["step_id"],
        row["scenario_id"],
        row["scenario_key"],
        row["scenario_name"],
        row["template"] or "",
        row["kind"] == MessageKind.MARKETING,
        bool(row["from_owner"]),
        row["queued_at"],
        row["deferred_at"],
        row["try_at"],
        plain_prospect(row, custom, post.house, names) if there else None,
        row["send_id"],
        tracked,
        row["began_at"],
    )
