"""A town for each test of learning, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.intake.town import Town


@pytest.fixture
def town(engine: Engine) -> Iterator[Town]:
    """Give a town in one open transaction."""
    with engine.begin() as connection:
        yield Town(connection)
