"""All tests of a workspace, one after the other, each on a database as freshly applied."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from engage.clock import monotonic
from engage.graph.build import build
from engage.language.whole import Workspace
from engage.rehearse.judging import Difference, judge
from engage.rehearse.lines import Teller
from engage.rehearse.playing import play
from engage.rehearse.private import Apply, Private
from engage.rehearse.script import Script, scripts
from engage.rehearse.stage import Stage

#: How seldom Python looks for garbage meanwhile: what a tick makes is soon gone.
_SELDOM = (50_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test showed."""

    script: Script
    differences: tuple[Difference, ...]
    #: how long it took
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Means:
    """What a rehearsal needs from above and from outside."""

    #: applies a workspace to a database
    apply: Apply
    #: returns the workspace with another version of a scenario, from a file; raises Refused where there is none
    version: Callable[[Workspace, str, str], Workspace]
    #: users that no file names
    users: tuple[str, ...] = ()


def run_tests(workspace: Workspace, chosen: Sequence[Script], means: Means) -> Iterator[Verdict]:
    """Yield the verdict of each test of a valid workspace."""
    if not chosen:
        return
    private = Private()
    with _untidy():
        try:
            plans = private.apply(means.apply, workspace, means.users)
            private.keep()
            for script in chosen:
                began = monotonic()
                private.put_back()
                stage = Stage(private.engine, workspace, plans)
                played = play(stage, script, started(workspace, script.scenario), partial(_apply_file, means))
                teller = Teller(script.start, workspace.hours)
                differences = judge(script, played, teller, workspace.vocabulary)
                yield Verdict(script, differences, monotonic() - began)
        finally:
            private.close()


def scripts_of(workspace: Workspace, scenarios: Collection[str]) -> tuple[Script, ...]:
    """Return the tests of some scenarios, in the order of the files."""
    files = (file for key, file in workspace.scenarios.items() if key in scenarios)
    return tuple(script for file in files for script in scripts(file, workspace.hours))


def started(workspace: Workspace, scenario: str) -> tuple[str, ...]:
    """Return the scenarios that run in a test: those its steps enrol into, and itself last."""
    found: dict[str, None] = {scenario: None}
    for key in list(found):
        for placed in build(workspace.scenarios[key]).steps.values():
            other = getattr(placed.word, "enrol", None)
            if isinstance(other, str) and other in workspace.scenarios:
                found.setdefault(other)
    return (*(key for key in found if key != scenario), scenario)


def _apply_file(means: Means, stage: Stage, scenario: str, file: str, now: datetime) -> None:
    """Apply another version of a scenario on a stage."""
    workspace = means.version(stage.workspace, scenario, file)
    stage.turn(workspace, means.apply(stage.engine, workspace, now))


@contextmanager
def _untidy() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
