"""What runs: the workspace as it was applied to the database, and its plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from engage.graph.build import build
from engage.language.load import Workspace, load, with_vocabulary
from engage.plan import moves
from engage.plan.compile import compile_grading, compile_house, compile_mailing, compile_plan, compile_scoring
from engage.problem import errors
from engage.sql import tables as t

Value = TypeVar("Value")
Pairs = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What runs: the workspace as it was applied, and its plans."""

    workspace: Workspace
    plans: moves.Plans
    #: the version of each applied scenario, of those too that cannot be read
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def custom(self) -> dict[str, str]:
        """The types of custom fields, by name."""
        return {name: field.type for name, field in self.workspace.company.fields.items()}


def read_applied(connection: Connection) -> Applied:
    """Return what was applied to the database."""
    files = dict(connection.execute(select(t.applied_files.c.path, t.applied_files.c.text)).all())
    versions = dict(connection.execute(select(t.scenarios.c.key, t.scenarios.c.version)).all())
    users = tuple(connection.scalars(select(t.users.c.id)).all())
    return _applied(tuple(sorted(files.items())), tuple(sorted(versions.items())), tuple(sorted(users)))


@lru_cache(maxsize=2)
def _applied(files: Pairs[str], versions: Pairs[int], users: tuple[str, ...]) -> Applied:
    """Return what was applied; a daemon's ticks find the same again and again.

    A scenario that this version of engage cannot read is broken, and not run by half.
    """
    workspace, problems = load(dict(files))
    wrong = [problem for problem in errors(problems) if problem.place.file.startswith("scenarios/")]
    unreadable = {Path(problem.place.file).stem: str(problem) for problem in reversed(wrong)}
    readable = {key: version for key, version in versions if key not in unreadable}
    found = compiled(with_vocabulary(workspace, users), readable)
    why = {key: unreadable[key] for key, _ in versions if key in unreadable}
    return replace(found, plans=replace(found.plans, broken={**found.plans.broken, **why}), versions=dict(versions))


def compiled(workspace: Workspace, versions: Mapping[str, int]) -> Applied:
    """Return a workspace with the plans of the scenarios that have a version."""
    plans, broken = {}, {}
    for key, version in versions.items():
        try:
            plans[key] = compile_plan(build(workspace.scenarios[key]), workspace, version)
        except Exception as error:
            broken[key] = f"this version of engage cannot read what was applied: {type(error).__name__} {error}"
    house, scoring, grading = compile_house(workspace), compile_scoring(workspace), compile_grading(workspace)
    mailing = compile_mailing(workspace)
    return Applied(workspace, moves.Plans(house, plans, scoring, grading, broken, mailing), versions)
