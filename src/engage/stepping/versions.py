"""The applied versions of a scenario: every one is kept, can be read, compared and applied again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engage.errors import Invalid, Refused
from engage.graph.build import build
from engage.graph.checks import check_workspace
from engage.language.load import Workspace, load, with_vocabulary
from engage.plan import moves
from engage.plan.compile import compile_plan
from engage.plan.difference import Difference, difference
from engage.problem import errors, unknown
from engage.sql import tables as t
from engage.stepping.applied import Applied
from engage.wording import sentence


@dataclass(frozen=True, slots=True)
class Version:
    """One applied version of a scenario."""

    number: int
    applied_at: datetime
    source: str


def versions_of(connection: Connection, key: str) -> tuple[Version, ...]:
    """Return every version of a scenario, the first one first.

    Raises Refused for a scenario that was never applied.
    """
    s, v = t.scenarios, t.versions
    kept = select(v.c.version, v.c.applied_at, v.c.source).join(s, s.c.id == v.c.scenario_id)
    rows = connection.execute(kept.where(s.c.key == key).order_by(v.c.version)).all()
    if not rows:
        raise Refused(unknown("scenario", key, connection.scalars(select(s.c.key)).all()))
    return tuple(Version(*row) for row in rows)


def version_of(versions: tuple[Version, ...], number: int, key: str) -> Version:
    """Return one version. Raises Refused where there is none of this number."""
    found = next((version for version in versions if version.number == number), None)
    if found is None:
        text = "{key} has no version {number}; the versions go from 1 to {last}"
        raise Refused(sentence(text, key=key, number=number, last=versions[-1].number))
    return found


def with_source(applied: Applied, users: tuple[str, ...], key: str, source: str) -> Workspace:
    """Return what was applied, with a scenario as another text has it.

    Raises Invalid where that text does not fit the rest: a list may be gone that it names.
    """
    file = applied.workspace.scenarios[key].file
    workspace, found = load({**applied.workspace.texts, file: source})
    workspace = with_vocabulary(workspace, users)
    wrong = errors({*found, *check_workspace(workspace)})
    if wrong:
        raise Invalid(tuple(sorted(wrong, key=lambda problem: problem.place)))
    return workspace


def alone(applied: Applied, key: str, source: str) -> Workspace | None:
    """Return what was applied with one scenario only, as another text has it; None where that cannot be read.

    It is quick, for the other scenarios are left out but for those that the text reaches into.
    """
    file = applied.workspace.scenarios[key].file
    others = applied.plans.scenarios[key].others if key in applied.plans.scenarios else frozenset()
    kept = {applied.workspace.scenarios[other].file for other in others if other in applied.workspace.scenarios}
    texts = {
        path: text
        for path, text in applied.workspace.texts.items()
        if not path.startswith("scenarios/") or path in kept
    }
    workspace, found = load({**texts, file: source})
    if key not in workspace.scenarios or any(problem.place.file == file for problem in errors(found)):
        return None
    return with_vocabulary(workspace, tuple(applied.workspace.vocabulary.users))


def steps_between(older: Workspace, newer: Workspace, key: str) -> Difference:
    """Return the steps that differ between two texts of a scenario."""
    given: Mapping[str, str] = newer.scenarios[key].model.moved or {}
    written = tuple(step.key for step in build(newer.scenarios[key]).steps.values() if step.given)
    return difference(_plan(older, key), _plan(newer, key), given, written)


def _plan(workspace: Workspace, key: str) -> moves.Plan:
    return compile_plan(build(workspace.scenarios[key]), workspace)
