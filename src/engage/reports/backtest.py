"""A backtest: how the score and the grade that were known before an outcome would have separated it.

Counted is only what was known before the moment of the outcome: points for activities learnt before it, whenever
today's rules gave them; points taken back because their time was over; other ledger rows written, and grades given,
before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from engage.clock import micros
from engage.language.fields import GRADES
from engage.language.vocabulary import FieldMeaning
from engage.language.zones import local_instant
from engage.reports.separation import Counts, Decile, Threshold, auc, deciles, threshold_for, thresholds
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, EntryKind
from engage.sql.interning import word

WEEK = 7 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class GradeShare:
    """Those of one grade."""

    #: None: no grade
    grade: str | None
    prospects: int
    with_outcome: int
    rate: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the models would have done."""

    outcome: str
    #: None: the present scores and grades are taken, also what was learnt after the outcome
    outcome_at: str | None
    prospects: int
    with_outcome: int
    #: those with the outcome of whom it is not known when; they are left out
    undated: int
    rate: float
    auc: float | None
    deciles: tuple[Decile, ...]
    thresholds: tuple[Threshold, ...]
    grades: tuple[GradeShare, ...]
    #: from the first prospect's creation to now, at least one
    weeks: float
    per_week: float | None
    #: the lowest threshold that hands over at most so many a week
    wished: Threshold | None


def backtest(
    connection: Connection,
    outcome: FieldMeaning,
    outcome_at: FieldMeaning | None,
    now: datetime,
    zone: ZoneInfo,
    *,
    per_week: float | None = None,
) -> Backtest:
    """Return how the models would have separated those with an outcome from those without.

    ``outcome`` is a field that is true, or not empty, where the outcome came; ``outcome_at`` a date or a moment, whose
    day does not count any more. Those without the outcome are taken as they are now.
    """
    who = _who(connection, outcome, outcome_at, zone)
    rows = connection.execute(_counted(who)).all()
    undated = sum(row.people for row in rows if row.undated)
    kept = [row for row in rows if not row.undated]
    scores, grades = _by(kept, "score"), _by(kept, "grade")
    total, hits = sum(row.people for row in kept), sum(row.people for row in kept if row.hit)
    first = connection.scalar(select(func.min(type_coerce(t.standings.c.created_at, BigInteger))))
    weeks = max(1.0, (micros(now) - (first or micros(now))) / WEEK)
    every = thresholds(scores)
    return Backtest(
        outcome=outcome.name,
        outcome_at=None if outcome_at is None else outcome_at.name,
        prospects=total,
        with_outcome=hits,
        undated=undated,
        rate=hits / total if total else 0.0,
        auc=auc(scores),
        deciles=deciles(scores),
        thresholds=every,
        grades=tuple(
            GradeShare(None if place < 0 else GRADES[place], yes + no, yes, yes / (yes + no))
            for place, (yes, no) in sorted(grades.items(), reverse=True)
        ),
        weeks=weeks,
        per_week=per_week,
        wished=None if per_week is None else threshold_for(every, weeks, per_week),
    )


def _by(rows: list[Any], name: str) -> Counts:
    """Return how many have each score or grade, with the outcome and without; -1 is no grade."""
    found: dict[int, tuple[int, int]] = {}
    for row in rows:
        value = getattr(row, name)
        key = -1 if value is None else int(value)
        yes, no = found.get(key, (0, 0))
        found[key] = (yes + row.people, no) if row.hit else (yes, no + row.people)
    return found


def _who(connection: Connection, outcome: FieldMeaning, outcome_at: FieldMeaning | None, zone: ZoneInfo) -> FromClause:
    """Return each prospect with ``hit``, and ``until``: the moment in microseconds before which things count."""
    s, p = t.standings, t.prospects
    value = _value(outcome)
    hit = value.is_not(null()) if outcome.type != "boolean" else func.coalesce(value, 0) == 1
    until: ColumnElement[Any] = cast(null(), BigInteger)
    if outcome_at is not None:
        until = _moment(connection, outcome_at, zone)
    joined = s.join(p, p.c.id == s.c.prospect_id)
    each = select(s.c.prospect_id, s.c.grade, case((hit, 1), else_=0).label("hit"), until.label("at"))
    inner = each.select_from(joined).subquery("each")
    known = case((inner.c.hit == 1, inner.c.at))
    undated = and_(inner.c.hit == 1, inner.c.at.is_(null())) if outcome_at is not None else literal(0) == 1
    return select(
        inner.c.prospect_id,
        inner.c.grade,
        inner.c.hit,
        known.label("until"),
        case((undated, 1), else_=0).label("undated"),
    ).subquery("who")


def _value(field: FieldMeaning) -> ColumnElement[Any]:
    """Return a field's value as it is stored: a boolean as 1 or 0, a date as ISO text, a moment in microseconds."""
    if not field.custom:
        table = t.standings if field.name in t.standings.c else t.prospects
        stored = table.c[field.name]
        if field.type == "boolean":
            return case((stored, 1), (stored.is_(null()), null()), else_=0)
        return type_coerce(stored, BigInteger) if field.type == "datetime" else stored
    v = t.field_values
    kept = {"text": v.c.text, "date": v.c.text, "number": v.c.number}.get(field.type, v.c.whole)
    mine = (v.c.prospect_id == t.standings.c.prospect_id, v.c.field_id == word("field", field.name))
    return select(kept).where(*mine).correlate(t.standings).scalar_subquery()


def _moment(connection: Connection, field: FieldMeaning, zone: ZoneInfo) -> ColumnElement[Any]:
    """Return a field as a moment in microseconds; a date is its first moment in the workspace's zone."""
    if field.type == "datetime":
        return _value(field)
    v = t.field_values.alias()
    number = word("field", field.name)
    days = connection.scalars(select(v.c.text).where(v.c.field_id == number, v.c.text.is_not(null())).distinct()).all()
    if not days:
        return cast(null(), BigInteger)
    begun = {day: micros(local_instant(date.fromisoformat(day), time(), zone)) for day in days}
    return case({day: literal(at, BigInteger) for day, at in begun.items()}, value=_value(field))


def _known_at() -> ColumnElement[int]:
    """Return when what a ledger row says was known, in microseconds.

    Changed rules write the rows of activities anew: what they were given for was known when it was learnt, and an
    expiry when the time was over.
    """
    e, a = t.score_entries.c, t.activities.c
    written = func.coalesce(e.made_at, e.at)
    found = case(
        (e.kind == int(EntryKind.RULE), func.coalesce(a.learnt_at, written)),
        (e.kind == int(EntryKind.EXPIRY), e.at),
        else_=written,
    )
    return type_coerce(found, BigInteger)


def _counted(who: FromClause) -> Select[Any]:
    """Select how many have each score and grade, with the outcome and without."""
    e, c = t.score_entries, t.changes
    a = t.activities
    known = and_(e.c.prospect_id == who.c.prospect_id, or_(who.c.until.is_(null()), _known_at() < who.c.until))
    counted = select(func.sum(e.c.points)).select_from(e.outerjoin(a, a.c.id == e.c.activity_id)).where(known)
    points = func.coalesce(counted.correlate(who).scalar_subquery(), 0)
    later = and_(
        c.c.prospect_id == who.c.prospect_id, c.c.kind == int(ChangeKind.FIELD), c.c.ref == word("field", "grade"),
        type_coerce(c.c.at, BigInteger) >= who.c.until,
    )  # fmt: skip
    there = select(literal(1)).where(later).correlate(who).exists()
    was = select(c.c.whole).where(later).order_by(c.c.id).limit(1).correlate(who).scalar_subquery()
    grade = case((there, was), else_=cast(who.c.grade, BigInteger))
    each = select(who.c.hit, who.c.undated, points.label("score"), grade.label("grade")).subquery("scored")
    keys = (each.c.hit, each.c.undated, each.c.score, each.c.grade)
    return select(*keys, func.count().label("people")).group_by(*keys)
