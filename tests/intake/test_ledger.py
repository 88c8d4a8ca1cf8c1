"""Whatever happens, the ledger's sum is the score: a property."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, select

from engage.intake.inactivity import start_inactivity
from engage.intake.rescoring import rescore
from engage.plan.moves import Inactivity, Plans
from engage.sql import tables as t
from tests.intake.test_inactivity import count
from tests.intake.town import HOUR, START, Town, days, plans, rule

#: Rules of every kind, in sets that are applied one after the other.
APPLIED: tuple[Plans, ...] = (
    plans(
        rule("page_viewed", 1, expires_after=days(3)),
        rule("page_viewed", 10, target="/a*", category="a", limit=1, limit_by="day", expires_after=days(1)),
        rule("email_opened", 2, limit=1, limit_by="target", category="b"),
        inactivity=Inactivity(days(2), -7, 0),
    ),
    plans(
        rule("page_viewed", 5, limit=2, expires_after=days(2), category="b"),
        rule("page_viewed", 5, limit=2, expires_after=days(2), category="b"),
        rule("email_opened", -3),
        inactivity=Inactivity(days(1), -4, -2),
    ),
    plans(),
)
WHO, WHEN = st.integers(0, 2), st.integers(-120, 120)
EVENT = st.sampled_from([("page_viewed", "/a"), ("page_viewed", "/B"), ("page_viewed", None), ("email_opened", "/a")])
DEED = st.one_of(
    st.tuples(st.just("did"), WHO, EVENT, WHEN),
    st.tuples(st.just("tick"), st.integers(0, 100), st.integers(1, 3)),
    st.tuples(st.just("adjust"), WHO, st.integers(-20, 20)),
    st.tuples(st.just("apply"), st.integers(0, len(APPLIED) - 1)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DEED, max_size=25))
def test_the_ledgers_sum_is_the_score(engine: Engine, deeds: list[tuple[object, ...]]) -> None:
    """Events late, twice and in the future, expiries, inactivity, other rules, adjustments by hand."""
    with engine.begin() as connection:
        for table in (t.prospects, t.standings, t.activities, t.unlearnt, t.score_entries, t.category_scores):
            connection.execute(delete(table))
        for table in (t.expiries, t.timers):
            connection.execute(delete(table))
        town, now, applied = Town(connection), START, APPLIED[0]
        who = town.prospects("ann", "ben", "cho")
        start_inactivity(connection, applied, now, select(t.standings.c.prospect_id))
        for deed in (*deeds, ("tick", 0, 100)):
            match deed:
                case ("did", int(one), (str(event), target), int(hours)):
                    town.did(who[one], event, target, at=now + hours * HOUR)  # type: ignore[arg-type]
                case ("tick", int(hours), int(chunk)):
                    now += timedelta(hours=hours)
                    town.learn(applied, now, chunk)
                    count(town, applied, now)
                case ("adjust", int(one), int(points)):
                    town.adjust(who[one], points, now)
                case ("apply", int(number)):
                    applied, after = APPLIED[number], 0
                    while last := rescore(connection, applied, now, after, limit=2):
                        after = last
            balanced(connection)


def balanced(connection: Connection) -> None:
    """Fail unless the ledger's sums are the scores, in all and for each category."""
    e, s, c = t.score_entries.c, t.standings.c, t.category_scores.c
    scores = {row.prospect_id: row.score for row in connection.execute(select(s.prospect_id, s.score))}
    sums = connection.execute(select(e.prospect_id, func.sum(e.points)).group_by(e.prospect_id)).all()
    assert {**dict.fromkeys(scores, 0), **{who: int(points) for who, points in sums}} == scores
    kept = connection.execute(select(c.prospect_id, c.category_id, c.points)).all()
    by_category = select(e.prospect_id, e.category_id, func.sum(e.points)).where(e.category_id.is_not(None))
    each = connection.execute(by_category.group_by(e.prospect_id, e.category_id)).all()
    assert {(a, b): int(points) for a, b, points in each} == {(a, b): points for a, b, points in kept}
    assert connection.scalar(select(func.count()).where(t.expiries.c.entry_id.not_in(select(e.id)))) == 0
