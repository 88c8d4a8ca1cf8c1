"""Conditions become SQL: one function for rules, audiences, dynamic lists, grading and exports.

``holds`` is two-valued: an empty field satisfies only ``exists: false``, ``ne``, ``not_in`` and ``not``.
``truth`` with ``unknown=True`` is three-valued (Kleene): a comparison with an empty field is NULL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, null, or_, select, true

from engage.language.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldIs,
    GradeIs,
    Mailable,
    Not,
    OwnedBy,
    ScoreIs,
    leaves,
)
from engage.sql import tables as t
from engage.sql.asked import COMPARE, Near, Now, Truth, Who, numbers
from engage.sql.fields import compared, field_value
from engage.sql.having import has, mailable, scenario_id
from engage.sql.interning import word

__all__ = ["Now", "Truth", "Who", "holds", "mailable", "numbers", "reads_prospect", "scenario_id", "truth"]

#: The tables of who is asked about. No question lies in another, so all share these: an alias is slow to make.
_WHO = Who(t.standings.alias(), t.prospects.alias())


def holds(condition: Condition, prospect_id: ColumnElement[int], now: Now, *, near: Near | None = None) -> Truth:
    """Return a predicate: the condition holds for the prospect of this key at this moment.

    ``near`` tells, of a prospect's key, whether it is one of a chunk's (see ``standing.near``).
    """
    if all(_asks_elsewhere(part) for part in leaves(condition)):
        return truth(condition, replace(_WHO, near=near, key=prospect_id), now)
    who = replace(_WHO, near=near)
    tables = who.standing
    if reads_prospect(condition):
        tables = tables.join(who.prospect, who.owns(who.prospect.c.id))
    asked = select(1).select_from(tables).where(who.id == prospect_id)
    if near is not None:
        asked = asked.where(near(who.id))
    return exists(asked.where(truth(condition, who, now)))


def reads_prospect(condition: Condition) -> bool:
    """Tell whether a condition reads the wide table of prospects."""
    fields = (part for part in leaves(condition) if isinstance(part, FieldIs))
    return any(not field.custom and field.field not in t.standings.c for field in fields)


def _asks_elsewhere(leaf: Condition) -> bool:
    """Tell whether a condition reads neither table of a prospect, but only what it has or did; it is never unknown."""
    match leaf:
        case FieldIs() | GradeIs() | OwnedBy() | Mailable():
            return False
        case ScoreIs():
            return leaf.category is not None
        case _:
            return True


def truth(condition: Condition, who: Who, now: Now, *, exact: bool = False, unknown: bool = False) -> Truth:
    """Return the condition as an expression over joined tables.

    ``exact``: never NULL (needed under ``not``); ``unknown``: NULL where an empty field leaves it open.
    """
    match condition:
        case AllOf(parts):
            return and_(true(), *(truth(part, who, now, exact=exact, unknown=unknown) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(truth(part, who, now, exact=exact, unknown=unknown) for part in parts))
        case Not(part):
            return not_(truth(part, who, now, exact=not unknown, unknown=unknown))
        case FieldIs():
            plain = compared(condition, field_value(condition, who, now.locale), now.at, now.zone, unknown=unknown)
        case ScoreIs():
            plain = numbers(_score(condition, who), condition.tests)
        case GradeIs():
            plain = _grade(condition, who, unknown=unknown)
        case _:
            return has(condition, who, now)
    return func.coalesce(plain, false()) if exact and not unknown else plain


def _score(condition: ScoreIs, who: Who) -> ColumnElement[Any]:
    if condition.category is None:
        return who.standing.c.score
    points = select(t.category_scores.c.points).where(
        who.owns(t.category_scores.c.prospect_id),
        t.category_scores.c.category_id == word("category", condition.category),
    )
    return func.coalesce(points.scalar_subquery(), 0)


def _grade(condition: GradeIs, who: Who, *, unknown: bool) -> Truth:
    column = who.standing.c.grade
    match condition.operator:
        case "exists":
            return column.is_not(null()) if condition.values[0] else column.is_(null())
        case "in":
            return column.in_(condition.values)
        case "ne":
            other = column != condition.values[0]
            return other if unknown else or_(other, column.is_(null()))
        case operator:
            return COMPARE[operator](column, condition.values[0])
