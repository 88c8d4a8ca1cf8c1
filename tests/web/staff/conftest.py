"""A world with a team, and the staff pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.staff import Staff, staffed
from tests.support.world import World
from tests.web.conftest import mailed


@pytest.fixture
def world(engine: Engine) -> World:
    return mailed(engine)


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path) as pages:
        yield pages
