"""The grade, criterion by criterion: matched, not matched or unknown, by the statements that grade."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from engage.language.fields import GRADES
from engage.plan.moves import GradeCriterion, Grading
from engage.rehearse.explained import Criterion, GradeCard
from engage.rehearse.hindsight import Hindsight
from engage.rehearse.mirror import Mirror, Verdict
from engage.reports.past import Cut, past
from engage.sql.asked import Now


def grade_card(sight: Hindsight, grading: Grading, at: datetime) -> GradeCard:
    """Return the grade as it stood after the tick of a moment, and what each criterion of its profile came to."""
    state = past(sight.record, Cut(at))
    sight.mirror.show(state)
    asked = Now.of(sight.house, at)
    profile, chosen = _profile(sight.mirror, grading, asked)
    criteria = grading.profiles.get(profile, ()) if profile is not None else ()
    place = next((row["grade"] for row in state["standings"]), None)
    return GradeCard(
        grade=None if place is None else GRADES[place],
        profile=profile,
        chosen=chosen,
        criteria=tuple(_criterion(sight.mirror, criterion, asked) for criterion in criteria),
    )


def _profile(mirror: Mirror, grading: Grading, asked: Now) -> tuple[str | None, tuple[Verdict, ...]]:
    """Return the first profile whose condition holds, else ``default``, and the conditions asked for that."""
    verdicts: list[Verdict] = []
    for profile, condition in grading.choices:
        verdicts.append(mirror.ask(condition, asked))
        if verdicts[-1].holds:
            return profile, tuple(verdicts)
    return ("default" if "default" in grading.profiles else None), tuple(verdicts)


def _criterion(mirror: Mirror, criterion: GradeCriterion, asked: Now) -> Criterion:
    verdict = mirror.ask(criterion.condition, asked, unknown=True)
    states: dict[bool | None, tuple[Literal["matched", "not matched", "unknown"], int]] = {
        True: ("matched", criterion.worth),
        False: ("not matched", -criterion.mismatch),
        None: ("unknown", 0),
    }
    state, adds = states[verdict.holds]
    return Criterion(criterion.name, state, adds, criterion.worth, criterion.mismatch, verdict)
