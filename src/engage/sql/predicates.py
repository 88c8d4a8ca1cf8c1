"""Conditions become SQL: one function for rules, audiences, dynamic lists, grading and exports.

``holds`` is two-valued: an empty field satisfies only ``exists: false``, ``ne``, ``not_in`` and ``not``.
``truth`` with ``unknown=True`` is three-valued (Kleene): a comparison with an empty field is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, and_, exists, false, func, not_, null, or_, select, true

from engage.language.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Did,
    Emailed,
    FieldIs,
    GradeIs,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    Not,
    NumberTests,
    OnList,
    OwnedBy,
    ScoreIs,
    Tagged,
)
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus, RunState
from engage.sql.fields import compared, field_value, since, text_test
from engage.sql.interning import word

Truth = ColumnElement[bool]

#: How each operator compares a value with constants.
COMPARE: Mapping[str, Callable[[ColumnElement[Any], object], Truth]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}


@dataclass(frozen=True, slots=True)
class Now:
    """The moment a condition is asked at, and the house's rules that it depends on."""

    at: datetime
    zone: ZoneInfo
    locale: str = "en"
    require_consent: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """The prospect a condition is asked of: the tables that the statement has joined."""

    standing: FromClause
    prospect: FromClause

    @property
    def id(self) -> ColumnElement[int]:
        """The prospect's key."""
        return self.standing.c.prospect_id


def holds(condition: Condition, prospect_id: ColumnElement[int], now: Now) -> Truth:
    """Return a predicate: the condition holds for the prospect of this key at this moment."""
    if condition == AllOf(()):
        return true()
    standing = t.standings.alias()
    prospect = t.prospects.alias()
    who = Who(standing, prospect)
    tables: FromClause = standing
    if reads_prospect(condition):
        tables = standing.join(prospect, prospect.c.id == standing.c.prospect_id)
    asked = select(1).select_from(tables).where(standing.c.prospect_id == prospect_id)
    return exists(asked.where(truth(condition, who, now)))


def reads_prospect(condition: Condition) -> bool:
    """Tell whether a condition reads the wide table of prospects."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return any(reads_prospect(part) for part in parts)
        case Not(part):
            return reads_prospect(part)
        case FieldIs():
            return not condition.custom and condition.field not in t.standings.c
        case _:
            return False


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
            return _has(condition, who, now)
    return func.coalesce(plain, false()) if exact and not unknown else plain


def numbers(column: ColumnElement[Any], tests: NumberTests) -> Truth:
    """Return whether a number passes all tests."""
    return and_(true(), *(COMPARE[operator](column, value) for operator, value in tests))


def _score(condition: ScoreIs, who: Who) -> ColumnElement[Any]:
    if condition.category is None:
        return who.standing.c.score
    points = select(t.category_scores.c.points).where(
        t.category_scores.c.prospect_id == who.id,
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


def _has(condition: Condition, who: Who, now: Now) -> Truth:
    """Return a condition about what a prospect has; such are never unknown."""
    match condition:
        case OnList(lists):
            keys = select(t.lists.c.id).where(t.lists.c.key.in_(lists))
            return exists(select(1).where(t.list_members.c.prospect_id == who.id, t.list_members.c.list_id.in_(keys)))
        case Tagged(tags):
            keys = select(t.words.c.id).where(t.words.c.kind == "tag", t.words.c.folded.in_(tags))
            return exists(select(1).where(t.prospect_tags.c.prospect_id == who.id, t.prospect_tags.c.tag_id.in_(keys)))
        case OwnedBy(addressees, there):
            owner = who.standing.c.owner
            if addressees:
                return func.coalesce(owner.in_(addressees), false())
            return owner.is_not(null()) if there else owner.is_(null())
        case Mailable(value):
            return mailable(who.standing, now) if value else not_(mailable(who.standing, now))
        case InCampaign():
            return _in_campaign(condition, who)
        case HasOpportunity():
            return _has_opportunity(condition, who)
        case Did():
            return _did(condition, who, now)
        case HasTodo():
            return _has_todo(condition, who)
        case InScenario():
            return _in_scenario(condition, who)
        case Emailed():
            return _emailed(condition, who, now)
        case _:
            raise AssertionError(condition)


def mailable(standing: FromClause, now: Now) -> Truth:
    """Return whether marketing mail may go to a prospect (SPEC section 11)."""
    free = and_(not_(standing.c.opted_out), not_(standing.c.do_not_email))
    if not now.require_consent:
        return free
    p = t.prospects.alias()
    return and_(free, exists(select(1).where(p.c.id == standing.c.prospect_id, p.c.consent_at.is_not(null()))))


def _in_campaign(condition: InCampaign, who: Who) -> Truth:
    member = t.campaign_members
    key = select(t.campaigns.c.id).where(t.campaigns.c.key == condition.campaign).scalar_subquery()
    found = select(1).where(member.c.prospect_id == who.id, member.c.campaign_id == key)
    return exists(found.where(member.c.status.in_(condition.statuses)) if condition.statuses else found)


def _has_opportunity(condition: HasOpportunity, who: Who) -> Truth:
    o = t.opportunities
    found = select(1).where(o.c.prospect_id == who.id)
    if condition.statuses:
        found = found.where(o.c.status.in_(condition.statuses))
    if condition.stages:
        found = found.where(o.c.stage_folded.in_(condition.stages))
    return exists(found.where(numbers(o.c.amount, condition.amount)))


def _counted(found: ColumnElement[Any], wheres: list[Truth], tests: NumberTests) -> Truth:
    """Return whether the number of rows passes the tests; "at least one" needs no count."""
    if tests == (("gte", 1),):
        return exists(select(1).where(*wheres))
    return numbers(select(func.count(found)).where(*wheres).scalar_subquery(), tests)


def _did(condition: Did, who: Who, now: Now) -> Truth:

    a = t.activities
    wheres = [a.c.prospect_id == who.id, a.c.type_id == word("event", condition.type)]
    wheres += [a.c.learnt_at.is_not(null()), not_(a.c.bot)]
    if condition.target is not None:
        targets = select(t.words.c.id).where(t.words.c.kind == "target", text_test(t.words.c.folded, condition.target))
        wheres.append(a.c.target_id.in_(targets))
    if (start := since(condition.days, condition.span, now.at, now.zone)) is not None:
        wheres.append(a.c.occurred_at >= start)
    return _counted(a.c.id, wheres, condition.count)


def _has_todo(condition: HasTodo, who: Who) -> Truth:
    todo = t.todos
    found = select(1).where(todo.c.prospect_id == who.id)
    if condition.status == "open":
        found = found.where(todo.c.status != "completed")
    elif condition.status is not None:
        found = found.where(todo.c.status == condition.status)
    if condition.scenario is not None:
        steps = select(t.steps.c.id).where(t.steps.c.scenario_id == scenario_id(condition.scenario))
        found = found.where(todo.c.step_id.in_(steps))
    return exists(found)


def scenario_id(key: str) -> ColumnElement[int]:
    """Return a scenario's number as a part of a statement."""
    return select(t.scenarios.c.id).where(t.scenarios.c.key == key).scalar_subquery()


def _in_scenario(condition: InScenario, who: Who) -> Truth:
    e = t.enrolments
    found = select(1).where(e.c.prospect_id == who.id, e.c.scenario_id == scenario_id(condition.scenario))
    if condition.state != "ever":
        found = found.where(e.c.state == RunState[condition.state.upper()])
    return exists(found)


def _emailed(condition: Emailed, who: Who, now: Now) -> Truth:

    m = t.messages
    counted = (MessageStatus.QUEUED, MessageStatus.HELD, MessageStatus.SENT, MessageStatus.IN_DOUBT)
    wheres = [m.c.prospect_id == who.id, m.c.kind == MessageKind.MARKETING, m.c.status.in_(counted)]
    if (start := since(condition.days, condition.span, now.at, now.zone)) is not None:
        wheres.append(m.c.queued_at >= start)
    return _counted(m.c.id, wheres, condition.count)
