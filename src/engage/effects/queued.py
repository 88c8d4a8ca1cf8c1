"""What waits to be handed over: queued messages with all that their rendering reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, literal_column, or_, select

from engage.clock import micros
from engage.effects.merge_fields import Plain, custom_values, plain_prospect
from engage.effects.post import Post
from engage.language.fields import STANDARD
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.standing import big, many, run, standing, whole


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


def queued_ids(
    connection: Connection, table: Table, after: int, count: int, now: datetime, *, claim: bool
) -> list[int]:
    """Return the next queued rows of ``messages`` or ``notifications`` after a key, lowest first.

    Those that a mail server has deferred come at their time.
    ``claim``: lock them, passing over those that another delivery has locked (PostgreSQL).
    """
    return list(
        run(connection, _next_queued(table, claim=claim), None, after=after, most=count, by=micros(now)).scalars()
    )


@standing
def _next_queued(table: Table, *, claim: bool) -> Select[Any]:
    due = or_(table.c.try_at.is_(None), table.c.try_at <= big("by"))
    later = select(table.c.id).where(_is_queued(table), table.c.id > big("after"), due)
    chosen = later.order_by(table.c.id).limit(whole("most"))
    return chosen.with_for_update(skip_locked=True) if claim else chosen


def still_queued(connection: Connection, table: Table, ids: Sequence[int]) -> frozenset[int]:
    """Return which of these rows are still queued, locked for this transaction (PostgreSQL)."""
    return frozenset(run(connection, _still_queued(table), None, ids=list(ids)).scalars())


@standing
def _still_queued(table: Table) -> Select[Any]:
    chosen = select(table.c.id).where(table.c.id.in_(many("ids")), _is_queued(table)).order_by(table.c.id)
    return chosen.with_for_update(skip_locked=True)


def _is_queued(table: Table) -> Any:
    # Written out, not bound: only so does SQLite see that the partial index serves.
    return table.c.status == literal_column(str(int(MessageStatus.QUEUED)))


def read_messages(connection: Connection, post: Post, ids: Sequence[int]) -> list[Queued]:
    """Return messages with their prospects, in the order of their keys."""
    rows = run(connection, _messages(), None, ids=list(ids)).all()
    custom = custom_values(connection, post, [row.prospect_id for row in rows])
    return [_queued(row, post, custom.get(row.prospect_id, {})) for row in rows]


def field_columns() -> tuple[ColumnElement[Any], ...]:
    """Return the standard fields of a prospect as columns ``f_NAME``, of joined prospects and standings."""
    tables = (t.prospects.c, t.standings.c)
    return tuple(c[field.name].label(f"f_{field.name}") for c in tables for field in STANDARD if field.name in c)


@standing
def _messages() -> Select[Any]:
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
        w.c.text.label("template"),
        *scenario,
        t.scenarios.c.name.label("scenario_name"),
        *field_columns(),
    )
    return select(*columns).select_from(joined).where(m.c.id.in_(many("ids"))).order_by(m.c.id)


def _queued(row: Row[Any], post: Post, custom: Mapping[str, Plain]) -> Queued:
    there = row.f_email is not None and row.f_created_at is not None
    return Queued(
        id=row.id,
        prospect_id=row.prospect_id,
        enrolment_id=row.enrolment_id,
        step_id=row.step_id,
        scenario_id=row.scenario_id,
        scenario_key=row.scenario_key,
        scenario_name=row.scenario_name,
        template=row.template or "",
        marketing=row.kind == MessageKind.MARKETING,
        from_owner=bool(row.from_owner),
        queued_at=row.queued_at,
        deferred_at=row.deferred_at,
        try_at=row.try_at,
        prospect=plain_prospect(row, custom, post.house) if there else None,
        send_id=row.send_id,
    )
