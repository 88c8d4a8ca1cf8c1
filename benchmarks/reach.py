"""A plugin of pytest for the mutation check: which tests reach a line, and the run of just those.

``ENGAGE_REACH_TO=FOLDER`` writes there what each test reaches of the four packages, and how long it took.
``ENGAGE_REACH_ONLY=FILE`` runs only the tests whose ids stand in the file, in that order.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest

from engage.language import __file__ as _language

#: Packages that are mutated.
PACKAGES = ("language", "plan", "sql", "stepping")
_ENGAGE = Path(_language).parents[1]


class Reach:
    """Records for each test which lines it reaches; statements that stand are built anew for each."""

    def __init__(self, folder: Path) -> None:
        from coverage import Coverage

        self.folder = folder
        self.seconds: dict[str, float] = {}
        self.coverage = Coverage(
            data_file=str(folder / "reach.sqlite"),
            source=[str(_ENGAGE / package) for package in PACKAGES],
            config_file=False,
        )
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        for name, module in tuple(sys.modules.items()):
            if name.startswith("engage."):
                for kept in vars(module).values():
                    if isinstance(kept, _lru_cache_wrapper):
                        kept.cache_clear()
        self.coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed:
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        elif report.failed:
            self.seconds.pop(report.nodeid, None)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        (self.folder / "seconds.json").write_text(json.dumps(self.seconds), "utf-8")


class Only:
    """Runs only some tests, in a given order."""

    def __init__(self, file: Path) -> None:
        self.places = {name: place for place, name in enumerate(file.read_text("utf-8").splitlines())}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid in self.places]
        items[:] = sorted(kept, key=lambda item: self.places[item.nodeid])


def pytest_configure(config: pytest.Config) -> None:
    if folder := os.environ.get("ENGAGE_REACH_TO"):
        config.pluginmanager.register(Reach(Path(folder)))
    if file := os.environ.get("ENGAGE_REACH_ONLY"):
        config.pluginmanager.register(Only(Path(file)))
