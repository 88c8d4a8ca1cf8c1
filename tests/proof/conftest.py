"""A database for tests that live many lives one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from tests.conftest import connected
from tests.support.server import roomy


@pytest.fixture
def quick_sqlite(sqlite_template: Path) -> Iterator[Engine]:
    """Give a SQLite database that is kept in memory, where there is room."""
    with TemporaryDirectory(prefix="engage-life-", dir=roomy()) as folder:
        path = shutil.copyfile(sqlite_template, Path(folder) / "engage.db")
        with connected(f"sqlite:///{path}") as engine:
            yield engine
