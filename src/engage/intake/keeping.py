"""What was before an import or an event changes it, kept in the same transaction; new prospects have no past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from engage.clock import micros
from engage.intake.import_kind import Task
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.columns import Instant, Key
from engage.sql.history import custom_value, kept, value_of
from engage.sql.interning import word_id, word_ids
from engage.sql.scratch import clear, counted, scratch

Truth = ColumnElement[bool]

#: The staged people some field of whom is about to change.
differing = scratch("differing", Column("prospect_id", Key, primary_key=True, autoincrement=False))

_NOTHING: dict[str, Any] = {"text": None, "detail": None, "number": None}


def _at(now: datetime) -> ColumnElement[Any]:
    return literal(micros(now), Instant)


def _known(people: Table) -> Truth:
    """Return whether a staged row is of somebody who was known before."""
    return and_(people.c.prospect_id.is_not(None), not_(people.c.fresh))


def keep_fields(connection: Connection, people: Table, differs: Mapping[str, Truth], now: datetime) -> bool:
    """Keep the standard fields of staged people that are about to change; tell whether any is.

    ``differs`` says of each field whether it will change, over the staged people joined with ``prospects``. The
    table ``differing`` holds who changes.
    """
    p = t.prospects
    clear(connection, differing)
    joined = people.join(p, p.c.id == people.c.prospect_id)
    who = select(p.c.id).select_from(joined).where(or_(*differs.values())).distinct()
    if not connection.execute(counted(insert(differing).from_select(["prospect_id"], who))).rowcount:
        return False
    numbers = word_ids(connection, "field", differs)
    those = joined.join(differing, differing.c.prospect_id == p.c.id)
    for name, differs_ in differs.items():
        number = literal(numbers[name])
        connection.execute(kept(those, p.c.id, _at(now), ChangeKind.FIELD, number, differs_, **value_of(p.c[name])))
    return True


def keep_owners(connection: Connection, people: Table, differs: Truth, now: datetime) -> None:
    """Keep the owners of staged people that are about to change."""
    s = t.standings
    number = literal(word_id(connection, "field", "owner"))
    joined = people.join(s, s.c.prospect_id == people.c.prospect_id)
    wheres = (differs, _known(people))
    connection.execute(kept(joined, s.c.prospect_id, _at(now), ChangeKind.FIELD, number, *wheres, text=s.c.owner))


def keep_custom(connection: Connection, people: Table, values: Table, task: Task) -> None:
    """Keep the custom fields that staged values are about to change; empty ones do so only if they clear."""
    v = t.field_values
    mine = and_(v.c.prospect_id == people.c.prospect_id, v.c.field_id == values.c.field_id)
    joined = values.join(people, people.c.n == values.c.n).outerjoin(v, mine)
    differs = or_(*(v.c[name].is_distinct_from(values.c[name]) for name in ("text", "number", "whole")))
    wheres = [_known(people), differs]
    if not task.options.clear_empty:
        wheres.append(values.c.empty.is_(False))
    number, at = values.c.field_id, _at(task.now)
    connection.execute(kept(joined, people.c.prospect_id, at, ChangeKind.FIELD, number, *wheres, **custom_value()))


def keep_links(connection: Connection, joined: FromClause, people: Table, links: Table, now: datetime) -> None:
    """Keep that staged people have not some tags yet and are not on some lists, which ``links`` gives them."""
    for word, kind, table in (("tag", ChangeKind.TAG, t.prospect_tags), ("list", ChangeKind.LIST, t.list_members)):
        there = exists(select(1).where(_own(table, people, links.c.ref)))
        wheres = (links.c.kind == word, _known(people), not_(there))
        connection.execute(kept(joined, people.c.prospect_id, _at(now), kind, links.c.ref, *wheres, whole=literal(0)))


def _own(table: Table, people: Table, ref: ColumnElement[int]) -> Truth:
    """Return whether a row of tags or lists is a staged person's, of a number."""
    return and_(table.c.prospect_id == people.c.prospect_id, table.primary_key.columns[1] == ref)


def keep_memberships(connection: Connection, members: Table, now: datetime, *, add: bool) -> None:
    """Keep which staged memberships of lists are about to begin or to end."""
    there = exists(select(1).where(_own(t.list_members, members, members.c.list_id)))
    wheres = (_known(members), not_(there) if add else there)
    rows = select(members.c.prospect_id, members.c.list_id).where(*wheres).distinct().subquery("rows")
    was = literal(int(not add), BigInteger)
    connection.execute(kept(rows, rows.c.prospect_id, _at(now), ChangeKind.LIST, rows.c.list_id, whole=was))


def set_flag(connection: Connection, now: datetime, flag: str, *wheres: Truth, to: bool = True) -> None:
    """Set a flag of standings where it is not so yet, and keep what it was; ``to`` False takes it away."""
    s = t.standings
    number, was = literal(word_id(connection, "field", flag)), literal(int(not to))
    other = (*wheres, not_(s.c[flag]) if to else s.c[flag])
    connection.execute(kept(s, s.c.prospect_id, _at(now), ChangeKind.FIELD, number, *other, whole=was))
    connection.execute(update(s).where(*other).values({flag: to}))


def keep_deals(connection: Connection, deals: Iterable[Any], now: datetime, *, there: bool) -> None:
    """Keep opportunities as they were before a change, given as rows; ``there`` False: they are new."""
    rows = [
        {
            **_change(ChangeKind.OPPORTUNITY, deal.prospect_id, deal.id, now, there=there),
            **({"text": deal.status, "detail": deal.stage, "number": deal.amount} if there else _NOTHING),
        }
        for deal in deals
    ]
    if rows:
        connection.execute(insert(t.changes), rows)


def keep_campaigns(connection: Connection, members: Iterable[Any], now: datetime, *, there: bool) -> None:
    """Keep memberships of campaigns as they were before a change, given as rows; ``there`` False: they are new."""
    rows = [
        {
            **_change(ChangeKind.CAMPAIGN, member.prospect_id, member.campaign_id, now, there=there),
            "text": member.status if there else None,
        }
        for member in members
    ]
    if rows:
        connection.execute(insert(t.changes), rows)


def _change(kind: ChangeKind, prospect_id: int, ref: int, now: datetime, *, there: bool) -> dict[str, Any]:
    return {"prospect_id": prospect_id, "at": now, "kind": int(kind), "ref": ref, "whole": int(there)}
