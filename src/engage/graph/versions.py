"""Other versions of a scenario that its tests apply: files of the workspace that are no scenarios of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath

from engage.graph.checks import check_workspace
from engage.language.characters import decoded
from engage.language.load import Workspace, load, with_vocabulary
from engage.language.source import read_bytes
from engage.language.whole import ScenarioFile
from engage.problem import Problem, errors


def version_problems(folder: FilePath, workspace: Workspace, users: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield what is wrong with the files that tests apply; each is told of once."""
    told: set[tuple[str, str]] = set()
    for file in workspace.scenarios.values():
        for number, case in enumerate(file.model.tests):
            for place, event in enumerate(case.events):
                if event.apply is None or (file.id, event.apply) in told:
                    continue
                told.add((file.id, event.apply))
                _, problems = other_version(folder, workspace, file, event.apply, users)
                at = file.source.place(("tests", number, "events", place, "apply"))
                yield from (replace(p, place=at) if p.place.file == _NOWHERE else p for p in errors(problems))


#: Stands for a file that cannot be read at all: what is wrong is told where it is named.
_NOWHERE = ""


def other_version(
    folder: FilePath, workspace: Workspace, file: ScenarioFile, name: str, users: tuple[str, ...] = ()
) -> tuple[Workspace | None, tuple[Problem, ...]]:
    """Return the workspace with another version of a scenario, or None, and what is wrong with that version.

    The file is looked for in the workspace's folder, then beside the scenario.
    """
    path = folder / name
    if not path.exists() and (beside := folder / FilePath(file.file).parent / name).exists():
        path = beside
    content, problems = read_bytes(path, _NOWHERE, inside=folder)
    if content is None:
        return None, problems
    text = decoded(name, content)
    if isinstance(text, Problem):
        return None, (text,)
    made, found = load({**workspace.texts, file.file: text})
    made = with_vocabulary(made, users)
    every = {problem: None for problem in (*found, *check_workspace(made)) if problem.place.file == file.file}
    return made, tuple(replace(p, place=replace(p.place, file=name)) for p in every)
