"""Grading: criteria known and unknown, profiles, and who changed."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from engage.intake.grading import regrade, regraded
from engage.language.conditions import AllOf, AnyOf, Condition, FieldIs, Not, Tagged
from engage.language.fields import GRADES
from engage.plan.moves import GradeCriterion, Grading
from engage.sql import tables as t
from engage.sql.interning import word_id
from tests.intake.town import START, Town, plans

SOFTWARE = FieldIs("industry", "text", False, "eq", ("software",))
HEAD = FieldIs("job_title", "text", False, "contains", ("部長",))
BIG = FieldIs("employees", "integer", False, "gte", (1000,))
VIP = Tagged(("vip",))


def criterion(condition: Condition, worth: int, mismatch: int | None = None) -> GradeCriterion:
    return GradeCriterion("", condition, worth, worth if mismatch is None else mismatch)


def profile(*criteria: GradeCriterion) -> Grading:
    return Grading({"default": criteria})


#: The lowest and the highest key.
ALL = {"low_who": 0, "high_who": 2**31}


def grades(town: Town, grading: Grading, *prospects: int) -> list[str | None]:
    """Grade all, and return the grades of some."""
    who = select(t.standings.c.prospect_id)
    regrade(town.connection, plans(grading=grading), START, who, ALL)
    places = [town.standing(each).grade for each in prospects]
    return [None if place is None else GRADES[place] for place in places]


def test_a_match_adds_a_mismatch_takes_and_the_unknown_does_nothing(town: Town) -> None:
    nobody, *_ = town.prospects("nobody")
    (no,) = town.prospects("no", industry="Retail", job_title="主任")
    (half,) = town.prospects("half", industry="ＳＯＦＴＷＡＲＥ")
    (yes,) = town.prospects("yes", industry="Software", job_title="営業部長")
    grading = profile(criterion(SOFTWARE, 2), criterion(HEAD, 3, mismatch=0))
    assert grades(town, grading, nobody, no, half, yes) == [None, "F", "C-", "B-"]


def test_the_sum_is_clamped_only_at_the_end(town: Town) -> None:
    (low,) = town.prospects("low", industry="Retail", job_title="部長", employees=1)
    (high,) = town.prospects("high", industry="Software", job_title="部長", employees=5000)
    (swing,) = town.prospects("swing", industry="Retail", job_title="部長", employees=5000)
    grading = profile(criterion(SOFTWARE, 9), criterion(HEAD, 6), criterion(BIG, 5))
    assert grades(town, grading, low, high, swing) == ["F", "A+", "C-"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AnyOf((SOFTWARE, HEAD)), ["D+", None, "D-", "D+"]),
        (AllOf((SOFTWARE, HEAD)), [None, "D-", "D-", "D+"]),
        (Not(SOFTWARE), ["D-", "D+", "D+", "D-"]),
        (Not(AllOf((SOFTWARE, HEAD))), [None, "D+", "D+", "D-"]),
        (FieldIs("job_title", "text", False, "exists", (1,)), ["D-", "D-", "D+", "D+"]),
        (FieldIs("job_title", "text", False, "ne", ("x",)), [None, None, "D+", "D+"]),
        (VIP, ["D-", "D-", "D-", "D+"]),
        (Not(VIP), ["D+", "D+", "D+", "D-"]),
    ],
)
def test_unknown_is_three_valued(town: Town, condition: Condition, expected: list[str | None]) -> None:
    """Software without a title, retail without one, a clerk in retail, a head in software with a tag."""
    (a,) = town.prospects("a", industry="Software")
    (b,) = town.prospects("b", industry="Retail")
    (c,) = town.prospects("c", industry="Retail", job_title="主任")
    (d,) = town.prospects("d", industry="Software", job_title="部長")
    vip = word_id(town.connection, "tag", "vip")
    town.connection.execute(insert(t.prospect_tags).values(prospect_id=d, tag_id=vip))
    assert grades(town, profile(criterion(condition, 1)), a, b, c, d) == expected


def test_the_first_choice_that_holds_names_the_profile(town: Town) -> None:
    (nobody,) = town.prospects("nobody")
    (plain,) = town.prospects("plain", industry="Software")
    (head,) = town.prospects("head", industry="Software", job_title="部長")
    (big,) = town.prospects("big", industry="Software", job_title="部長", employees=1000)
    profiles = {
        "default": (criterion(SOFTWARE, 1),),
        "heads": (criterion(SOFTWARE, 3), criterion(HEAD, 3)),
        "big": (criterion(SOFTWARE, 0), criterion(BIG, 0), criterion(HEAD, 4)),
        "empty": (),
    }
    grading = Grading(profiles, (("big", BIG), ("heads", HEAD), ("empty", VIP)))
    assert grades(town, grading, nobody, plain, head, big) == [None, "D+", "B", "C+"]


def test_only_those_asked_change_and_the_caller_can_see_who(town: Town) -> None:
    (left,) = town.prospects("left", industry="Software")
    (same,) = town.prospects("same", industry="Software")
    (ann,) = town.prospects("ann", industry="Software")
    grading = profile(criterion(SOFTWARE, 1))
    applied = plans(grading=grading)
    ids = select(t.standings.c.prospect_id)
    regrade(town.connection, applied, START, ids.where(t.standings.c.prospect_id == same), ALL)
    regrade(town.connection, applied, START, ids.where(t.standings.c.prospect_id.in_((same, ann))), ALL)
    assert town.connection.scalars(select(regraded.c.prospect_id)).all() == [ann]
    assert [town.standing(each).grade for each in (left, same, ann)] == [None, 3, 3]
    assert grades(town, Grading(), left, same, ann) == [None, None, None]
