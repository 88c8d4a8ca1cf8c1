"""A question about a chunk's prospects reads every table near the chunk's own keys."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engage.language.conditions import (
    AllOf,
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
from engage.sql.asked import Now
from engage.sql.cohort import looked
from engage.sql.predicates import holds
from engage.sql.standing import near

ASKED = Now(datetime(2026, 12, 1, tzinfo=UTC), ZoneInfo("Asia/Tokyo"), require_consent=True)
AT_LEAST_ONCE: NumberTests = (("gte", 1),)


@pytest.mark.parametrize(
    ("condition", "tables"),
    [
        (ScoreIs(None, AT_LEAST_ONCE), 1),
        (GradeIs("gte", (3,)), 1),
        (OwnedBy(("sato",)), 1),
        (ScoreIs("product-a", AT_LEAST_ONCE), 1),
        (FieldIs("company", "text", False, "eq", ("acme",)), 2),
        (FieldIs("segment", "text", True, "eq", ("a",)), 2),
        (OnList(("everybody",)), 1),
        (Tagged(("warm",)), 1),
        (Mailable(True), 2),
        (InCampaign("autumn", ()), 1),
        (HasOpportunity(("open",), (), ()), 1),
        (Did("page_viewed", "/pricing*", AT_LEAST_ONCE), 1),
        (Did("page_viewed", None, (("lt", 3),)), 1),
        (HasTodo("open", None), 1),
        (InScenario("welcome", "active"), 1),
        (Emailed(AT_LEAST_ONCE, days=7), 1),
        (AllOf((Not(OnList(("everybody",))), Tagged(("warm",)), FieldIs("city", "text", False, "exists", (True,)))), 4),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else "",
)
def test_a_chunk_costs_the_same_beside_a_million_others(condition: Condition, tables: int) -> None:
    """PostgreSQL begins to read an index at the chunk's lowest key only where it is told so, table by table."""
    asked = holds(condition, looked.c.prospect_id, ASKED, near=near)
    assert str(select(1).where(asked)).count("BETWEEN :low_who AND :high_who") == tables


def test_what_one_has_or_did_is_asked_of_its_own_table_alone() -> None:
    """Whoever is asked of lists and tags only, is not looked up among the prospects first."""
    asked = holds(AllOf((OnList(("everybody",)), Not(Tagged(("warm",))))), looked.c.prospect_id, ASKED, near=near)
    assert "standings" not in str(select(1).where(asked))


def test_a_question_about_everybody_has_no_bounds() -> None:
    """A dynamic list that is looked at for all has no chunk."""
    asked = holds(OnList(("everybody",)), looked.c.prospect_id, ASKED)
    assert "BETWEEN" not in str(select(1).where(asked))
