"""The tests of the scenarios that come with the program pass, each scenario has some, and processes share them."""

from __future__ import annotations

import os

import pytest

from engage.rehearse import hands
from engage.rehearse.hands import run_many
from engage.rehearse.junit import told
from engage.rehearse.runs import Means, run_tests, scripts_of
from tests.rehearse.stagehand import means
from tests.support.files import workspace_of
from tests.support.starter import starter


def test_every_standard_scenario_is_tested_and_passes() -> None:
    workspace = workspace_of({name: content.decode() for name, content in starter().items()})
    scripts = scripts_of(workspace, workspace.scenarios)
    assert {script.scenario for script in scripts} == set(workspace.scenarios)
    failed = [
        line for v in run_tests(workspace, scripts, means()) for each in v.differences for line in told(each, "en")
    ]
    assert failed == []


def test_processes_share_many_tests_and_tell_them_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "WORTH", 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    workspace = workspace_of({name: content.decode() for name, content in starter().items()})
    scripts = scripts_of(workspace, workspace.scenarios)[:9]
    found = list(run_many(workspace, scripts, means()))
    assert [verdict.script for verdict in found] == list(scripts)
    assert all(verdict.passed for verdict in found)


def test_a_fault_in_a_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from engage.errors import Outside

    monkeypatch.setattr(hands, "WORTH", 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    workspace = workspace_of({name: content.decode() for name, content in starter().items()})
    scripts = scripts_of(workspace, workspace.scenarios)[:9]

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(Outside, match="the disk is full"):
        list(run_many(workspace, scripts, Means(broken, means().version)))  # type: ignore[arg-type]
