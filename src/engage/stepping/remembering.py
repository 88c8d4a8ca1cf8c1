"""What was before an action changes it, kept for the prospects that stand at its step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Executable, FromClause, Insert, Table, and_, case, literal, select
from sqlalchemy import exists as exists_

from engage.intake.people import tag_ids
from engage.language.fields import fold
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.cohort import cohort
from engage.sql.history import custom_value, kept, value_of
from engage.sql.interning import word_id
from engage.sql.outbox import HERE, Site
from engage.sql.standing import NOW, near, near_in, standing
from engage.stepping.walk import Walk

Column = ColumnElement[Any]


def remember(walk: Walk, site: Site, action: moves.Act) -> Sequence[Executable]:
    """Return the statements that keep what an action is about to change; most actions change nothing that is kept."""
    connection = walk.connection
    match action:
        case moves.ChangeLists(lists, add):
            keys = connection.scalars(select(t.lists.c.id).where(t.lists.c.key.in_(lists))).all()
            return _membership(site, t.list_members, ChangeKind.LIST, tuple(keys), add=add)
        case moves.ChangeTags(tags, add=True):
            numbers = tuple(dict.fromkeys(tag_ids(connection, frozenset(tags)).values()))
            return _membership(site, t.prospect_tags, ChangeKind.TAG, numbers, add=True)
        case moves.ChangeTags(tags):
            return _untagged(site, tuple(fold(tag) for tag in tags))
        case moves.SetField(changes):
            return [_field(site, change, word_id(connection, "field", change.field)) for change in changes]
        case moves.Assign(kind, name):
            owner = None if kind == "group" else f"{kind}:{name}"
            return [_standing(site, "owner", word_id(connection, "field", "owner"), owner)]
        case moves.OptOut():
            return [_standing(site, "opted_out", word_id(connection, "field", "opted_out"), True)]
        case moves.AddToCampaign(campaign):
            return [_member(site, campaign)]
        case _:
            return ()


def _kept(site: Site, joined: FromClause, kind: ChangeKind, ref: Column, *wheres: Column, **was: Column) -> Insert:
    """Keep what was before a change of the rows at the step."""
    whose = {"enrolment_id": cohort.c.id, "step_id": site.step, **was}
    return kept(joined, cohort.c.prospect_id, NOW, kind, ref, HERE, *wheres, **whose)


def _own(site: Site, prospect_id: Column) -> Column:
    """Return whether a joined row is of the prospect of a row of the cohort."""
    return and_(prospect_id == cohort.c.prospect_id, near_in(site.database, prospect_id))


@standing
def _membership(site: Site, table: Table, kind: ChangeKind, numbers: tuple[int, ...], *, add: bool) -> list[Insert]:
    """Keep who is not yet on some lists or has not some tags, or who is and has."""
    who, ref = table.c.prospect_id, table.primary_key.columns[1]
    if not add:
        joined = cohort.join(table, and_(_own(site, who), ref.in_(numbers)))
        return [_kept(site, joined, kind, ref, whole=literal(1))]
    return [
        _kept(
            site, cohort, kind, literal(number),
            ~exists_(select(1).where(who == cohort.c.prospect_id, near(who), ref == number)), whole=literal(0),
        )
        for number in numbers
    ]  # fmt: skip


@standing
def _untagged(site: Site, folded: tuple[str, ...]) -> list[Insert]:
    """Keep the tags that read like some, which are about to be taken."""
    tags, w = t.prospect_tags, t.words
    joined = cohort.join(tags, _own(site, tags.c.prospect_id)).join(w, w.c.id == tags.c.tag_id)
    alike = and_(w.c.kind == "tag", w.c.folded.in_(folded))
    return [_kept(site, joined, ChangeKind.TAG, tags.c.tag_id, alike, whole=literal(1))]


@standing
def _field(site: Site, change: moves.FieldChange, number: int) -> Insert:
    """Keep a field's value, unless it is that already; the value of an expression is not made twice to see."""
    if change.custom:
        v = t.field_values
        mine = and_(_own(site, v.c.prospect_id), v.c.field_id == number)
        return _kept(site, cohort.outerjoin(v, mine), ChangeKind.FIELD, literal(number), **custom_value())
    p = t.prospects
    column = p.c[change.field]
    differs = () if change.parts is not None else (column.is_distinct_from(literal(change.value, column.type)),)
    joined = cohort.join(p, _own(site, p.c.id))
    return _kept(site, joined, ChangeKind.FIELD, literal(number), *differs, **value_of(column))


@standing
def _standing(site: Site, name: str, number: int, value: str | bool | None) -> Insert:
    """Keep the owner or a flag of those for whom it will differ; None: to each another."""
    s = t.standings
    differs = () if value is None else (s.c[name].is_distinct_from(literal(value, s.c[name].type)),)
    joined = cohort.join(s, _own(site, s.c.prospect_id))
    return _kept(site, joined, ChangeKind.FIELD, literal(number), *differs, **value_of(s.c[name]))


@standing
def _member(site: Site, campaign: str) -> Insert:
    m, c = t.campaign_members, t.campaigns
    joined = cohort.join(c, c.c.key == campaign).outerjoin(
        m, and_(_own(site, m.c.prospect_id), m.c.campaign_id == c.c.id)
    )
    return _kept(site, joined, ChangeKind.CAMPAIGN, c.c.id, whole=_there(m.c.prospect_id), text=m.c.status)


def _there(column: Column) -> Column:
    """Return 1 where an outer join found a row."""
    return case((column.is_(None), 0), else_=literal(1, BigInteger))
