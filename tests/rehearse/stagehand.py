"""Tests in YAML run as ``engage test`` runs them, from texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from engage.app import App, apply
from engage.language.whole import Workspace
from engage.plan.moves import Plans
from engage.rehearse.junit import told
from engage.rehearse.runs import Means, Verdict, run_tests, scripts_of
from engage.settings import Settings
from tests.support.files import files_of, workspace_of

KEY = "journey"


def means(versions: Mapping[str, str] | None = None) -> Means:
    """Return the application's own way to apply, and other versions of the scenario by file."""

    def applied(engine: Engine, workspace: Workspace, now: datetime) -> Plans:
        app = App(Settings(Path(), "sqlite://"), engine)
        apply(app, workspace, now)
        return app.applied().plans

    def version(workspace: Workspace, scenario: str, name: str) -> Workspace:
        files = {**workspace.texts, f"scenarios/{scenario}.yaml": (versions or {})[name]}
        return workspace_of(files)

    return Means(applied, version)


def verdicts(scenario: str, *, versions: Mapping[str, str] | None = None, **files: str) -> list[Verdict]:
    """Return what each test of a scenario showed."""
    workspace = workspace_of(files_of({KEY: scenario}, files))
    return list(run_tests(workspace, scripts_of(workspace, {KEY}), means(versions)))


def failures(scenario: str, *, versions: Mapping[str, str] | None = None, **files: str) -> dict[str, list[str]]:
    """Return the lines of each test that failed, by its name, without the file's name and line."""
    return {
        verdict.script.case.name: [
            line.partition(": ")[2] if number == 0 else line
            for difference in verdict.differences
            for number, line in enumerate(told(difference, "en"))
        ]
        for verdict in verdicts(scenario, versions=versions, **files)
        if not verdict.passed
    }
