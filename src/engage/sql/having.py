"""Conditions about what a prospect has or did: lists, tags, opportunities, activities, ToDos, runs, messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, null, or_, select

from engage.language.conditions import (
    Condition,
    Did,
    Emailed,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    NumberTests,
    OnList,
    OwnedBy,
    Tagged,
)
from engage.sql import tables as t
from engage.sql.asked import Now, Truth, Who, numbers
from engage.sql.codes import MessageKind, MessageStatus, RunState
from engage.sql.fields import since, text_test
from engage.sql.interning import word


def has(condition: Condition, who: Who, now: Now) -> Truth:
    """Return a condition about what a prospect has; such are never unknown."""
    match condition:
        case OnList(lists):
            keys = select(t.lists.c.id).where(t.lists.c.key.in_(lists))
            return exists(select(1).where(who.owns(t.list_members.c.prospect_id), t.list_members.c.list_id.in_(keys)))
        case Tagged(tags):
            keys = select(t.words.c.id).where(t.words.c.kind == "tag", t.words.c.folded.in_(tags))
            return exists(select(1).where(who.owns(t.prospect_tags.c.prospect_id), t.prospect_tags.c.tag_id.in_(keys)))
        case OwnedBy(addressees, there):
            owner = who.standing.c.owner
            if addressees:
                return func.coalesce(owner.in_(addressees), false())
            return owner.is_not(null()) if there else owner.is_(null())
        case Mailable(value):
            return mailable(who, now) if value else not_(mailable(who, now))
        case InCampaign():
            return _in_campaign(condition, who)
        case HasOpportunity():
            return _has_opportunity(condition, who)
        case Did():
            return _counted(t.activities.c.id, doings(condition, who, now), condition.count)
        case HasTodo():
            return _has_todo(condition, who)
        case InScenario():
            return _in_scenario(condition, who)
        case Emailed():
            return _counted(t.messages.c.id, mailings(condition, who, now), condition.count)
        case _:
            raise AssertionError(condition)


def mailable(who: Who, now: Now) -> Truth:
    """Return whether marketing mail may go to a prospect (SPEC section 11)."""
    free = and_(not_(who.standing.c.opted_out), not_(who.standing.c.do_not_email))
    if not now.require_consent:
        return free
    p = t.prospects.alias()
    return and_(free, exists(select(1).where(who.owns(p.c.id), p.c.consent_at.is_not(null()))))


def _in_campaign(condition: InCampaign, who: Who) -> Truth:
    member = t.campaign_members
    key = select(t.campaigns.c.id).where(t.campaigns.c.key == condition.campaign).scalar_subquery()
    found = select(1).where(who.owns(member.c.prospect_id), member.c.campaign_id == key)
    return exists(found.where(member.c.status.in_(condition.statuses)) if condition.statuses else found)


def _has_opportunity(condition: HasOpportunity, who: Who) -> Truth:
    o = t.opportunities
    found = select(1).where(who.owns(o.c.prospect_id))
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


def named(word_id: ColumnElement[int], globs: Sequence[str]) -> Truth:
    """Return whether a word kept under a number is one of some folded globs'."""
    w = t.words.alias()
    return exists(select(1).where(w.c.id == word_id, or_(*(text_test(w.c.folded, glob) for glob in globs))))


def doings(condition: Did, who: Who, now: Now) -> list[Truth]:
    """Return what tells the activities that a condition counts."""
    a = t.activities
    wheres = [who.owns(a.c.prospect_id), a.c.type_id == word("event", condition.type)]
    wheres += [a.c.learnt_at.is_not(null()), not_(a.c.bot)]
    if condition.target is not None:
        wheres.append(named(a.c.target_id, (condition.target,)))
    if (start := since(condition.days, condition.span, now.at, now.zone)) is not None:
        wheres.append(a.c.occurred_at >= start)
    return wheres


def _has_todo(condition: HasTodo, who: Who) -> Truth:
    todo = t.todos
    found = select(1).where(who.owns(todo.c.prospect_id))
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
    found = select(1).where(who.owns(e.c.prospect_id), e.c.scenario_id == scenario_id(condition.scenario))
    if condition.state != "ever":
        found = found.where(e.c.state == RunState[condition.state.upper()])
    return exists(found)


def mailings(condition: Emailed, who: Who, now: Now) -> list[Truth]:
    """Return what tells the messages that a condition counts."""
    m = t.messages
    counted = (MessageStatus.QUEUED, MessageStatus.HELD, MessageStatus.SENT, MessageStatus.IN_DOUBT)
    wheres = [who.owns(m.c.prospect_id), m.c.kind == MessageKind.MARKETING, m.c.status.in_(counted)]
    if (start := since(condition.days, condition.span, now.at, now.zone)) is not None:
        wheres.append(m.c.queued_at >= start)
    return wheres
