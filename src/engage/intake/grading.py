"""Grading: how well a prospect fits, in thirteen grades (SPEC section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Select,
    SmallInteger,
    Update,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
)

from engage.language.conditions import Condition
from engage.language.fields import GRADES
from engage.plan.moves import GradeCriterion, Grading, Plans
from engage.sql import tables as t
from engage.sql.codes import ChangeKind
from engage.sql.columns import Key
from engage.sql.history import kept
from engage.sql.interning import word_id
from engage.sql.predicates import Now, Who, truth
from engage.sql.scratch import analyse, clear, counted, keyless, scratch, update_from
from engage.sql.standing import NOW, near_in, run, standing

#: Where everybody starts, and the best grade, by their places.
START, BEST = GRADES.index("D"), len(GRADES) - 1

#: Those whose grade has changed, with the new one.
regraded = keyless(
    scratch(
        "regraded",
        Column("prospect_id", Key, primary_key=True, autoincrement=False),
        Column("grade", SmallInteger),
    )
)


def regrade(connection: Connection, plans: Plans, now: datetime, who: Select[Any], keys: Mapping[str, int]) -> None:
    """Bring the grades of prospects up to date; ``who`` is a standing SELECT of their keys,
    and ``keys`` the lowest and highest for ``standing.near``.

    The temporary table ``regraded`` holds those whose grade changed until the transaction ends.
    """
    clear(connection, regraded)
    asked = Now.of(plans.house, now)
    model = (tuple(plans.grading.profiles.items()), plans.grading.choices)
    statement = _regraded(connection.dialect.name, *model, who, asked.always)
    if run(connection, statement, asked, **keys).rowcount:
        analyse(connection, regraded)
        run(connection, _remembered(connection.dialect.name, word_id(connection, "field", "grade")), asked, **keys)
        run(connection, _brought(connection.dialect.name), asked)


@standing
def _regraded(
    database: str,
    profiles: tuple[tuple[str, tuple[GradeCriterion, ...]], ...],
    choices: tuple[tuple[str, Condition], ...],
    who: Select[Any],
    rules: Now,
) -> Insert:
    graded = _graded(database, Grading(dict(profiles), choices), who, rules)
    changed = select(graded.c.prospect_id, graded.c.new).where(graded.c.new.is_distinct_from(graded.c.old))
    return counted(insert(regraded).from_select(["prospect_id", "grade"], changed))


@standing
def _remembered(database: str, number: int) -> Insert:
    """Keep the old grades."""
    s = t.standings
    joined = regraded.join(s, and_(s.c.prospect_id == regraded.c.prospect_id, near_in(database, s.c.prospect_id)))
    return kept(joined, s.c.prospect_id, NOW, ChangeKind.FIELD, literal(number), whole=s.c.grade)


@standing
def _brought(database: str) -> Update:
    return update_from(database, t.standings, regraded, {"grade": regraded.c.grade})


def _graded(database: str, grading: Grading, who: Select[Any], now: Now) -> FromClause:
    """Return each prospect's old and new grade; every criterion is asked once."""
    marked = _marked(database, grading, who, now)
    marks = [column for column in marked.c if column.name.startswith("mark")]
    old = marked.c.old.label("old")
    if not marks:
        return select(marked.c.prospect_id, old, cast(null(), SmallInteger).label("new")).subquery()
    total = START + sum((func.coalesce(mark, 0) for mark in marks), start=literal(0))
    clamped = case((total < 0, 0), (total > BEST, BEST), else_=total)
    known = or_(*(mark.is_not(null()) for mark in marks))
    return select(marked.c.prospect_id, old, case((known, clamped)).label("new")).subquery("graded")


def _marked(database: str, grading: Grading, who: Select[Any], now: Now) -> FromClause:
    """Return what each criterion of a prospect's profile adds: ``mark0`` and on, NULL where unknown."""
    s, p = t.standings.alias("standing"), t.prospects.alias("prospect")
    asked = Who(s, p)
    chosen = _profiled(database, grading, who, now)
    names = list(grading.profiles)
    longest = max((len(criteria) for criteria in grading.profiles.values()), default=0)
    marks = [
        case(
            *(
                (chosen.c.profile == number, _mark(grading.profiles[name][place], asked, now))
                for number, name in enumerate(names)
                if place < len(grading.profiles[name])
            )
        ).label(f"mark{place}")
        for place in range(longest)
    ]
    joined = chosen.join(s, s.c.prospect_id == chosen.c.prospect_id).join(p, p.c.id == s.c.prospect_id)
    each = select(s.c.prospect_id, s.c.grade.label("old"), *marks).select_from(joined)
    return each.cte("marked").prefix_with("MATERIALIZED")


def _profiled(database: str, grading: Grading, who: Select[Any], now: Now) -> FromClause:
    """Return each prospect with its profile's number: the first choice that holds, else ``default``."""
    s, p = t.standings.alias("standing"), t.prospects.alias("prospect")
    names = list(grading.profiles)
    default: ColumnElement[Any] = literal(names.index("default") if "default" in names else -1)
    asked = Who(s, p)
    choices = [(truth(each, asked, now), names.index(name)) for name, each in grading.choices]
    profile = case(*choices, else_=default) if choices else default
    joined = s.join(p, p.c.id == s.c.prospect_id)
    each = select(s.c.prospect_id, profile.label("profile")).select_from(joined)
    each = each.where(near_in(database, s.c.prospect_id), near_in(database, p.c.id))
    return each.where(s.c.prospect_id.in_(who)).cte("profiled").prefix_with("MATERIALIZED")


def _mark(criterion: GradeCriterion, who: Who, now: Now) -> ColumnElement[Any]:
    """Return what a criterion adds: its worth, less its mismatch, or NULL where it is unknown.

    A CASE with an operand asks the condition once.
    """
    held = truth(criterion.condition, who, now, unknown=True)
    return case((true(), criterion.worth), (false(), -criterion.mismatch), value=held)
