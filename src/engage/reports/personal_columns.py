"""Columns become plain keys: numbers of words, steps and scenarios are read as their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Table, Text, case, func, null, select, type_coerce

from engage.clock import HORIZON
from engage.reports.personal_parts import is_told
from engage.sql import tables as t
from engage.sql.codes import FIRST_NAMED, ChangeKind, RunState
from engage.sql.columns import Instant

#: Columns that hold the number of a row that has a name, and where that stands.
_NAMES: Mapping[str, Column[Any]] = {
    **{f"{name}_id": t.words.c.text for name in
       ("type", "target", "link", "tag", "field", "category", "rule", "template")},
    "list_id": t.lists.c.key,
    "campaign_id": t.campaigns.c.key,
    "scenario_id": t.scenarios.c.key,
    "opportunity_id": t.opportunities.c.key,
    "step_id": t.steps.c.key,
}  # fmt: skip


def keys(table: Table) -> dict[str, ColumnElement[Any]]:
    """Return what is read of a table, by the key under which it is told.

    >>> list(keys(t.reasons)), list(keys(t.prospect_tags))
    (['scenario', 'run', 'move', 'reason'], ['tag'])
    """
    read: dict[str, ColumnElement[Any]] = dict(_scenario(table))
    for column in table.c:
        if is_told(column):
            read.update(_read(column))
    return read


def _read(column: Column[Any]) -> Iterator[tuple[str, ColumnElement[Any]]]:
    name = column.name
    if name in _NAMES:
        yield name.removesuffix("_id"), _of(_NAMES[name], column)
    elif name == "enrolment_id":
        yield "run", _of(t.enrolments.c.run, column)
    elif name == "deed_id":
        deeds = t.todo_deeds.c
        for key, told in (("at", deeds.at), ("deed", deeds.kind), ("by", deeds.user_id)):
            yield key, _of(told, column)
    elif name == "content_id":
        yield from ((each, _of(t.call_contents.c[each], column)) for each in ("kind", "content"))
    elif column is t.enrolments.c.due_at:
        yield name, _due()
    elif column is t.changes.c.ref:
        yield "of", _changed()
    elif column is t.visits.c.outcome:
        yield from ((name, column), ("named", _outcome()))
    else:
        yield name if isinstance(column.type, Text) else name.removesuffix("_id"), column


def _scenario(table: Table) -> Iterator[tuple[str, ColumnElement[Any]]]:
    """Yield the scenario of a table's run, else of its step, where it has either and does not name it itself."""
    ways = [
        select(t.scenarios.c.key).where(t.scenarios.c.id == other.c.scenario_id, other.c.id == table.c[name])
        for name, other in (("enrolment_id", t.enrolments), ("step_id", t.steps))
        if name in table.c and "scenario_id" not in table.c
    ]
    if ways:
        yield "scenario", func.coalesce(*(way.correlate(table).scalar_subquery() for way in ways), null())


def _of(name: Column[Any], number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what stands in a row that a number names."""
    other = name.table.alias()
    return select(other.c[name.name]).where(other.c.id == number).scalar_subquery()


def _due() -> ColumnElement[Any]:
    """Return when an active run's step is due: durations are kept in scenario time."""
    e, due = t.enrolments, type_coerce(t.enrolments.c.due_at, BigInteger)
    known = (e.c.state == int(RunState.ACTIVE)) & (due < HORIZON)
    return type_coerce(case((known, due + _of(t.scenarios.c.paused_total, e.c.scenario_id))), Instant)


def _changed() -> ColumnElement[Any]:
    """Return the name of what a change was of."""
    c = t.changes.c
    names: Mapping[ChangeKind, ColumnElement[Any]] = {
        ChangeKind.FIELD: _of(t.words.c.text, c.ref),
        ChangeKind.LIST: _of(t.lists.c.key, c.ref),
        ChangeKind.TAG: _of(t.words.c.text, c.ref),
        ChangeKind.CAMPAIGN: _of(t.campaigns.c.key, c.ref),
        ChangeKind.OPPORTUNITY: _of(t.opportunities.c.key, c.ref),
        ChangeKind.HELD: _of(t.scenarios.c.key, _of(t.enrolments.c.scenario_id, c.ref)),
    }
    return case(*((c.kind == int(kind), name) for kind, name in names.items()))


def _outcome() -> ColumnElement[Any]:
    """Return the name of a switch's case or a split's arm."""
    v, o = t.visits.c, t.outcome_names.c
    return select(o.name).where(o.step_id == v.step_id, o.number == v.outcome - FIRST_NAMED).scalar_subquery()
