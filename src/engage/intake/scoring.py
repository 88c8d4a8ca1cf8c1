"""Scoring rules become ledger rows: every rule that matches an activity adds its points (SPEC section 8).

Two promises that the rules' words leave open: an activity learnt too late to count uses up no limit, and an
entry whose points have expired still does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Integer,
    Select,
    Subquery,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    tuple_,
    type_coerce,
)

from engage.clock import MICROSECOND
from engage.intake.ledger import begin_earning, earn, entry, lock_ledger, post
from engage.language.fields import fold
from engage.plan.moves import ScoreRule, Scoring
from engage.sql import tables as t
from engage.sql.asked import Now
from engage.sql.codes import EntryKind
from engage.sql.days import day_of, days, fill_days
from engage.sql.fields import text_test
from engage.sql.interning import word_ids
from engage.sql.standing import NOW, run, standing, whole

Column = ColumnElement[Any]
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class NumberedRule:
    """A rule beside the numbers of its words."""

    rule: ScoreRule
    id: int
    type_id: int
    category_id: int | None


def numbered(connection: Connection, scoring: Scoring) -> list[NumberedRule]:
    """Return the rules that give or take points, with their numbers; equal rules stay apart."""
    labelled = [(label, rule) for label, rule in _labelled(scoring) if rule.points]
    ids = word_ids(connection, "rule", (label for label, _ in labelled))
    types = word_ids(connection, "event", (rule.event for _, rule in labelled))
    named = word_ids(connection, "category", (rule.category for _, rule in labelled if rule.category))
    return [
        NumberedRule(rule, ids[label], types[rule.event], named[rule.category] if rule.category else None)
        for label, rule in labelled
    ]


def _labelled(scoring: Scoring) -> Iterator[tuple[str, ScoreRule]]:
    """Yield each rule with a label of its own: a second one of the same words is numbered."""
    seen = Counter[str]()
    for rule in scoring.rules:
        seen[rule.label] += 1
        yield rule.label if seen[rule.label] == 1 else f"{rule.label} ({seen[rule.label]})", rule


def earn_by_rules(
    connection: Connection,
    rules: list[NumberedRule],
    source: FromClause,
    zone: ZoneInfo,
    *,
    anew: bool,
    asked: Now | None = None,
) -> int:
    """Put the points for activities on their way; ``anew``: the ledger holds no entry of these rules yet.

    The source has the columns activity_id, prospect_id, type_id, target_id, occurred_at and learnt_at; ``asked`` is
    the moment of a standing one.
    """
    if any(each.rule.limit and each.rule.limit_by == "day" for each in rules):
        fill_days(connection, source.c.occurred_at, zone, asked)
    make = _points if asked is None else _standing_points
    return sum(earn(connection, make(each, source, anew=anew), asked) for each in rules)


def _points(each: NumberedRule, source: FromClause, *, anew: bool) -> Select[Any]:
    """Return one rule's ledger rows."""
    kept = _matching(each, source) if each.rule.limit is None else _limited(each, source, anew=anew)
    category: Column = null() if each.category_id is None else literal(each.category_id, Integer)
    points = literal(each.rule.points, BigInteger)
    rule = literal(each.id, Integer)
    found = kept.subquery("found")
    return entry(
        found.c.prospect_id, found.c.occurred_at, points, EntryKind.RULE,
        category, rule, found.c.activity_id, found.c.expires_at,
    )  # fmt: skip


_standing_points = standing(_points)


def _matching(each: NumberedRule, source: FromClause) -> Select[Any]:
    """Return the activities that a rule is for, but for those learnt when their points would have expired."""
    rule, a = each.rule, source.c
    expires: Column = null()
    if rule.expires_after is not None:
        span = literal(rule.expires_after.length // MICROSECOND, BigInteger)
        expires = type_coerce(a.occurred_at, BigInteger) + span
    names = (a.activity_id, a.prospect_id, a.target_id, a.occurred_at, a.learnt_at)
    found = select(*names, expires.label("expires_at")).where(a.type_id == each.type_id)
    if rule.expires_after is not None:
        found = found.where(type_coerce(a.learnt_at, BigInteger) < expires)
    if rule.target is not None:
        w = t.words.alias()
        same = select(1).where(w.c.id == a.target_id, text_test(w.c.folded, fold(rule.target)))
        found = found.where(exists(same))
    return found


def _limited(each: NumberedRule, source: FromClause, *, anew: bool) -> Select[Any]:
    """Return the first activities learnt, as many as the limit allows, ever or for each day or target."""
    matching = _matching(each, source).subquery("matching")
    part = _part(each.rule, matching)
    order = (matching.c.learnt_at, matching.c.occurred_at, matching.c.activity_id)
    place = func.row_number().over(partition_by=(matching.c.prospect_id, part), order_by=order)
    ranked = select(*matching.c, part.label("part"), place.label("place")).subquery("ranked")
    kept = select(ranked).where(ranked.c.place <= each.rule.limit)
    if anew:
        return kept
    return kept.where(ranked.c.place + _counted(each, ranked).scalar_subquery() <= each.rule.limit)


def _part(rule: ScoreRule, activity: FromClause) -> Column:
    """Return what a limit is counted by, beside the prospect."""
    match rule.limit_by:
        case "ever":
            return literal(0, Integer)
        case "day":
            return day_of(activity.c.occurred_at)
        case "target":
            return _target(activity.c.target_id)


def _target(target_id: Column) -> Column:
    """Return a target as comparisons see it; none is a target too."""
    w = t.words.alias()
    return func.coalesce(select(w.c.folded).where(w.c.id == target_id).scalar_subquery(), "")


def _counted(each: NumberedRule, ranked: FromClause) -> Select[Any]:
    """Return how many entries the ledger already holds that use up the same limit."""
    e = t.score_entries.alias()
    before = select(func.count()).where(
        e.c.prospect_id == ranked.c.prospect_id, e.c.rule_id == each.id, e.c.kind == EntryKind.RULE
    )
    match each.rule.limit_by:
        case "ever":
            return before.select_from(e)
        case "day":
            same_day = (days.c.day == ranked.c.part, e.c.at >= days.c.start_at, e.c.at < days.c.end_at)
            return before.select_from(e).join(days, same_day[0]).where(*same_day[1:])
        case "target":
            a = t.activities.alias()
            joined = e.join(a, a.c.id == e.c.activity_id)
            return before.select_from(joined).where(_target(a.c.target_id) == ranked.c.part)


def expire_due(connection: Connection, now: datetime, limit: int = 50_000) -> int:
    """Take back the points whose time is over and return how many expiries were settled, at most ``limit``.

    Who lost points stands in ``ledger.earned`` until the transaction ends.
    """
    lock_ledger(connection)
    begin_earning(connection)
    asked = Now(now, UTC)
    if earn(connection, _taken_back(), asked, most=limit):
        post(connection, now)
    return run(connection, _settled(), asked, most=limit).rowcount


@standing
def _due() -> Subquery:
    x = t.expiries
    over = type_coerce(x.c.at, BigInteger) <= NOW
    first = select(x.c.at, x.c.entry_id).where(over).order_by(x.c.at, x.c.entry_id).limit(whole("most"))
    return first.subquery("due")


@standing
def _taken_back() -> Select[Any]:
    due, e = _due(), t.score_entries
    back = entry(
        e.c.prospect_id, due.c.at, -e.c.points, EntryKind.EXPIRY,
        e.c.category_id, e.c.rule_id, e.c.activity_id,
    )  # fmt: skip
    return back.select_from(due.join(e, e.c.id == due.c.entry_id))


@standing
def _settled() -> Delete:
    due, x = _due(), t.expiries
    return delete(x).where(tuple_(x.c.at, x.c.entry_id).in_(select(due.c.at, due.c.entry_id)))
