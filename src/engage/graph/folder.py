"""A folder becomes a workspace that is checked as a whole; no database is asked."""

from __future__ import annotations

from pathlib import Path

from engage.graph.checks import check_workspace
from engage.graph.versions import version_problems
from engage.language.load import Workspace, load, read_folder, with_vocabulary
from engage.problem import Problem


def read_workspace(folder: Path, users: tuple[str, ...] = ()) -> tuple[Workspace, tuple[Problem, ...]]:
    """Return the workspace of a folder and every problem of every file, in the order of files and lines.

    ``users`` are known from elsewhere: from the database.
    """
    files, unread = read_folder(folder)
    workspace, found = load(files)
    workspace = with_vocabulary(workspace, users)
    problems = {*unread, *found, *check_workspace(workspace), *version_problems(folder, workspace, users)}
    return workspace, tuple(sorted(problems, key=lambda problem: (problem.place, str(problem.message))))
