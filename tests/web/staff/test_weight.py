"""Each page is light: with all that it loads but the chart library, less than 150 kB over the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.test_inbox import fill
from tests.support.house import house
from tests.support.staff import Staff
from tests.support.world import World
from tests.web.staff.test_table import GETS

MOST = 150_000
_LOADED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def full(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Staff]]:
    """A house in which every list fills its page."""
    with house(sqlite_template, tmp_path_factory.mktemp("weight")) as (world, pages):
        fill(world, 120, "user:ann", "資料請求のお礼とデモのご提案のお電話（{n}）")
        yield world, pages


def weight(staff: Staff, path: str) -> tuple[int, dict[str, int]]:
    """Return the status of a page, and what it and its files weigh as a browser gets them that has nothing yet."""
    packs = {"Accept_Encoding": "gzip, deflate, br"}
    page = staff.get(path, as_="admin", **packs)
    weights = {path: len(page.body)}
    for file in set(_LOADED.findall(page.text)):
        if "echarts" not in file:
            weights[file] = len(staff.web.get(file, **packs).body)
    return page.status, weights


def test_every_page_is_light(full: tuple[World, Staff]) -> None:
    world, staff = full
    heavy = []
    for page in GETS:
        if page.path.endswith(".csv"):
            continue
        number = world.ids["p001"] if page.path.startswith("/prospects") else 1
        path = page.path.format(scenario="journey", step="opened", id=number)
        status, weights = weight(staff, path)
        assert status in (200, 303, 404), path
        if sum(weights.values()) >= MOST:
            heavy.append(f"{path}: {weights}")
    assert not heavy, "\n".join(heavy)
    assert len(weights) > 3, "the files of a page are found"
