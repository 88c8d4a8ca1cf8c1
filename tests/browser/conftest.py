"""A browser for each file of tests, and the staff pages over a world of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engage.sql.connect import connect
from tests.support.browser import DESK, chromium, opened
from tests.support.staff import Staff, staffed
from tests.support.world import World
from tests.web.conftest import mailed

#: Opens a page: ``open_page("sales", "/todos", locale="ja", width=PHONE, dark=True)``.
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A file's browser: while one is open, its driver's event loop runs, and no other test could begin one."""
    with chromium() as found:
        yield found


@pytest.fixture
def world(sqlite_schema_url: str) -> Iterator[World]:
    engine = connect(sqlite_schema_url)
    yield mailed(engine)
    engine.dispose()


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path, base_url="http://localhost") as pages:
        yield pages


@pytest.fixture
def open_page(browser: Browser, staff: Staff) -> Iterator[Opener]:
    contexts = []
    complaints: list[str] = []

    def opener(
        as_: str, path: str, locale: str = "en", width: int = DESK, *, dark: bool = False, scripts: bool = True
    ) -> Page:
        page = opened(browser, staff, as_, locale, width, dark=dark, scripts=scripts, complaints=complaints)
        contexts.append(page.context)
        page.goto(path)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)
